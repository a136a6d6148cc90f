import type { Job } from "../job.ts";
import { shareOf } from "../job.ts";
import type { ShareTurn } from "../order/fair-share.ts";
import { FairShareOrder, fairSharePolicyOf, WEIGHT_UNITS } from "../order/fair-share.ts";
import { windowMs } from "../order/share-ledger.ts";
import { waitingIds } from "../waiting-ids.ts";
import type { World } from "../world.ts";

/** What one share of a queue has used. The one with the least usage times weight is served next (reference 7.3). */
export interface ShareStanding {
  readonly share: string;
  /** Within the time that counts, as it was at the last tick. */
  readonly usedVcpuSeconds: number;
  readonly weight: number;
}

/** Whose turn comes before that of a job's own share. */
export interface ShareTurns {
  readonly own: ShareStanding;
  /** Shares of which jobs wait and that have used less, by their weights, or as much and whose first job is older; the next one first. */
  readonly before: readonly ShareStanding[];
}

/** Undefined in queues without a fair-share policy. */
export function shareTurns(world: World, job: Job): ShareTurns | undefined {
  const queue = world.queues.get(job.queueArn);
  const policy = queue && fairSharePolicyOf(world, queue);
  if (queue === undefined || policy === undefined) return undefined;
  const share = shareOf(job.scheduling);
  // As of the last tick: asking later would forget what it did not.
  const order = new FairShareOrder(world, queue, policy, world.shares.askedAt, share);
  const { own, before } = order.turnOf(share, job.seq);
  return { own: standing(own), before: before.map(standing) };
}

/** One share of a queue among the others. */
export interface ShareOfQueue extends ShareStanding {
  readonly vcpusInUse: number;
  /** Jobs that are not over; an array is one. */
  readonly openJobs: number;
  /** Its first job that waits. */
  readonly nextJob?: string;
}

export interface SharesOfQueue {
  readonly policyArn: string;
  /** How long usage counts. */
  readonly windowSeconds: number;
  /** Those of which jobs wait, the next one first; then the others. */
  readonly shares: readonly ShareOfQueue[];
}

/** The active shares of a queue, as they were at the last tick. Undefined in queues without a fair-share policy. Costs in the shares. */
export function sharesOf(world: World, queueArn: string): SharesOfQueue | undefined {
  const queue = world.queues.get(queueArn);
  const policy = queue && fairSharePolicyOf(world, queue);
  if (queue === undefined || policy === undefined) return undefined;
  const order = new FairShareOrder(world, queue, policy, world.shares.askedAt);
  const shares = order.all().map(({ lane, heldVcpuMilli, openJobs, ...turn }): ShareOfQueue => {
    const first = lane?.first(world.waits);
    const [nextJob] = first === undefined ? [] : waitingIds(world, first.job);
    return {
      ...standing(turn),
      vcpusInUse: heldVcpuMilli / 1000,
      openJobs,
      ...(nextJob !== undefined && { nextJob }),
    };
  });
  return { policyArn: policy.arn, windowSeconds: windowMs(policy.decaySeconds) / 1000, shares };
}

/** In a vCPU-second. */
const MILLI_VCPU_MS = 1_000_000;

function standing({ share, usage, weight }: ShareTurn): ShareStanding {
  return { share, usedVcpuSeconds: usage / MILLI_VCPU_MS, weight: weight / WEIGHT_UNITS };
}
