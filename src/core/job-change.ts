import type { JobChange } from "./changes.ts";
import { useOf } from "./cost/use-of.ts";
import type { ConsumableNeed, Job, JobState } from "./job.ts";
import { activeAttempt } from "./job.ts";
import type { World } from "./world.ts";

/** The change that gives a job its next state, with all that belongs into the same transaction. */
export function jobChange(world: World, job: Job, state: JobState): JobChange {
  const hasEnded = activeAttempt(job.state) !== undefined && activeAttempt(state) === undefined;
  return {
    kind: "job-changed",
    jobId: job.id,
    ...(job.parent !== undefined && { parent: job.parent }),
    state,
    ...(hasEnded && atEnd(world, job, state)),
  };
}

function atEnd(world: World, job: Job, after: JobState): Pick<JobChange, "usedUp" | "uses"> {
  const used = usedUp(world, job);
  const attempt = after.attempts.at(-1)!;
  return {
    ...(used.length > 0 && { usedUp: used }),
    uses: [useOf(world, job, attempt, attempt.stoppedAt!)],
  };
}

/** What the end of an attempt takes away for good: all that it held of resources that do not come back, whether it failed or not (reference 3.6). */
function usedUp(world: World, { scheduling: { consumables = [] } }: Job): readonly ConsumableNeed[] {
  return consumables.filter(({ arn }) => world.consumables.get(arn)?.isReplenishable === false);
}
