import type { Job } from "../job.ts";
import { shareOf } from "../job.ts";
import type { ShareTurn } from "../order/fair-share.ts";
import { FairShareOrder, fairSharePolicyOf, WEIGHT_UNITS } from "../order/fair-share.ts";
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

/** In a vCPU-second. */
const MILLI_VCPU_MS = 1_000_000;

function standing({ share, usage, weight }: ShareTurn): ShareStanding {
  return { share, usedVcpuSeconds: usage / MILLI_VCPU_MS, weight: weight / WEIGHT_UNITS };
}
