import { waitingText } from "./explain/waiting-reason.ts";
import { parseChildId } from "./ids.ts";
import type { Job, JobState } from "./job.ts";
import { requirementsOf } from "./job.ts";
import { failed } from "./lifecycle.ts";
import type { BlockedReason } from "./placement.ts";
import type { JobChange } from "./changes.ts";
import type { Queue, TimeLimit } from "./resources.ts";
import type { Standing } from "./standings.ts";
import type { World } from "./world.ts";

/**
 * The time limits of one queue (jobStateTimeLimitActions, reference 3.10) in one tick. The clock of a job starts when it comes to the head of its lane with a
 * reason that has a limit; another head or another reason starts it anew.
 */
export class HeadWatch {
  readonly #world: World;
  readonly #queue: Queue;
  readonly #now: number;
  readonly #standings = new Map<string, Standing>();
  #wakeAt = Infinity;

  constructor(world: World, queue: Queue, now: number) {
    this.#world = world;
    this.#queue = queue;
    this.#now = now;
  }

  /** A job holds up its lane. When it has done so for too long, what ends it. */
  ended(share: string, jobId: string, reason: BlockedReason): JobChange | undefined {
    const { timeLimits = [], arn } = this.#queue;
    if (timeLimits.length === 0) return undefined;
    const job = this.#world.waitingJob(jobId);
    const code = codeOf(waitingText(reason, requirementsOf(job)));
    const limit = timeLimits.find((one) => one.reason === code);
    if (limit === undefined) return undefined;
    const before = this.#world.standings.get(arn)?.get(share);
    const isSame = before?.jobId === jobId && before.reason === code;
    const standing = isSame ? before : { jobId, reason: code, since: this.#now };
    const endsAt = standing.since + limit.maxTimeSeconds * 1000;
    if (endsAt <= this.#now) return endOf(job, jobId, limit, this.#now);
    this.#standings.set(share, standing);
    this.#wakeAt = Math.min(this.#wakeAt, endsAt);
    return undefined;
  }

  /** Every lane has been looked at. Returns when the next limit is reached: epoch ms, Infinity for never. */
  close(): number {
    const { standings } = this.#world;
    if (this.#standings.size > 0) standings.set(this.#queue.arn, this.#standings);
    else standings.delete(this.#queue.arn);
    return this.#wakeAt;
  }
}

/** Clients match this part of a statusReason (reference 8.4). */
function codeOf(statusReason: string): string {
  return statusReason.split(" - ", 1)[0]!;
}

/** Reference 2.3. `job`: of a child without a record its parent. */
function endOf(job: Job, jobId: string, { action, reason }: TimeLimit, now: number): JobChange {
  const parent = job.id === jobId ? job.parent : { id: job.id, index: parseChildId(jobId)!.index };
  const state: JobState = job.id === jobId ? job.state : { status: "RUNNABLE", attempts: [] };
  const [verb, flag] =
    action === "CANCEL"
      ? (["Canceled", { isCancelled: true }] as const)
      : (["Terminated", { isTerminated: true }] as const);
  const text = `${verb} by JobStateTimeLimit action due to reason: ${reason}`;
  return {
    kind: "job-changed",
    jobId,
    ...(parent !== undefined && { parent }),
    state: { ...failed(state, text, now), ...flag },
  };
}
