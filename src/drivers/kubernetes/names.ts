import { uuidFrom } from "../../core/ids.ts";
import type { AttemptSpec, PodPart, SharedNetwork } from "../../ports/driver.ts";

/** What every pod of ours carries. A pod without our cluster's label is not ours. */
export const LABEL = {
  cluster: "longshore.dev/cluster",
  pod: "longshore.dev/pod",
  job: "longshore.dev/job",
  epoch: "longshore.dev/epoch",
  /** Of the pods of one attempt of a multi-node parallel job. */
  gang: "longshore.dev/gang",
  /** Of a failed job, forgotten and left for people to look at. */
  kept: "longshore.dev/kept",
  /** As AWS Batch labels its pods. */
  batchJob: "batch.amazonaws.com/job-id",
} as const;

/** What the next server must know of a pod, as JSON. */
export const ANNOTATION = {
  /** A list of Member. */
  members: "longshore.dev/attempts",
  /** GangPart. */
  gang: "longshore.dev/gang",
  /** An Ending. */
  ending: "longshore.dev/ending",
  /** Of what is kept: an ISO 8601 time. */
  keptUntil: "longshore.dev/kept-until",
} as const;

/** Keeps a pod that somebody deleted until its end is recorded. */
export const FINALIZER = "longshore.dev/attempt";

/** Keeps the main node of a multi-node parallel job waiting until there is room for all nodes. */
export const ROOM_GATE = "longshore.dev/room";

/** The pod's name derives from the attempt, so that the API server itself refuses to make a second one. */
export function podName(podId: string): string {
  return `aws-batch.${uuidFrom(podId)}`;
}

/** Ids of jobs have characters that values of labels must not have; values have at most 63. */
export function labelValue(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9_.-]/g, ".")
    .slice(0, 63)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

/** An attempt without a pod of its own is one: the only container of it. */
export function partOf({ attemptId, pod }: AttemptSpec, namespace: string): PodPart {
  return pod ?? { id: attemptId, namespace, name: "default", index: 0, count: 1, dependsOn: [] };
}

/** An attempt and its container. */
export interface Member {
  readonly attemptId: string;
  readonly container: string;
  /** Its container is over before the pod's others begin. */
  readonly isInit: boolean;
}

/** A node of a multi-node parallel job. */
export interface GangPart extends Pick<SharedNetwork, "id" | "index" | "count" | "each"> {
  /** The others begin when this one runs. */
  readonly isMain: boolean;
}

/** Why a pod is being deleted by us. */
export interface Ending {
  /** What its containers that never began have as their reason; without one it was told to stop. */
  readonly reason?: string;
}
