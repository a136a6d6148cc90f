import type { Clock, Stopwatch } from "../../ports/clock.ts";
import type { Driver } from "../../ports/driver.ts";
import { MOST_SAMPLES, type Series } from "./series.ts";

/** Of one look: some thousandths of a second, in which nobody else is served. */
const AT_ONCE = 25;
/** So many of them are attempts that nobody has looked at yet, while there are others. */
const NEW_AT_ONCE = 15;
/** Looks may take a hundredth of the time. An engine that is slow to answer takes time and no work: the pause after it has a limit. */
const PAUSE_AFTER_LOOK = 99;
const PAUSE_MS = { least: 100, most: 2_000 };
/** Then whatever it was is gone, or cannot be measured. */
const MISSES_MAX = 8;
/** Of more attempts than this fewer samples each are kept: a server's memory has room for some hundred thousand. */
const MANY = 2_500;
const MOST_OF_MANY = 60;

export interface LaneOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  /** Fills in what an earlier leader has seen of these. */
  load(series: ReadonlyMap<string, Series>): Promise<void>;
  /** Something was added to it. */
  grown(attemptId: string, series: Series): void;
  onError(what: string, error: unknown): void;
}

/** Looks at the attempts of one driver, some at a time, in turn: a driver that is slow holds up no other one. */
export class Lane {
  readonly #options: LaneOptions;
  /** Attempts that nobody has looked at, in order of their start. */
  readonly #new = new Map<string, Series>();
  /** The others: who was looked at goes to the end. */
  readonly #known = new Map<string, Series>();
  #isLooking = false;
  #isClosed = false;
  #wakeAt = Infinity;
  #notBefore = 0;
  #cancel: () => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#new.size + this.#known.size;
  }

  get(attemptId: string): Series | undefined {
    return this.#new.get(attemptId) ?? this.#known.get(attemptId);
  }

  watch(attemptId: string, series: Series): void {
    this.#new.set(attemptId, series);
    this.#wakeBy(series.dueAt);
  }

  /** Gives what it had of it. */
  unwatch(attemptId: string): Series | undefined {
    const series = this.get(attemptId);
    this.#new.delete(attemptId);
    this.#known.delete(attemptId);
    return series;
  }

  ids(): string[] {
    return [...this.#new.keys(), ...this.#known.keys()];
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #wakeBy(at: number): void {
    if (this.#isLooking || this.#isClosed) return;
    const soonest = Math.max(at, this.#notBefore);
    if (soonest >= this.#wakeAt) return;
    this.#cancel();
    this.#wakeAt = soonest;
    this.#cancel = this.#options.clock.after(Math.max(0, soonest - this.#options.clock.now()), () => void this.#look());
  }

  async #look(): Promise<void> {
    const { clock, stopwatch, onError } = this.#options;
    this.#wakeAt = Infinity;
    this.#isLooking = true;
    const due = this.#due(clock.now());
    let tookMs = 0;
    try {
      const unread = new Map([...due].filter(([, { mustLoad }]) => mustLoad));
      if (unread.size > 0) await this.#options.load(unread);
      const begunMs = stopwatch.elapsedMs();
      if (due.size > 0) await this.#sample(due);
      tookMs = stopwatch.elapsedMs() - begunMs;
    } catch (error) {
      tookMs = PAUSE_MS.most;
      onError("what attempts use cannot be seen", error);
    }
    this.#isLooking = false;
    const pauseMs = Math.min(PAUSE_MS.most, Math.max(PAUSE_MS.least, PAUSE_AFTER_LOOK * tookMs));
    this.#notBefore = clock.now() + pauseMs;
    this.#wakeBy(this.#nextDueAt());
  }

  #due(now: number): Map<string, Series> {
    const due = new Map<string, Series>();
    for (const [attemptId, series] of this.#new) {
      if (series.dueAt > now || due.size === NEW_AT_ONCE) break;
      due.set(attemptId, series);
    }
    for (const [attemptId, series] of this.#known) {
      if (due.size === AT_ONCE) break;
      if (series.dueAt <= now) due.set(attemptId, series);
    }
    return due;
  }

  async #sample(due: ReadonlyMap<string, Series>): Promise<void> {
    const { driver, clock, grown } = this.#options;
    // In any case, it is the turn of others.
    for (const [attemptId, series] of due) {
      this.#new.delete(attemptId);
      this.#known.delete(attemptId);
      this.#known.set(attemptId, series);
      series.next(clock.now());
    }
    const seen = (await driver.usedSoFar?.([...due.keys()])) ?? new Map<string, never>();
    const now = clock.now();
    const most = this.size > MANY ? MOST_OF_MANY : MOST_SAMPLES;
    for (const [attemptId, series] of due) {
      // Ended meanwhile.
      if (this.#known.get(attemptId) !== series) continue;
      const used = seen.get(attemptId);
      if (used === undefined) series.miss();
      else series.add({ at: now, ...used }, most);
      if (series.misses > MISSES_MAX) this.#known.delete(attemptId);
      if (used !== undefined) grown(attemptId, series);
      series.next(now);
    }
  }

  #nextDueAt(): number {
    let next = Infinity;
    for (const { dueAt } of this.#new.values()) {
      next = dueAt;
      break;
    }
    for (const { dueAt } of this.#known.values()) if (dueAt < next) next = dueAt;
    return next;
  }
}
