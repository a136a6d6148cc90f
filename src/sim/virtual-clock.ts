import TinyQueue from "tinyqueue";
import type { Clock, Stopwatch } from "../ports/clock.ts";

interface Entry {
  readonly at: number;
  /** At one instant, what happens in the world comes before anybody's timer. */
  readonly isTimer: boolean;
  readonly order: number;
  /** Undefined when it was cancelled. */
  task: (() => void) | undefined;
}

/** Below this many, what was cancelled is not worth clearing away. */
const MIN_TO_CLEAR = 1_000;

/**
 * Time that passes only when somebody says so: then it jumps from one instant to the next at which something is due. What is due at one instant runs
 * in this order: what happens in the world, then timers; each in the order in which it was set.
 */
export class VirtualClock implements Clock, Stopwatch {
  #now: number;
  #setByMs = 0;
  #order = 0;
  #entries = new TinyQueue<Entry>([], byTime);
  #cancelled = 0;
  #events = 0;

  constructor(now = Date.UTC(2030, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now + this.#setByMs;
  }

  elapsedMs(): number {
    return this.#now;
  }

  /** Somebody sets the clock, forward or (negative) back: no time passes. */
  set(byMs: number): void {
    this.#setByMs += byMs;
  }

  after(delayMs: number, task: () => void): () => void {
    const entry = this.#add(this.#now + Math.max(0, delayMs), true, task);
    return () => this.#cancel(entry);
  }

  /** Something happens in the world at `at`, or now if that is over. */
  at(at: number, task: () => void): void {
    this.#add(Math.max(this.#now, at - this.#setByMs), false, task);
  }

  /** When something is due next, epoch ms; undefined when nothing is. */
  nextTimerAt(): number | undefined {
    const at = this.#nextAt();
    return at === undefined ? undefined : at + this.#setByMs;
  }

  #nextAt(): number | undefined {
    for (;;) {
      const next = this.#entries.peek();
      if (next === undefined || next.task !== undefined) return next?.at;
      this.#entries.pop();
      this.#cancelled -= 1;
    }
  }

  /** Whether anything is due but timers. */
  get hasEvents(): boolean {
    return this.#events > 0;
  }

  /** Lets time pass until something is due, and runs all that is due then. False when nothing ever is. */
  toNext(): boolean {
    const at = this.#nextAt();
    if (at === undefined) return false;
    this.#now = at;
    while (this.#nextAt() === at) this.#runFirst();
    return true;
  }

  /** Lets so much time pass, and runs all that is due meanwhile, also what that sets in turn. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let at = this.#nextAt(); at !== undefined && at <= until; at = this.#nextAt()) {
      this.#now = at;
      this.#runFirst();
    }
    this.#now = until;
  }

  #runFirst(): void {
    const entry = this.#entries.pop()!;
    const task = entry.task!;
    // A timer that has run can't be cancelled any more.
    entry.task = undefined;
    if (!entry.isTimer) this.#events -= 1;
    task();
  }

  #add(at: number, isTimer: boolean, task: () => void): Entry {
    const entry: Entry = { at, isTimer, order: this.#order, task };
    this.#order += 1;
    if (!isTimer) this.#events += 1;
    this.#entries.push(entry);
    return entry;
  }

  #cancel(entry: Entry): void {
    if (entry.task === undefined) return;
    entry.task = undefined;
    this.#cancelled += 1;
    if (this.#cancelled < MIN_TO_CLEAR || this.#cancelled < this.#entries.length / 2) return;
    const live = this.#entries.data.filter(({ task }) => task !== undefined);
    this.#entries = new TinyQueue(live, byTime);
    this.#cancelled = 0;
  }
}

function byTime(a: Entry, b: Entry): number {
  return a.at - b.at || Number(a.isTimer) - Number(b.isTimer) || a.order - b.order;
}
