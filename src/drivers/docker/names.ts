import { hexId } from "../../core/ids.ts";

/** The labels that every container of ours carries. A container without our cluster's label is not ours. */
export const LABEL = {
  cluster: "longshore.cluster",
  attempt: "longshore.attempt",
  job: "longshore.job",
  /** Of what belongs to a task of several containers: each of them, and what they share. */
  task: "longshore.task",
} as const;

/** The name of the container that keeps what a task's containers share, while they come and go. */
export function holderName(taskId: string): string {
  return `longshore-task-${taskId}`;
}

/** The name of a volume that the containers of a task share. */
export function volumeName(taskId: string, volume: string): string {
  return `${holderName(taskId)}-${hexId(volume, 16)}`;
}
