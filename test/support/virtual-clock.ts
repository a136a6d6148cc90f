import type { Clock } from "../../src/ports/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** Time that passes only when a test says so. Timers run in order of their time, those of one time in the order in which they were set. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Map<number, Timer>();

  constructor(now = Date.UTC(2030, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#order, task };
    this.#order += 1;
    this.#timers.set(timer.order, timer);
    return () => void this.#timers.delete(timer.order);
  }

  /** Lets time pass, and runs all that is due meanwhile, also what due timers set in turn. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#next(); next !== undefined && next.at <= until; next = this.#next()) {
      this.#now = next.at;
      this.#timers.delete(next.order);
      next.task();
    }
    this.#now = until;
  }

  /** When the next timer is due, epoch ms; undefined when none is set. */
  nextTimerAt(): number | undefined {
    return this.#next()?.at;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (first === undefined || timer.at < first.at) first = timer; // equal times: the map's order is that of setting
    }
    return first;
  }
}
