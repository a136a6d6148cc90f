const LOCAL = { shortestMs: 25, longestMs: 400 } as const;
const REMOTE = { shortestMs: 1_000, longestMs: 5_000 } as const;
const GROWTH = 1.3;

/**
 * How long to wait between two looks at a job: short while something happens, longer and longer while nothing does. Never so
 * short that a service far away would throttle us.
 */
export class Pace {
  readonly #limits: { readonly shortestMs: number; readonly longestMs: number };
  #nextMs: number;
  #wake: (() => void) | undefined;

  constructor(isLocal: boolean) {
    this.#limits = isLocal ? LOCAL : REMOTE;
    this.#nextMs = this.#limits.shortestMs;
  }

  /** Waits; `changed` says whether the last look found something new. */
  async wait(changed: boolean): Promise<void> {
    if (changed) this.#nextMs = this.#limits.shortestMs;
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(this.#limits.longestMs, this.#nextMs * GROWTH);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Ends a wait early, because something has happened here that the next look will show. */
  wake(): void {
    this.#nextMs = this.#limits.shortestMs;
    this.#wake?.();
  }
}
