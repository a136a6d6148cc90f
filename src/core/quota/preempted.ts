import type { Attempt, JobState } from "../job.ts";

/** A job may be preempted without end, its record must not grow so. What DescribeServiceJob shows is a sliding window on AWS too (reference 3.9). */
export const KEPT_PREEMPTED_ATTEMPTS = 10;

/** The attempt was, or is being, preempted. */
export function isPreempted({ stopping }: Attempt): boolean {
  return stopping?.preempted === true;
}

/** It was, and is over. */
export function wasPreempted(attempt: Attempt): boolean {
  return isPreempted(attempt) && attempt.stoppedAt !== undefined;
}

/** The attempts with the oldest of those that were preempted left out, as far as there are too many. */
export function withoutOldPreempted(attempts: readonly Attempt[]): readonly Attempt[] {
  const dropped = new Set(attempts.filter(wasPreempted).slice(0, -KEPT_PREEMPTED_ATTEMPTS));
  return dropped.size === 0 ? attempts : attempts.filter((attempt) => !dropped.has(attempt));
}

/** How many attempts there were in all, those among them that are not kept. */
export function attemptsMade({ attempts, preemptions = 0 }: JobState): number {
  return preemptions === 0 ? attempts.length : attempts.length + preemptions - attempts.filter(wasPreempted).length;
}
