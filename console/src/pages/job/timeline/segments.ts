import type { JobDetail } from "@aws-sdk/client-batch";
import { attemptsOf } from "../attempts.ts";

/** A time that a job spent in one state. */
export interface Segment {
  readonly status: string;
  /** Epoch ms. */
  readonly from: number;
  /** Absent of the one that it is in. */
  readonly to?: number;
  /** That it is a part of, from 1. */
  readonly attempt?: number;
}

/** A change of state, as an event told it. */
export interface Transition {
  readonly status: string;
  readonly at: number;
}

/** From events, which tell every state; where there are none, from what DescribeJobs knows: when it was submitted, and when its attempts ran. */
export function segmentsOf(job: JobDetail, transitions: readonly Transition[]): Segment[] {
  return transitions.some(({ status }) => status === "SUBMITTED" || status === "RUNNABLE" || status === "PENDING")
    ? fromTransitions(job, transitions)
    : fromDescription(job);
}

function fromTransitions(job: JobDetail, transitions: readonly Transition[]): Segment[] {
  const ordered = transitions.toSorted((one, other) => one.at - other.at);
  const first: Transition[] = ordered[0]?.status === "SUBMITTED" ? [] : [{ status: "SUBMITTED", at: job.createdAt! }];
  const all = [...first, ...ordered];
  let attempt = 0;
  return all.flatMap(({ status, at }, index) => {
    if (status === "STARTING") attempt += 1;
    if (status === "SUCCEEDED" || status === "FAILED") return [];
    const to = all[index + 1]?.at ?? job.stoppedAt;
    const isOfAttempt = status === "STARTING" || status === "RUNNING";
    return [{ status, from: at, ...(to !== undefined && { to }), ...(isOfAttempt && attempt > 0 && { attempt }) }];
  });
}

function fromDescription(job: JobDetail): Segment[] {
  const segments: Segment[] = [];
  let from = job.createdAt!;
  for (const { number, startedAt, stoppedAt } of attemptsOf(job)) {
    const ranFrom = startedAt ?? stoppedAt;
    if (ranFrom === undefined) {
      segments.push({ status: "STARTING", from, attempt: number });
      return segments;
    }
    segments.push({ status: "RUNNABLE", from, to: ranFrom });
    if (startedAt !== undefined) {
      segments.push({
        status: "RUNNING",
        from: startedAt,
        ...(stoppedAt !== undefined && { to: stoppedAt }),
        attempt: number,
      });
    }
    if (stoppedAt === undefined) return segments;
    from = stoppedAt;
  }
  const { status, stoppedAt } = job;
  if (status !== "SUCCEEDED" && status !== "FAILED") segments.push({ status: status!, from });
  else if (segments.length === 0 && stoppedAt !== undefined) segments.push({ status: "PENDING", from, to: stoppedAt });
  return segments;
}

export interface Spent {
  readonly waitedMs: number;
  readonly startingMs: number;
  readonly runningMs: number;
}

/** @param now epoch ms: what goes on counts until then. */
export function spentIn(segments: readonly Segment[], now: number): Spent {
  const sum = (...statuses: readonly string[]): number =>
    segments
      .filter(({ status }) => statuses.includes(status))
      .reduce((total, { from, to = now }) => total + Math.max(0, to - from), 0);
  return { waitedMs: sum("SUBMITTED", "PENDING", "RUNNABLE"), startingMs: sum("STARTING"), runningMs: sum("RUNNING") };
}
