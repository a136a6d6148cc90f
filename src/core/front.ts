import { FairShareOrder, fairSharePolicyOf } from "./order/fair-share.ts";
import type { Job } from "./job.ts";
import { shareOf } from "./job.ts";
import { waitingIds } from "./waiting-ids.ts";
import type { Waiting, WaitingJobs } from "./waiting.ts";
import type { World } from "./world.ts";

/** A RUNNABLE job near the head of its queue. */
export interface Placed {
  readonly jobId: string;
  /** Epoch ms: it has been in this place, counted from the head, at least since then. */
  readonly since: number;
}

/** Reference 7.5. */
export const FRONT_SIZE = 100;

/** Between two looks at a queue that changes all the time: how much later than the truth `since` may be. */
const LOOK_EVERY_MS = 1_000;

interface Front {
  readonly places: readonly Placed[];
  readonly firstOfShares: FirstOfShares;
  readonly lookedAt: number;
}

/** By the ARN of a quota share, its first RUNNABLE job; shares without one are left out. */
export type FirstOfShares = ReadonlyMap<string, Placed>;

const NOTHING = { places: [], firstOfShares: new Map() } satisfies Omit<Front, "lookedAt">;

/**
 * The front of each queue, with the time since when its jobs are in their places. It is looked at when something has changed in the queue, but not
 * with every tick; what a later look finds changed has changed with the last tick that touched the queue. After a start of the server the times
 * begin anew.
 */
export class QueueFronts {
  readonly #fronts = new Map<string, Front>();
  /** By queue, the time of the last tick that touched it, where that was not looked at yet. */
  readonly #touched = new Map<string, number>();

  /** After a tick. */
  note(world: World, now: number): void {
    for (const queueArn of world.touchedQueues) {
      this.#touched.set(queueArn, now);
      const front = this.#fronts.get(queueArn);
      if (front === undefined || now - front.lookedAt >= LOOK_EVERY_MS) this.#look(world, queueArn);
    }
    world.touchedQueues.clear();
    if (this.#fronts.size > world.queues.size) this.#forgetDeleted(world);
  }

  of(world: World, queueArn: string): Pick<Front, "places" | "firstOfShares"> {
    if (this.#touched.has(queueArn)) this.#look(world, queueArn);
    return this.#fronts.get(queueArn) ?? NOTHING;
  }

  #look(world: World, queueArn: string): void {
    const at = this.#touched.get(queueArn)!;
    this.#touched.delete(queueArn);
    const before = this.#fronts.get(queueArn) ?? NOTHING;
    const stays = (place: Placed | undefined, jobId: string): Placed =>
      place?.jobId === jobId ? place : { jobId, since: at };
    const ids = frontOf(world, queueArn, FRONT_SIZE);
    const firsts = firstIdsOfShares(world, queueArn);
    this.#fronts.set(queueArn, {
      places: ids.map((jobId, index) => stays(before.places[index], jobId)),
      firstOfShares: new Map(firsts.map(([share, jobId]) => [share, stays(before.firstOfShares.get(share), jobId)])),
      lookedAt: at,
    });
  }

  #forgetDeleted(world: World): void {
    for (const arn of this.#fronts.keys()) {
      if (world.queues.has(arn)) continue;
      this.#fronts.delete(arn);
      this.#touched.delete(arn);
    }
  }
}

/** Ids of the first RUNNABLE jobs of a queue in the order in which they were to start at the last tick, children one by one. Costs in their number. */
export function frontOf(world: World, queueArn: string, limit: number): string[] {
  return fairFrontOf(world, queueArn, limit) ?? otherFrontOf(world, queueArn, limit);
}

/** The same of a queue with a fair-share policy; `also` is a job as though it waited there too. */
export function fairFrontOf(world: World, queueArn: string, limit: number, also?: Job): string[] | undefined {
  const queue = world.queues.get(queueArn);
  const fairShare = queue && fairSharePolicyOf(world, queue);
  if (queue === undefined || fairShare === undefined) return undefined;
  const share = also && shareOf(also.scheduling);
  return new FairShareOrder(world, queue, fairShare, world.shares.askedAt, share).front(limit, also);
}

function otherFrontOf(world: World, queueArn: string, limit: number): string[] {
  const { policyArn = "" } = world.queues.get(queueArn) ?? {};
  const isOfQuotaShares = world.policies.get(policyArn)?.kind === "quota-share";
  const waiting = world.waitingJobs(queueArn);
  const entries = isOfQuotaShares ? frontOfLanes(world, waiting, limit) : waiting?.front(limit, world.waits);
  const ids: string[] = [];
  for (const { job } of entries ?? []) {
    for (const id of waitingIds(world, job)) {
      if (ids.length === limit) return ids;
      ids.push(id);
    }
  }
  return ids;
}

/** Share by share, as the scheduler cycles over quota shares: the first job of each, then the second. Those that came first begin. */
function frontOfLanes(world: World, waiting: WaitingJobs | undefined, limit: number): Waiting[] {
  const fronts = (waiting?.lanes() ?? []).map((lane) => lane.front(limit, world.waits)).filter(([first]) => first);
  fronts.sort(([a], [b]) => a!.job.seq - b!.job.seq);
  const rounds = Math.max(0, ...fronts.map(({ length }) => length));
  return Array.from({ length: Math.min(limit, rounds) }, (_, round) => fronts.flatMap((front) => front[round] ?? []))
    .flat()
    .slice(0, limit);
}

/** The first RUNNABLE job of each quota share of a queue. */
function firstIdsOfShares(world: World, queueArn: string): [shareArn: string, jobId: string][] {
  const lanes = world.waitingJobs(queueArn)?.lanes() ?? [];
  return lanes.flatMap((lane): [string, string][] => {
    const first = world.quotaShares.has(lane.share) ? lane.first(world.waits) : undefined;
    return first === undefined ? [] : [[lane.share, first.job.id]];
  });
}
