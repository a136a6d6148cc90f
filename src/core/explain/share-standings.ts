import type { Job } from "../job.ts";
import { shareOf } from "../job.ts";
import { fairSharePolicyOf } from "../order/fair-share.ts";
import { windowMs } from "../order/share-ledger.ts";
import { weightsOf } from "../order/weights.ts";
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
  if (policy === undefined) return undefined;
  // As of the last tick: asking later would forget what it did not.
  const now = world.shares.askedAt;
  const window = windowMs(policy.decaySeconds);
  const records = world.shares.active(job.queueArn, now, window);
  const ownShare = shareOf(job.scheduling);
  const weights = weightsOf(policy.weights, new Set([...records.keys(), ownShare]));
  const standing = (share: string): ShareStanding => ({
    share,
    usedVcpuSeconds: (records.get(share)?.usage(now, window) ?? 0) / MILLI_VCPU_MS,
    weight: weights.get(share) ?? 1,
  });
  const own = standing(ownShare);
  const turns = (world.waitingJobs(job.queueArn)?.lanes() ?? []).flatMap((lane): Turn[] => {
    const first = lane.first(world.waits)?.job;
    return first === undefined ? [] : [{ standing: standing(lane.share), seq: first.seq }];
  });
  const isOwn = (turn: Turn): boolean => turn.standing.share === ownShare;
  const ownTurn = turns.find(isOwn) ?? { standing: own, seq: job.seq };
  const before = turns.filter((turn) => !isOwn(turn) && byTurn(turn, ownTurn) < 0).sort(byTurn);
  return { own, before: before.map((turn) => turn.standing) };
}

/** In a vCPU-second. */
const MILLI_VCPU_MS = 1_000_000;

interface Turn {
  readonly standing: ShareStanding;
  /** Of its first job: of equal shares the one that waits longest is served. */
  readonly seq: number;
}

function byTurn(a: Turn, b: Turn): number {
  return valueOf(a.standing) - valueOf(b.standing) || a.seq - b.seq;
}

function valueOf({ usedVcpuSeconds, weight }: ShareStanding): number {
  return usedVcpuSeconds * weight;
}
