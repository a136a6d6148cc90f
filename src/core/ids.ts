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

/** The ECS task id of an attempt; of an attempt of several nodes, each node's own. */
export function taskId(attemptId: string, node?: number): string {
  return node === undefined ? attemptId : hexId(`${attemptId} node ${node}`, 32);
}

/** What a driver knows one unit of an attempt as, by the unit's index; also the key of its log. */
export function unitAttemptId(attemptId: string, unit: number): string {
  return hexId(`${attemptId} unit ${unit}`, 32);
}

/** The id of a job's n-th attempt (from 1). Derived, so that a plan made twice names the same attempt; job ids are never reused. */
export function attemptId(jobId: string, attempt: number): string {
  return hexId(`${jobId} attempt ${attempt}`, 32);
}

/** A stable id of `digits` hexadecimal digits for something that has a unique name. */
export function hexId(name: string, digits: number): string {
  return createHash("sha256").update(name).digest("hex").slice(0, digits);
}

/** A UUID that always is the same for the same name. */
export function uuidFrom(name: string): string {
  return hexId(name, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
}
