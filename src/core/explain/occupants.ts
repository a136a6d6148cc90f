import type { Job } from "../job.ts";
import { activeAttempt } from "../job.ts";
import type { World } from "../world.ts";

/** A job that holds something that another one waits for. */
export interface Occupant {
  /** Absent where it is of another account or region than the one that waits. */
  readonly jobId?: string;
  /** Epoch ms: it ends then at the latest. Absent when it may run for ever, or has not begun. */
  readonly endsBy?: number;
}

/** When the timeout of a running attempt ends it, epoch ms; undefined without a timeout, or before it runs. */
export function knownEnd({ scheduling, state }: Job): number | undefined {
  const startedAt = activeAttempt(state)?.startedAt;
  if (startedAt === undefined || scheduling.timeoutSeconds === undefined) return undefined;
  return startedAt + scheduling.timeoutSeconds * 1000;
}

/** Jobs that hold capacity, those whose end is known first and in the order of their ends. Costs in the number of active attempts. */
export function activeJobs(world: World, holds: (job: Job) => boolean): Job[] {
  const jobs: Job[] = [];
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    if (holds(job)) jobs.push(job);
  }
  return jobs.sort(byKnownEnd);
}

/** `viewer`: the job that waits. */
export function occupant(job: Job, viewer: Viewer): Occupant {
  const endsBy = knownEnd(job);
  return {
    ...(haveOneOwner(job.queueArn, viewer.queueArn) && { jobId: job.id }),
    ...(endsBy !== undefined && { endsBy }),
  };
}

/** Whose eyes an explanation is for. */
export type Viewer = Pick<Job, "queueArn">;

/** Whether two resources are of one account and region, by their ARNs. */
export function haveOneOwner(arn: string, other: string): boolean {
  return ownerOf(arn) === ownerOf(other);
}

function ownerOf(arn: string): string {
  return arn.split(":").slice(3, 5).join();
}

/**
 * The jobs that would have to end before something fits: of those that end first, none too many. `fitsWithout` tells whether it
 * fits when these are over; none are named when it does not fit even without all of them.
 */
export function toFree(
  jobs: readonly Job[],
  viewer: Viewer,
  fitsWithout: (ended: readonly Job[]) => boolean,
): Occupant[] {
  const enough = fewest(jobs, fitsWithout);
  if (enough === undefined) return [];
  let needed = enough;
  // The last one is needed: without it, fewer would have been enough. Of the others, those that end late are spared first.
  for (const job of enough.slice(0, -1).toReversed()) {
    const fewer = needed.filter((one) => one !== job);
    if (fitsWithout(fewer)) needed = fewer;
  }
  return needed.map((job) => occupant(job, viewer));
}

/** The shortest beginning of the list that is enough. More jobs that end never make less room, so it can be searched for. */
function fewest(jobs: readonly Job[], fitsWithout: (ended: readonly Job[]) => boolean): readonly Job[] | undefined {
  if (!fitsWithout(jobs)) return undefined;
  let [tooFew, enough] = [-1, jobs.length];
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (fitsWithout(jobs.slice(0, middle))) enough = middle;
    else tooFew = middle;
  }
  return jobs.slice(0, enough);
}

function byKnownEnd(a: Job, b: Job): number {
  const [first, second] = [knownEnd(a) ?? Infinity, knownEnd(b) ?? Infinity];
  return (first === second ? 0 : first - second) || a.seq - b.seq || (a.parent?.index ?? -1) - (b.parent?.index ?? -1);
}
