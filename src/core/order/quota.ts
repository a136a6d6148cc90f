import { exceededLimit } from "../holdings.ts";
import type { Job } from "../job.ts";
import type { BlockedReason } from "../placement.ts";
import type { Preemption } from "../quota/claims.ts";
import { claimFor } from "../quota/claims.ts";
import { QuotaLedger } from "../quota/ledger.ts";
import { exceededQuota, ownLimit } from "../quota/limits.ts";
import type { QuotaReason } from "../quota/reasons.ts";
import type { Environment, Queue, QuotaShare } from "../resources.ts";
import type { Lane, Waiting } from "../waiting.ts";
import type { World } from "../world.ts";
import type { Order } from "./order.ts";

/** Of one share, so many jobs claim capacity in a tick; the others do in the next ones. */
const MAX_CLAIMS_OF_SHARE = 100;

/**
 * Quota management (reference 3.9): each share is a queue of its own. First come, share by share, the jobs that fit into what their share has of its own;
 * then those that borrow what is left idle, first come, first served. `preempt` tells a job at once to end.
 */
export function quotaOrder(
  world: World,
  {
    queue,
    environment,
    preempt,
  }: { queue: Queue; environment: Environment; preempt: (preemption: Preemption) => void },
): Order {
  return new QuotaOrder(world, queue, environment, preempt);
}

/** A lane with the job whose turn it is in it. */
interface Turn {
  readonly lane: Lane;
  readonly share: QuotaShare;
  readonly job: Job;
}

class QuotaOrder implements Order {
  readonly #world: World;
  readonly #environment: Environment;
  readonly #ledger: QuotaLedger;
  readonly #preempt: (preemption: Preemption) => void;
  readonly #lanes: Set<Lane>;

  constructor(world: World, queue: Queue, environment: Environment, preempt: (preemption: Preemption) => void) {
    this.#world = world;
    this.#environment = environment;
    const shares = sharesOf(world, queue);
    this.#ledger = new QuotaLedger(shares, environment, (key) => world.inUse(key));
    this.#preempt = preempt;
    const known = new Set(shares.map(({ arn }) => arn));
    this.#lanes = new Set(
      world
        .waitingJobs(queue.arn)
        ?.lanes()
        .filter(({ share }) => known.has(share)),
    );
  }

  next(): Lane | undefined {
    const turns = [...this.#lanes].flatMap((lane) => this.#turn(lane) ?? []);
    const owners = turns.filter(({ share, job }) => this.#ledger.isWithinOwn(share, instancesOf(job)));
    const used = new Map(owners.map(({ share }) => [share, this.#ledger.useOfOwn(share)]));
    const [owner] = owners.sort((a, b) => used.get(a.share)! - used.get(b.share)! || a.job.seq - b.job.seq);
    return (owner ?? turns.sort((a, b) => a.job.seq - b.job.seq)[0])?.lane;
  }

  refusal(lane: Lane, job: Job): BlockedReason | undefined {
    const share = this.#world.quotaShares.get(lane.share)!;
    const limit = exceededQuota(share, this.#ledger.shares, instancesOf(job));
    if (limit !== undefined) return { kind: "above-quota", limit };
    // What the environment never has is for the placement to say.
    if (exceededLimit(this.#environment, instancesOf(job), () => 0) !== undefined) return undefined;
    if (this.#mayStart(share, job)) return undefined;
    const isComing = this.#claim(share, job, { keepsReserves: true });
    // Where the shares have more than the environment, nobody would begin if all reserves were kept.
    if (!isComing && this.#fitsAsOwner(share, job, { keepsReserves: false })) return undefined;
    if (!isComing && !this.#claim(share, job, { keepsReserves: false })) return this.#waiting(share, job, false);
    this.#claimForOthers(lane, share, job);
    return this.#waiting(share, job, true);
  }

  placed(): void {}

  emptied(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  blocked(lane: Lane): "lane" {
    this.#lanes.delete(lane);
    return "lane";
  }

  #turn(lane: Lane): Turn | undefined {
    const first = lane.first(this.#world.waits);
    return first && { lane, share: this.#world.quotaShares.get(lane.share)!, job: first.job };
  }

  #mayStart(share: QuotaShare, job: Job): boolean {
    if (this.#fitsAsOwner(share, job, { keepsReserves: true })) return true;
    const needs = instancesOf(job);
    return this.#ledger.mayBorrow(share, needs) && this.#ledger.hasRoom(share, needs, { keepsReserves: true });
  }

  #fitsAsOwner(share: QuotaShare, job: Job, reserves: { keepsReserves: boolean }): boolean {
    const needs = instancesOf(job);
    return this.#ledger.isWithinOwn(share, needs) && this.#ledger.hasRoom(share, needs, reserves);
  }

  /** True when the job gets what it needs as soon as others have ended. */
  #claim(share: QuotaShare, job: Job, reserves: { keepsReserves: boolean }): boolean {
    const preemptions = claimFor(this.#world, this.#ledger, { share, job, ...reserves });
    if (preemptions === undefined) return false;
    for (const preemption of preemptions) this.#preempt(preemption);
    this.#ledger.claim(share, instancesOf(job));
    return true;
  }

  /** Who comes next in the share need not wait until the first one runs before room is made for it too. */
  #claimForOthers(lane: Lane, share: QuotaShare, first: Job): void {
    const others = lane.front(MAX_CLAIMS_OF_SHARE, this.#world.waits).filter(({ job }: Waiting) => job.id !== first.id);
    for (const { job } of others) if (!this.#claim(share, job, { keepsReserves: true })) return;
  }

  #waiting(share: QuotaShare, job: Job, isComing: boolean): QuotaReason {
    const needs = instancesOf(job);
    const ledger = this.#ledger;
    const lacking = needs.find(
      (need) =>
        !(ledger.isWithinOwn(share, [need]) || ledger.mayBorrow(share, [need])) ||
        !ledger.hasRoom(share, [need], { keepsReserves: true }),
    );
    const { type, count } = lacking ?? needs[0]!;
    const [used, own] = [ledger.used(share, type), ownLimit(share, type)];
    return {
      ...{ kind: "quota", type, count, used, own, isComing },
      borrowedByOthers: ledger.borrowedByOthers(share, type),
      lendable: Math.max(0, ledger.lendable(share, type) - Math.max(0, used - own)),
    };
  }
}

/** In order of ARN. */
function sharesOf(world: World, queue: Queue): QuotaShare[] {
  const shares = [...world.quotaShares.values()].filter(({ arn }) => arn.startsWith(`${queue.arn}/`));
  return shares.sort((a, b) => (a.arn < b.arn ? -1 : 1));
}

function instancesOf({ scheduling }: Job) {
  return scheduling.instances ?? [];
}
