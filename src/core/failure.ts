import type { Attempt } from "./job.ts";
import { isPreempted } from "./quota/preempted.ts";

/** AWS's words for the reasons that clients match on. Source: reference of ECS stopped-task reasons. */
export const OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage";

/**
 * Whose fault it is that an attempt failed. `infrastructure`: the program was not to blame, what it ran on went away (AWS's `Host EC2*`), or nobody ever
 * began to run it. `application`: all else, an image that cannot be pulled among it.
 */
export type Failure = "application" | "out-of-memory" | "infrastructure";

export function failureOf({ stopping, exitCode, reason, statusReason = "" }: Attempt): Failure {
  if (stopping?.hostLost === true) return "infrastructure";
  if (reason?.startsWith("OutOfMemoryError") === true) return "out-of-memory";
  const isLost = exitCode === undefined && (reason === undefined || statusReason.startsWith("Host EC2"));
  return isLost && stopping === undefined ? "infrastructure" : "application";
}

/**
 * How many of a job's attempts count against its retry strategy: none that were preempted (reference 10, no. 39), and of those that the infrastructure
 * lost, `forgiven` do not.
 */
export function attemptsThatCount(attempts: readonly Attempt[], forgiven = 0): number {
  const own = attempts.filter((attempt) => !isPreempted(attempt));
  if (forgiven === 0) return own.length;
  const lost = own.filter((attempt) => attempt.stoppedAt !== undefined && failureOf(attempt) === "infrastructure");
  return own.length - Math.min(lost.length, forgiven);
}
