import type { ArrayChildren } from "../../../../../src/ports/array-children.ts";
import type { PlainJobStatus } from "../../../../../src/core/job.ts";
import { call } from "../../../api/call.ts";

/** In the order of a job's way. */
export const STATUSES: readonly PlainJobStatus[] = [
  "SUBMITTED",
  "PENDING",
  "RUNNABLE",
  "STARTING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
];

/** How many children are told of at a time, and shown. */
export const PART = 10_000;

export function readChildren(jobId: string, from: number): Promise<ArrayChildren> {
  return call(`/longshore/jobs/${encodeURIComponent(jobId)}/children?from=${from}&limit=${PART}`, "longshore");
}

/** `0-119,122` as pairs of the first and the last. */
export function spansOf(text: string): (readonly [first: number, last: number])[] {
  if (text === "") return [];
  return text.split(",").map((span) => {
    const [first = "", last = first] = span.split("-");
    return [Number(first), Number(last)] as const;
  });
}

/** By place in the part, the state's place in STATUSES. */
export function statesOf({ from, to, indexes }: ArrayChildren): Uint8Array {
  const states = new Uint8Array(to - from);
  STATUSES.forEach((status, code) => {
    for (const [first, last] of spansOf(indexes[status] ?? "")) states.fill(code, first - from, last - from + 1);
  });
  return states;
}

export function countsOf(states: Uint8Array): Record<PlainJobStatus, number> {
  const counts = STATUSES.map(() => 0);
  for (const state of states) counts[state]! += 1;
  return Object.fromEntries(STATUSES.map((status, code) => [status, counts[code]!])) as Record<PlainJobStatus, number>;
}
