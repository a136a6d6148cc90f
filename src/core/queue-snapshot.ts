import type { FirstOfShares, Placed } from "./front.ts";
import type { Job } from "./job.ts";
import type { World } from "./world.ts";

/** What waits and what runs in a queue (reference 7.5). */
export interface QueueSnapshot {
  /** The first RUNNABLE jobs, in the order in which they are to start. */
  readonly front: readonly Placed[];
  readonly firstOfShares: FirstOfShares;
  /** Those that hold capacity, in no order. */
  readonly active: readonly Job[];
}

/** The jobs of a queue that hold capacity. Costs in the number of active attempts. */
export function activeJobsOf(world: World, queueArn: string): Job[] {
  const jobs: Job[] = [];
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    if (job.queueArn === queueArn) jobs.push(job);
  }
  return jobs;
}
