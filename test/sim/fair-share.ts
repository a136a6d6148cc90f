import type { Attempt } from "../../src/core/job.ts";
import { isTerminal } from "../../src/core/job.ts";
import type { Entry } from "./ledger.ts";

/** A fair-share policy, as the requests have made it. */
export interface FairPolicy {
  readonly decaySeconds: number;
  readonly reservationPercent: number;
  readonly weights: readonly { readonly identifier: string; readonly weight: number }[];
}

/** A job that waited when the tick looked at it, children one by one. */
export interface Contender {
  readonly id: string;
  readonly share: string;
  readonly seq: number;
  readonly vcpuMilli: number;
  /** It was placed in this commit. */
  readonly isPlaced: boolean;
  /** It may wait for something that holds up nobody: it may stand aside. */
  readonly mayStandAside: boolean;
  /** It may be that it can never start, which holds up its own share only. */
  readonly mayHoldItsShareOnly: boolean;
  /** It may be that it waits for capacity, which holds up all. */
  readonly mayHoldTheQueue: boolean;
}

const MIN_WINDOW_MS = 600_000;
/** Differences that rounding may make. */
const ROUNDING = 1e-6;

/**
 * The rule of reference 7.3 in its plainest form: each share has used vCPUs times time within the window, an attempt at least a tenth of it while it is
 * active; times its weight, the least is served next.
 */
export class FairShares {
  readonly #policy: FairPolicy;
  readonly #windowMs: number;
  readonly #now: number;
  readonly #usage = new Map<string, number>();
  readonly #active = new Set<string>();

  /** `entries`: all that were ever submitted to the queue. `fresh`: ids of attempts that begin with this very commit. */
  constructor(policy: FairPolicy, entries: Iterable<Entry>, fresh: ReadonlySet<string>, now: number) {
    this.#policy = policy;
    this.#windowMs = Math.max(MIN_WINDOW_MS, policy.decaySeconds * 1000);
    this.#now = now;
    for (const entry of entries) this.#add(entry, fresh);
  }

  /** How many shares count as active. */
  get activeShares(): number {
    return this.#active.size;
  }

  /** What the share with the least has: who is served next. */
  valueOf(share: string): number {
    return (this.#usage.get(share) ?? 0) * this.#weightOf(share);
  }

  place(share: string, vcpuMilli: number): void {
    this.#usage.set(share, (this.#usage.get(share) ?? 0) + (vcpuMilli * this.#windowMs) / 10);
  }

  /**
   * Goes through the turns that led to these placements, `lanes` being the contenders of each share in their order. Returns what cannot have been a turn,
   * if any.
   */
  firstWrongTurn(lanes: ReadonlyMap<string, readonly Contender[]>): string | undefined {
    const left = new Map([...lanes].map(([share, lane]) => [share, [...lane]]));
    const isDone = (): boolean => ![...left.values()].flat().some(({ isPlaced }) => isPlaced);
    while (!isDone()) {
      const share = this.#next(left);
      const lane = left.get(share)!;
      const head = lane[0]!;
      if (head.isPlaced) this.place(share, head.vcpuMilli);
      if (head.isPlaced || head.mayStandAside) lane.shift();
      else if (head.mayHoldItsShareOnly || this.#policy.reservationPercent > 0) {
        if (lane.some(({ isPlaced }) => isPlaced)) return `a job of share ${share} starts before ${head.id}`;
        left.delete(share);
      } else return this.#wrongTurn(head, left);
      if (lane.length === 0) left.delete(share);
    }
    return undefined;
  }

  /** The first jobs of the shares that may start next, those that stand aside left out: up to the first that holds up the whole queue. */
  *heads(lanes: ReadonlyMap<string, readonly Contender[]>): Iterable<Contender> {
    if (this.#policy.reservationPercent > 0) return;
    const firsts = [...lanes.values()].flatMap((lane) => lane.find(({ mayStandAside }) => !mayStandAside) ?? []);
    firsts.sort((a, b) => this.valueOf(a.share) - this.valueOf(b.share) || a.seq - b.seq);
    for (const head of firsts) {
      yield head;
      if (head.mayHoldTheQueue) return;
    }
  }

  #wrongTurn(head: Contender, left: ReadonlyMap<string, readonly Contender[]>): string {
    const started = [...left.values()].flat().find(({ isPlaced }) => isPlaced)!;
    const value = ({ share }: Contender): string => (this.valueOf(share) / 1e6).toFixed(3);
    return `${started.id} of share ${started.share} (${value(started)}) starts before ${head.id} of share ${head.share} (${value(head)}), which has used less`;
  }

  /** Of shares that have used the same, the one whose first job is the oldest. */
  #next(left: ReadonlyMap<string, readonly Contender[]>): string {
    const turns = [...left].map(([share, [head]]) => ({ share, head: head!, value: this.valueOf(share) }));
    const [first, ...others] = turns.sort((a, b) => a.value - b.value || a.head.seq - b.head.seq);
    if (first!.head.isPlaced) return first!.share;
    const isNearly = ({ value }: { value: number }): boolean =>
      value !== first!.value && value - first!.value < ROUNDING * Math.max(1, value);
    return (others.find((one) => one.head.isPlaced && isNearly(one)) ?? first!).share;
  }

  #weightOf(share: string): number {
    const { weights } = this.#policy;
    const exact = weights.find(({ identifier }) => identifier === share);
    if (exact !== undefined) return exact.weight;
    const prefix = weights.find(
      ({ identifier }) => identifier.endsWith("*") && share.startsWith(identifier.slice(0, -1)),
    );
    if (prefix === undefined) return 1;
    const members = [...this.#active].filter(
      (one) => one.startsWith(prefix.identifier.slice(0, -1)) && !weights.some(({ identifier }) => identifier === one),
    );
    return prefix.weight * members.length;
  }

  #add({ job, state, children }: Entry, fresh: ReadonlySet<string>): void {
    const share = job.scheduling.share ?? "";
    let lastActiveAt = -Infinity;
    for (const one of [state, ...children.values()]) {
      for (const attempt of one.attempts) {
        if (fresh.has(attempt.id)) continue;
        const used = this.#used(attempt) * job.scheduling.requirements.vcpuMilli;
        this.#usage.set(share, (this.#usage.get(share) ?? 0) + used);
        lastActiveAt = Math.max(lastActiveAt, attempt.stoppedAt ?? this.#now);
      }
      lastActiveAt = Math.max(lastActiveAt, one.stoppedAt ?? -Infinity);
    }
    if (!isTerminal(state.status) || this.#now - lastActiveAt < this.#windowMs) this.#active.add(share);
  }

  /** For how long of the window an attempt counts, ms. */
  #used({ startedAt, stoppedAt }: Attempt): number {
    const from = this.#now - this.#windowMs;
    const ran = startedAt === undefined ? 0 : Math.max(0, (stoppedAt ?? this.#now) - Math.max(startedAt, from));
    return stoppedAt === undefined ? Math.max(ran, this.#windowMs / 10) : ran;
  }
}
