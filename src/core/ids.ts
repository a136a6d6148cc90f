import { createHash } from "node:crypto";

/** Id of an array's child: `parent:index` (reference 1.6). */
export function childId(parentId: string, index: number): string {
  return `${parentId}:${index}`;
}

/** Takes `parent:index` apart; undefined for any other id. */
export function parseChildId(id: string): { parentId: string; index: number } | undefined {
  const match = /^([^:]+):(0|[1-9]\d{0,6})$/.exec(id);
  return match === null ? undefined : { parentId: match[1]!, index: Number(match[2]) };
}

/** Id of a node of a multi-node parallel job: `parent#node` (reference 1.6). */
export function nodeId(jobId: string, node: number): string {
  return `${jobId}#${node}`;
}

/** Takes `parent#node` apart; undefined for any other id. */
export function parseNodeId(id: string): { jobId: string; node: number } | undefined {
  const match = /^([^#]+)#(0|[1-9]\d{0,3})$/.exec(id);
  return match === null ? undefined : { jobId: match[1]!, node: Number(match[2]) };
}

/**
 * The id of a job's n-th attempt (from 1). Derived, so that a plan made twice names the same attempt; jobs are never numbered twice. Its
 * digits say which attempt it is, so that a task's job is found without an index for it: 11 of the job id's hash, which nobody guesses, 10 of
 * the job's `seq`, 6 of a child's index + 1, 2 of `n`, and 3 zeros, in whose place a node's task has its node + 1.
 *
 * @param era of a store that was restored from a backup: what was made after the backup has other ids.
 */
export function attemptId(job: { readonly id: string; readonly seq: number }, n: number, era?: string): string {
  const child = parseChildId(job.id);
  const index = child === undefined ? 0 : child.index + 1;
  const digits = [hexDigits(job.seq, 10), hexDigits(index, 6), hexDigits(n % 256, 2)];
  // Only what is preempted again and again comes to its 256th attempt.
  const round = n < 256 ? job.id : `${job.id} ${Math.floor(n / 256)}`;
  const name = era === undefined ? round : `${round} era ${era}`;
  return `${hexId(name, 11)}${digits.join("")}${NO_NODE}`;
}

const NO_NODE = "000";

/** The ECS task id of an attempt; of an attempt of several nodes, each node's own. */
export function taskId(attemptId: string, node?: number): string {
  return node === undefined ? attemptId : attemptId.slice(0, -NO_NODE.length) + hexDigits(node + 1, NO_NODE.length);
}

/** Whose task it is, were it one of ours: the caller looks whether the job has that very attempt. */
export interface TaskOwner {
  readonly seq: number;
  /** Of an array's child. */
  readonly index?: number;
  readonly attemptId: string;
  readonly node?: number;
}

/** Takes a task's id apart; undefined for what cannot be one. */
export function parseTaskId(id: string): TaskOwner | undefined {
  const match = /^[0-9a-f]{11}([0-9a-f]{10})([0-9a-f]{6})[0-9a-f]{2}([0-9a-f]{3})$/.exec(id);
  if (match === null) return undefined;
  const [seq, index, node] = match.slice(1).map((digits) => parseInt(digits, 16)) as [number, number, number];
  return {
    seq,
    ...(index > 0 && { index: index - 1 }),
    attemptId: id.slice(0, -NO_NODE.length) + NO_NODE,
    ...(node > 0 && { node: node - 1 }),
  };
}

/** What a driver knows one unit of an attempt as, by the unit's index; also the key of its log. */
export function unitAttemptId(attemptId: string, unit: number): string {
  return hexId(`${attemptId} unit ${unit}`, 32);
}

/** What the metadata of a container are asked by: those of an attempt, or of one of its units. */
export function containerId(attemptId: string, unit?: number): string {
  return unit === undefined ? attemptId : `${attemptId}-${unit}`;
}

/** The attempt that a container's id is made of. */
export function attemptOfContainer(containerId: string): string {
  return containerId.replace(/-\d+$/, "");
}

function hexDigits(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** A stable id of `digits` hexadecimal digits for something that has a unique name. */
export function hexId(name: string, digits: number): string {
  return createHash("sha256").update(name).digest("hex").slice(0, digits);
}

/** A UUID that always is the same for the same name. */
export function uuidFrom(name: string): string {
  return hexId(name, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
}
