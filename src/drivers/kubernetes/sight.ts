import type { Clock } from "../../ports/clock.ts";

/** One request that fails is no reason to worry anybody. */
const AWAY_AFTER_MS = 5_000;

export interface SightOptions {
  readonly clock: Clock;
  readonly onLost: (why: string) => void;
  readonly onFound: () => void;
}

/** Whether the API server answers: told of each request. */
export class Sight {
  readonly #options: SightOptions;
  #failingSince: number | undefined;
  #isLost = false;

  constructor(options: SightOptions) {
    this.#options = options;
  }

  answered(failure: string | undefined): void {
    const { clock, onLost, onFound } = this.#options;
    if (failure === undefined) {
      this.#failingSince = undefined;
      if (!this.#isLost) return;
      this.#isLost = false;
      return onFound();
    }
    this.#failingSince ??= clock.now();
    if (this.#isLost || clock.now() - this.#failingSince < AWAY_AFTER_MS) return;
    this.#isLost = true;
    onLost(failure);
  }
}
