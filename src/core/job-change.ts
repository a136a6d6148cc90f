import type { JobChange } from "./changes.ts";
import type { ConsumableNeed, Job, JobState } from "./job.ts";
import { activeAttempt } from "./job.ts";
import type { World } from "./world.ts";

/** The change that gives a job its next state, with all that belongs into the same transaction. */
export function jobChange(world: World, job: Job, state: JobState): JobChange {
  const used = usedUp(world, job, state);
  return {
    kind: "job-changed",
    jobId: job.id,
    ...(job.parent !== undefined && { parent: job.parent }),
    state,
    ...(used.length > 0 && { usedUp: used }),
  };
}

/** What the end of an attempt takes away for good: all that it held of resources that do not come back, whether it failed or not (reference 3.6). */
function usedUp(world: World, job: Job, after: JobState): readonly ConsumableNeed[] {
  if (activeAttempt(job.state) === undefined || activeAttempt(after) !== undefined) return [];
  return (job.scheduling.consumables ?? []).filter(({ arn }) => world.consumables.get(arn)?.isReplenishable === false);
}
