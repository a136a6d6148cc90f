import type { Job, Scheduling } from "../job.ts";
import { activeAttempt } from "../job.ts";
import { STOP_GRACE_MS } from "../lifecycle.ts";

/**
 * By when the active attempt is over. One that has not begun begins now; one that has run longer than it was expected to may end at any moment:
 * so the head's time never moves away because of it, and nothing that is in its way is let past it.
 */
export function latestEnd(job: Job, now: number): number {
  const { startedAt = now, stopping } = activeAttempt(job.state)!;
  const killedAt = stopping === undefined ? Infinity : stopping.at + STOP_GRACE_MS;
  return Math.max(now, Math.min(startedAt + longestMs(job.scheduling), killedAt));
}

/** For how long an attempt runs: as long as it is expected to, and no longer than it may. */
export function longestMs({ expectedSeconds = Infinity, timeoutSeconds = Infinity }: Scheduling): number {
  return Math.min(expectedSeconds * 1000, timeoutSeconds * 1000 + STOP_GRACE_MS);
}
