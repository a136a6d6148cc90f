import TinyQueue from "tinyqueue";
import type { Job } from "../job.ts";
import { demandOf, shareOf } from "../job.ts";
import type { BlockedReason } from "../placement.ts";
import { accepts, isPassing, place } from "../placement.ts";
import type { FairSharePolicy, Queue } from "../resources.ts";
import { waitingIds } from "../waiting-ids.ts";
import { shortage } from "../shortage.ts";
import type { Heap, Lane, Waiting } from "../waiting.ts";
import { inOrder } from "../waiting.ts";
import type { World } from "../world.ts";
import type { Order } from "./order.ts";
import { reservedVcpuMilli } from "./reservation.ts";
import type { ShareRecord } from "./share-ledger.ts";
import { CHARGED_PART, windowMs } from "./share-ledger.ts";
import { weightsOf } from "./weights.ts";

/** A weight is counted in so many parts of 1. */
export const WEIGHT_UNITS = 10_000;

type ReservationReason = Extract<BlockedReason, { readonly kind: "reservation" }>;

interface WaitingJob {
  readonly id: string;
  readonly seq: number;
  readonly vcpuMilli: number;
}

/** A share of which jobs wait. The one with the least usage times weight is served. */
interface Contender {
  readonly record: ShareRecord | undefined;
  /** In ten-thousandths, so that equal products are equal numbers. */
  readonly weight: number;
  /** T of reference 7.3. */
  readonly usage: number;
  /** `seq` of its first job: of equal shares the one that waits longest. */
  readonly seq: number;
}

type Turn = Contender & { readonly lane: Lane };

/** A share in the order of turns. */
export interface ShareTurn extends Pick<Contender, "weight" | "usage"> {
  readonly share: string;
}

/** What is known of a share that has jobs, or used something within the window. */
export interface ActiveShare extends ShareTurn {
  readonly heldVcpuMilli: number;
  readonly openJobs: number;
  /** Where jobs of it wait. */
  readonly lane?: Lane;
}

/**
 * Fair share (reference 7.3): the share that has used least, by its weight, is served next. When its first job waits for capacity, everybody waits for
 * it: else a large job would starve behind the small ones of others. Any other reason holds up its share only.
 */
export class FairShareOrder implements Order {
  readonly #world: World;
  readonly #queue: Queue;
  readonly #policy: FairSharePolicy;
  readonly #now: number;
  readonly #window: number;
  readonly #turns: TinyQueue<Turn>;
  /** Of the active shares. */
  readonly #records: ReadonlyMap<string, ShareRecord>;
  readonly #weights: ReadonlyMap<string, number>;

  /** `also`: a share that counts as active, whether it is or not: somebody asks what would become of a job of it. */
  constructor(world: World, queue: Queue, policy: FairSharePolicy, now: number, also?: string) {
    this.#world = world;
    this.#queue = queue;
    this.#policy = policy;
    this.#now = now;
    this.#window = windowMs(policy.decaySeconds);
    this.#records = world.shares.active(queue.arn, now, this.#window);
    this.#weights = weightsOf(
      policy.weights,
      new Set([...this.#records.keys(), ...(also === undefined ? [] : [also])]),
    );
    const turns = (world.waitingJobs(queue.arn)?.lanes() ?? []).flatMap((lane): Turn[] => {
      const seq = this.#firstSeq(lane);
      return seq === undefined ? [] : [{ lane, ...this.#contender(lane.share, seq) }];
    });
    this.#turns = new TinyQueue(turns, byValue);
  }

  next(): Lane | undefined {
    return this.#turns.peek()?.lane;
  }

  refusal(_lane: Lane, job: Job): BlockedReason | undefined {
    return this.reservationAgainst(job);
  }

  /** The reservation, where it keeps this job from starting now, whether it is its turn or not. */
  reservationAgainst(job: Job): ReservationReason | undefined {
    const record = this.#records.get(shareOf(job.scheduling));
    // Who holds nothing is who the reservation is for; and nobody's job is too large for it for ever.
    if (this.#policy.reservationPercent === 0 || record === undefined || record.heldVcpuMilli === 0) return undefined;
    const { maxVcpuMilli, usedVcpuMilli } = this.#capacity();
    // Service environments have no vCPUs of which a part could be kept; of UNMANAGED ones that do not say theirs, none is.
    if (maxVcpuMilli === Infinity) return undefined;
    const reserved = this.#reserved(maxVcpuMilli);
    if (usedVcpuMilli + demandOf(job).requirements.vcpuMilli <= maxVcpuMilli - reserved) return undefined;
    // What can never start is for the placement to say.
    const placement = place(this.#world, demandOf(job), this.#queue);
    if (placement.kind === "blocked" && !isPassing(placement.reason)) return undefined;
    return { kind: "reservation", reservedVcpuMilli: reserved, activeShares: this.#records.size };
  }

  unreservedVcpuMilli(): number {
    const { maxVcpuMilli, usedVcpuMilli } = this.#capacity();
    if (maxVcpuMilli === Infinity) return Infinity;
    const reserved = this.#policy.reservationPercent === 0 ? 0 : this.#reserved(maxVcpuMilli);
    return maxVcpuMilli - reserved - usedVcpuMilli;
  }

  #reserved(maxVcpuMilli: number): number {
    return reservedVcpuMilli(this.#policy.reservationPercent, this.#records.size, maxVcpuMilli);
  }

  placed(lane: Lane): void {
    const turn = this.#turns.pop()!;
    const seq = this.#firstSeq(lane);
    if (seq === undefined) return;
    // The placement is in the ledger by now.
    this.#turns.push({ ...turn, seq, usage: this.#usageOf(turn.record) });
  }

  emptied(): void {
    this.#turns.pop();
  }

  blocked(_lane: Lane, reason: BlockedReason): "queue" | "lane" {
    if (isPassing(reason)) return "queue";
    this.#turns.pop();
    return "lane";
  }

  /** Usage slides out of the window, and grows with what runs: another share may come to have less. Weights change when a share is no longer active. */
  turnEndsAt(): number {
    const [now, window] = [this.#now, this.#window];
    const holder = this.#turns.peek();
    if (holder === undefined || this.#turns.length < 2) return Infinity;
    const speed = ({ record, weight }: Turn): number => (record?.slope(now, window) ?? 0) * weight;
    const times = this.#turns.data.map((turn) => {
      const gain = speed(holder) - speed(turn);
      const passesAt = gain > 0 ? now + Math.max(1, Math.ceil((valueOf(turn) - valueOf(holder)) / gain)) : Infinity;
      return Math.min(passesAt, turn.record?.bendAt(now, window) ?? Infinity);
    });
    const leaving = [...this.#records.values()].map((record) => record.inactiveAt(window));
    return Math.min(...times, ...leaving);
  }

  /** The turn of a share, and those that come before it, the next one first. Where nobody of the share waits, as though a job with this `seq` did. */
  turnOf(share: string, seq: number): { readonly own: ShareTurn; readonly before: readonly ShareTurn[] } {
    const turns = this.#turns.data.map(({ lane, ...contender }) => ({ share: lane.share, ...contender }));
    const own = turns.find((turn) => turn.share === share) ?? { share, ...this.#contender(share, seq) };
    return { own, before: turns.filter((turn) => turn !== own && byValue(turn, own) < 0).sort(byValue) };
  }

  /** Every active share: first those of which jobs wait, the next one to be served before all; then the others. Both have the least value first. */
  all(): ActiveShare[] {
    const turns = this.#turns.data.toSorted(byValue);
    const waiting = new Set(turns.map(({ lane }) => lane.share));
    const others = [...this.#records.keys()].filter((share) => !waiting.has(share));
    const idle = others.map((share) => ({ share, ...this.#contender(share, 0) })).sort(byValue);
    return [...turns.map((turn) => ({ share: turn.lane.share, ...turn })), ...idle].map(({ record, ...turn }) => ({
      ...turn,
      heldVcpuMilli: record?.heldVcpuMilli ?? 0,
      openJobs: record?.openJobs ?? 0,
    }));
  }

  /** Ids of the first jobs, in the order in which they would be placed if there were room for all; `also` as though it waited too. */
  front(limit: number, also?: Job): string[] {
    const ids: string[] = [];
    const turns = new TinyQueue<Contender & { readonly next: WaitingJob; readonly rest: Iterator<WaitingJob, void> }>(
      [],
      byValue,
    );
    const push = (turn: Omit<Contender, "seq">, rest: Iterator<WaitingJob, void>): void => {
      const next = rest.next();
      if (next.done !== true) turns.push({ ...turn, seq: next.value.seq, next: next.value, rest });
    };
    const heapsOf = this.#world.waitingJobs(this.#queue.arn)?.byShare() ?? new Map<string, Heap[]>();
    if (also !== undefined) {
      const share = shareOf(also.scheduling);
      const entry = { job: also, retried: also.state.attempts.length > 0 };
      heapsOf.set(share, [...(heapsOf.get(share) ?? []), { entries: new TinyQueue([entry]) }]);
    }
    for (const [share, heaps] of heapsOf) push(this.#contender(share, 0), this.#waitingIn(heaps, also));
    for (let turn = turns.pop(); turn !== undefined && ids.length < limit; turn = turns.pop()) {
      const { next, rest, usage } = turn;
      ids.push(next.id);
      push({ ...turn, usage: usage + (next.vcpuMilli * this.#window) / CHARGED_PART }, rest);
    }
    return ids;
  }

  #contender(share: string, seq: number): Contender {
    const record = this.#records.get(share);
    const weight = Math.round((this.#weights.get(share) ?? 1) * WEIGHT_UNITS);
    return { record, weight, usage: this.#usageOf(record), seq };
  }

  *#waitingIn(heaps: readonly Heap[], also?: Job): Generator<WaitingJob, void> {
    for (const { entry } of inOrder(heaps)) {
      if (entry.job !== also && !this.#world.waits(entry)) continue;
      const { vcpuMilli } = demandOf(entry.job).requirements;
      for (const id of waitingIds(this.#world, entry.job)) yield { id, seq: entry.job.seq, vcpuMilli };
    }
  }

  #usageOf(record: ShareRecord | undefined): number {
    return record?.usage(this.#now, this.#window) ?? 0;
  }

  /** Of the first job that does not stand aside; of the first one where all do. */
  #firstSeq(lane: Lane): number | undefined {
    const world = this.#world;
    const isTried = ({ job }: Waiting): boolean =>
      shortage(world, demandOf(job)) === undefined && world.crowding(job.parent?.id ?? job.id) === undefined;
    return (lane.first(world.waits, isTried) ?? lane.first(world.waits))?.job.seq;
  }

  /** Of the environments in which the queue may start jobs (reference 10, no. 35). */
  #capacity(): { maxVcpuMilli: number; usedVcpuMilli: number } {
    let [maxVcpuMilli, usedVcpuMilli] = [0, 0];
    for (const arn of this.#queue.environmentArns) {
      const environment = this.#world.environments.get(arn);
      if (environment === undefined || !accepts(environment)) continue;
      maxVcpuMilli += environment.unmanagedVcpuMilli ?? environment.maxVcpuMilli;
      usedVcpuMilli += this.#world.usedVcpuMilli(arn);
    }
    return { maxVcpuMilli, usedVcpuMilli };
  }
}

function byValue(a: Contender, b: Contender): number {
  return valueOf(a) - valueOf(b) || a.seq - b.seq;
}

function valueOf({ usage, weight }: Contender): number {
  return usage * weight;
}

/** The queue's policy, where that is one of fair share. */
export function fairSharePolicyOf(world: World, { policyArn }: Queue): FairSharePolicy | undefined {
  const policy = policyArn === undefined ? undefined : world.policies.get(policyArn);
  return policy?.kind === "fair-share" ? policy : undefined;
}
