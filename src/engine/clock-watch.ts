import type { Clock, Stopwatch } from "../ports/clock.ts";

/** Less than this is what clocks are slowed and hurried by, and what passes between two looks. */
const NOTICED_MS = 1_000;

/** Notices when the machine's clock was set: it and the stopwatch then disagree on how much time has passed. */
export class ClockWatch {
  readonly #clock: Pick<Clock, "now">;
  readonly #stopwatch: Stopwatch;
  #honouredAt: number;
  #seenAt: number;

  /** Without a stopwatch the clock is never set. */
  constructor(clock: Pick<Clock, "now">, stopwatch: Stopwatch = { elapsedMs: () => clock.now() }) {
    this.#clock = clock;
    this.#stopwatch = stopwatch;
    this.#honouredAt = this.#seenAt = this.#difference();
  }

  /** By how many ms it was set forward since what was honoured; negative: back; 0: it was not. */
  setByMs(): number {
    const difference = this.#difference();
    if (Math.abs(difference - this.#honouredAt) >= NOTICED_MS) this.#seenAt = difference;
    return Math.round(this.#seenAt - this.#honouredAt);
  }

  /** What `setByMs` has said last is committed. */
  honoured(): void {
    this.#honouredAt = this.#seenAt;
  }

  #difference(): number {
    return this.#clock.now() - this.#stopwatch.elapsedMs();
  }
}
