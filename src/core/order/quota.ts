import type { Job } from "../job.ts";
import type { BlockedReason } from "../placement.ts";
import type { Preemption } from "../quota/claims.ts";
import { claimFor } from "../quota/claims.ts";
import type { QuotaLedger } from "../quota/ledger.ts";
import {
  fitsAsOwner,
  isBeyondEnvironment,
  ledgerOf,
  mayStart,
  needsOf,
  neverFits,
  waitingState,
} from "../quota/verdict.ts";
import type { Environment, Queue, QuotaShare } from "../resources.ts";
import type { Lane, Waiting } from "../waiting.ts";
import type { World } from "../world.ts";
import type { Order } from "./order.ts";

/** Of one share, so many jobs claim capacity in a tick; the others do in the next ones. */
const MAX_CLAIMS_OF_SHARE = 100;

/**
 * Quota management (reference 3.9): each share is a queue of its own. First come, share by share, the jobs that fit into what their share has of its own;
 * then those that borrow what is left idle, first come, first served. `preempt` tells a job at once to end. Undefined for queues without quota
 * management, and where no job can start whatever its share.
 */
export function quotaOrder(world: World, queue: Queue, preempt: (preemption: Preemption) => void): Order | undefined {
  const found = ledgerOf(world, queue);
  return found && new QuotaOrder(world, queue, { ...found, preempt });
}

interface Parts {
  readonly ledger: QuotaLedger;
  readonly environment: Environment;
  readonly preempt: (preemption: Preemption) => void;
}

/** A lane with the job whose turn it is in it. */
interface Turn {
  readonly lane: Lane;
  readonly job: Job;
  /** Whether it fits into what its share has of its own. */
  readonly isOwner: boolean;
  readonly useOfOwn: number;
}

class QuotaOrder implements Order {
  readonly #world: World;
  readonly #environment: Environment;
  readonly #ledger: QuotaLedger;
  readonly #preempt: (preemption: Preemption) => void;
  readonly #lanes: Set<Lane>;
  /** As long as nothing is placed in a lane, it stays as it is: what its share uses now is used by nobody else. */
  readonly #turns = new Map<Lane, Turn>();

  constructor(world: World, queue: Queue, { ledger, environment, preempt }: Parts) {
    this.#world = world;
    this.#environment = environment;
    this.#ledger = ledger;
    this.#preempt = preempt;
    const known = new Set(ledger.shares.map(({ arn }) => arn));
    const lanes = world.waitingJobs(queue.arn)?.lanes() ?? [];
    this.#lanes = new Set(lanes.filter(({ share }) => known.has(share)));
  }

  next(): Lane | undefined {
    let first: Turn | undefined;
    for (const lane of this.#lanes) {
      const known = this.#turns.get(lane);
      // A time limit may have ended it.
      const turn = known !== undefined && this.#world.jobs.has(known.job.id) ? known : this.#turn(lane);
      if (turn === undefined) continue;
      this.#turns.set(lane, turn);
      if (first === undefined || byTurn(turn, first) < 0) first = turn;
    }
    return first?.lane;
  }

  refusal(lane: Lane, job: Job): BlockedReason | undefined {
    const share = this.#world.quotaShares.get(lane.share)!;
    const [ledger, needs] = [this.#ledger, needsOf(job)];
    const never = neverFits(ledger, share, needs);
    if (never !== undefined) return never;
    if (isBeyondEnvironment(this.#environment, needs) || mayStart(ledger, share, needs)) return undefined;
    const isComing = this.#claim(share, job, { keepsReserves: true });
    // Where the shares have more than the environment, nobody would begin if all reserves were kept.
    if (!isComing && fitsAsOwner(ledger, share, needs, { keepsReserves: false })) return undefined;
    if (!isComing && !this.#claim(share, job, { keepsReserves: false })) {
      return waitingState(ledger, share, needs, false);
    }
    this.#claimForOthers(lane, share, job);
    return waitingState(ledger, share, needs, true);
  }

  placed(lane: Lane): void {
    this.#turns.delete(lane);
  }

  emptied(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  blocked(lane: Lane): "lane" {
    this.#lanes.delete(lane);
    return "lane";
  }

  #turn(lane: Lane): Turn | undefined {
    const job = lane.first(this.#world.waits)?.job;
    if (job === undefined) return undefined;
    const share = this.#world.quotaShares.get(lane.share)!;
    const ledger = this.#ledger;
    return { lane, job, isOwner: ledger.isWithinOwn(share, needsOf(job)), useOfOwn: ledger.useOfOwn(share) };
  }

  /** True when the job gets what it needs as soon as others have ended. */
  #claim(share: QuotaShare, job: Job, reserves: { keepsReserves: boolean }): boolean {
    const preemptions = claimFor(this.#world, this.#ledger, { share, job, ...reserves });
    if (preemptions === undefined) return false;
    for (const preemption of preemptions) this.#preempt(preemption);
    this.#ledger.claim(share, needsOf(job));
    return true;
  }

  /** Who comes next in the share need not wait until the first one runs before room is made for it too. */
  #claimForOthers(lane: Lane, share: QuotaShare, first: Job): void {
    const others = lane.front(MAX_CLAIMS_OF_SHARE, this.#world.waits).filter(({ job }: Waiting) => job.id !== first.id);
    for (const { job } of others) if (!this.#claim(share, job, { keepsReserves: true })) return;
  }
}

/** Owners first, of these who uses least of what is theirs; then first come, first served. */
function byTurn(a: Turn, b: Turn): number {
  if (a.isOwner !== b.isOwner) return a.isOwner ? -1 : 1;
  return (a.isOwner ? a.useOfOwn - b.useOfOwn : 0) || a.job.seq - b.job.seq;
}
