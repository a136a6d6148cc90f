import { hexId } from "../../core/ids.ts";

/** The labels that every container of ours carries. A container without our cluster's label is not ours. */
export const LABEL = {
  cluster: "longshore.cluster",
  attempt: "longshore.attempt",
  job: "longshore.job",
  /** Of what belongs to a task of several containers: each of them, and what they share. */
  task: "longshore.task",
  /** Of what belongs to an attempt of several nodes: their containers, and the network between them. */
  nodes: "longshore.nodes",
  /** Of a network that containers have one after the other: the container that holds it, whose name it is, and those that were in it. */
  network: "longshore.network",
  /** Of a container whose output goes to a log driver of the job's choice. */
  logDriver: "longshore.log-driver",
  /** Which lines of the output begin an event, as JSON: an EventStart. */
  eventStart: "longshore.event-start",
  /** A list, as JSON: the variables and the options of the log driver whose values are secrets. */
  secrets: "longshore.secrets",
} as const;

/** The name of the container that keeps what a task's containers share, while they come and go. */
export function holderName(taskId: string): string {
  return `longshore-task-${taskId}`;
}

/** The name of the container that holds a network for others; made when this attempt had ended. */
export function lentNetworkName(attemptId: string): string {
  return `longshore-network-${attemptId}`;
}

/** The name of a volume that the containers of a task share. */
export function volumeName(taskId: string, volume: string): string {
  return `${holderName(taskId)}-${hexId(volume, 16)}`;
}

/** The name of the network between the nodes of one attempt. */
export function networkName(attemptId: string): string {
  return `longshore-nodes-${attemptId}`;
}

/** What the nodes of one attempt call each other. */
export function nodeName(index: number): string {
  return `node-${index}`;
}
