import type { Clock } from "../ports/clock.ts";
import type { StoreCare, Tended } from "../ports/store-care.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Until the next step. */
const PAUSE_MS: Readonly<Record<Tended, number>> = { more: 20, busy: 1_000, done: MINUTE_MS };

export interface StoreKeeperOptions {
  readonly care: StoreCare;
  readonly clock: Clock;
  onError(what: string, error: unknown): void;
}

/** Has the store give back what is free, step by step: not before a minute after the start. */
export class StoreKeeper {
  readonly #options: StoreKeeperOptions;
  #cancel: () => void;
  #step: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: StoreKeeperOptions) {
    this.#options = options;
    this.#cancel = options.clock.after(MINUTE_MS, () => this.#begin());
  }

  /** Resolves when no step is being done any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#step;
  }

  #begin(): void {
    this.#step = this.#takeStep();
  }

  async #takeStep(): Promise<void> {
    const { care, clock, onError } = this.#options;
    let pauseMs = HOUR_MS;
    try {
      pauseMs = PAUSE_MS[await care.giveBack()];
    } catch (error) {
      onError("tidying the store failed; it is tried again in an hour", error);
    }
    if (!this.#isClosed) this.#cancel = clock.after(pauseMs, () => this.#begin());
  }
}
