import TinyQueue from "tinyqueue";
import type { Job } from "../job.ts";
import { demandOf } from "../job.ts";
import type { BlockedReason } from "../placement.ts";
import { accepts, isPassing } from "../placement.ts";
import type { FairSharePolicy, Queue } from "../resources.ts";
import { waitingIds } from "../waiting-ids.ts";
import type { Lane } from "../waiting.ts";
import { inOrder } from "../waiting.ts";
import type { World } from "../world.ts";
import type { Order } from "./order.ts";
import { reservedVcpuMilli } from "./reservation.ts";
import type { ShareRecord } from "./share-ledger.ts";
import { FIRST_CHARGE, windowMs } from "./share-ledger.ts";
import { weightsOf } from "./weights.ts";

interface WaitingJob {
  readonly id: string;
  readonly seq: number;
  readonly vcpuMilli: number;
}

/** A share that wants to start a job. */
interface Turn {
  readonly lane: Lane;
  readonly record: ShareRecord | undefined;
  readonly weight: number;
  /** Usage times weight: the share with the least is served. */
  value: number;
  /** `seq` of its first job: of equal shares the one that waits longest. */
  seq: number;
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

  constructor(world: World, queue: Queue, policy: FairSharePolicy, now: number) {
    this.#world = world;
    this.#queue = queue;
    this.#policy = policy;
    this.#now = now;
    this.#window = windowMs(policy.decaySeconds);
    const records = world.shares.active(queue.arn, now, this.#window);
    this.#records = records;
    const weights = weightsOf(policy.weights, records.keys());
    const turns = (world.waitingJobs(queue.arn)?.lanes() ?? []).flatMap((lane): Turn[] => {
      const seq = this.#firstSeq(lane);
      if (seq === undefined) return [];
      const turn = { lane, record: records.get(lane.share), weight: weights.get(lane.share) ?? 1, value: 0, seq };
      return [{ ...turn, value: this.#valueOf(turn) }];
    });
    this.#turns = new TinyQueue(turns, (a, b) => a.value - b.value || a.seq - b.seq);
  }

  next(): Lane | undefined {
    return this.#turns.peek()?.lane;
  }

  refusal(_lane: Lane, job: Job): BlockedReason | undefined {
    const { record } = this.#turns.peek()!;
    // Who holds nothing is who the reservation is for; and nobody's job is too large for it for ever.
    if (this.#policy.reservationPercent === 0 || record === undefined || record.heldVcpuMilli === 0) return undefined;
    const { maxVcpuMilli, usedVcpuMilli } = this.#capacity();
    const reserved = this.#reserved(maxVcpuMilli);
    if (usedVcpuMilli + demandOf(job).requirements.vcpuMilli <= maxVcpuMilli - reserved) return undefined;
    return { kind: "reservation", reservedVcpuMilli: reserved, activeShares: this.#records.size };
  }

  unreservedVcpuMilli(): number {
    const { maxVcpuMilli, usedVcpuMilli } = this.#capacity();
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
    this.#turns.push({ ...turn, seq, value: this.#valueOf(turn) });
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
      const passesAt = gain > 0 ? now + Math.max(1, Math.ceil((turn.value - holder.value) / gain)) : Infinity;
      return Math.min(passesAt, turn.record?.bendAt(now, window) ?? Infinity);
    });
    const leaving = [...this.#records.values()].map((record) => record.inactiveAt(window));
    return Math.min(...times, ...leaving);
  }

  /** Ids of the first jobs, in the order in which they would be placed if there were room for all. Ends this order's own use. */
  front(limit: number): string[] {
    const ids: string[] = [];
    const waiting = new Map<Lane, Iterator<WaitingJob>>();
    for (let turn = this.#turns.pop(); turn !== undefined && ids.length < limit; turn = this.#turns.pop()) {
      const { lane, weight, value } = turn;
      if (!waiting.has(lane)) waiting.set(lane, this.#waitingIn(lane));
      const next = waiting.get(lane)!.next();
      if (next.done === true) continue;
      const { id, seq, vcpuMilli } = next.value;
      ids.push(id);
      this.#turns.push({ ...turn, seq, value: value + vcpuMilli * this.#window * FIRST_CHARGE * weight });
    }
    return ids;
  }

  *#waitingIn(lane: Lane): Generator<WaitingJob> {
    for (const { entry } of inOrder(lane.shapes())) {
      if (!this.#world.waits(entry)) continue;
      const { vcpuMilli } = demandOf(entry.job).requirements;
      for (const id of waitingIds(this.#world, entry.job)) yield { id, seq: entry.job.seq, vcpuMilli };
    }
  }

  #valueOf({ record, weight }: Pick<Turn, "record" | "weight">): number {
    return (record?.usage(this.#now, this.#window) ?? 0) * weight;
  }

  #firstSeq(lane: Lane): number | undefined {
    return lane.first(this.#world.waits)?.job.seq;
  }

  /** Of the environments in which the queue may start jobs (reference 10, no. 35). */
  #capacity(): { maxVcpuMilli: number; usedVcpuMilli: number } {
    let [maxVcpuMilli, usedVcpuMilli] = [0, 0];
    for (const arn of this.#queue.environmentArns) {
      const environment = this.#world.environments.get(arn);
      if (environment === undefined || !accepts(environment)) continue;
      maxVcpuMilli += environment.maxVcpuMilli;
      usedVcpuMilli += this.#world.usedVcpuMilli(arn);
    }
    return { maxVcpuMilli, usedVcpuMilli };
  }
}

/** The queue's policy, where that is one of fair share. */
export function fairSharePolicyOf(world: World, { policyArn }: Queue): FairSharePolicy | undefined {
  const policy = policyArn === undefined ? undefined : world.policies.get(policyArn);
  return policy?.kind === "fair-share" ? policy : undefined;
}
