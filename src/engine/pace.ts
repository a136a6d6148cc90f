import type { Clock } from "../ports/clock.ts";

/** Keeps ticks so far apart that under load what comes meanwhile shares one commit. */
export class Pace {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #lastAt = 0;

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Resolves when the next tick may begin. */
  async next(): Promise<void> {
    const delayMs = this.#lastAt + this.#intervalMs - this.#clock.now();
    // A clock that was set back would make this long; it is no reason to wait.
    if (delayMs > 0 && delayMs <= this.#intervalMs)
      await new Promise<void>((resolve) => void this.#clock.after(delayMs, resolve));
    this.#lastAt = this.#clock.now();
  }

  /** Returns how to cancel it. */
  sleepUntil(wakeAt: number, wake: () => void): () => void {
    const delayMs = Math.max(0, wakeAt - this.#clock.now());
    return this.#clock.after(Math.min(delayMs, MAX_SLEEP_MS), wake);
  }
}

/** Timers of more than 2^31 ms fire at once; no deadline needs a longer sleep than a day. */
const MAX_SLEEP_MS = 86_400_000;

const FIRST_RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 5_000;

/** After so many failures, one after the other. */
export function retryDelayMs(failures: number): number {
  return Math.min(FIRST_RETRY_DELAY_MS * 2 ** (failures - 1), MAX_RETRY_DELAY_MS);
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
