import type { Stopwatch } from "../ports/clock.ts";
import type { EngineObserver, TickReport } from "../ports/observer.ts";

/** Tells an observer, if there is one, of ticks, and how long they take. */
export class ObservedTicks {
  readonly #observer: EngineObserver | undefined;
  readonly #elapsedMs: () => number;
  readonly #onError: (what: string, error: unknown) => void;
  #commitMs: number | undefined;

  constructor(options: {
    readonly observer?: EngineObserver;
    readonly stopwatch?: Stopwatch;
    onError(what: string, error: unknown): void;
  }) {
    const { observer, stopwatch } = options;
    this.#observer = observer;
    this.#elapsedMs = () => stopwatch?.elapsedMs() ?? 0;
    this.#onError = (what, error) => options.onError(what, error);
  }

  /** Runs one tick. */
  async tick<T>(run: () => Promise<T>): Promise<T> {
    const beganMs = this.#elapsedMs();
    this.#commitMs = undefined;
    let hasFailed = true;
    try {
      const result = await run();
      hasFailed = false;
      return result;
    } finally {
      const commitMs = this.#commitMs;
      const tick = { tookMs: this.#elapsedMs() - beganMs, ...(commitMs !== undefined && { commitMs }), hasFailed };
      this.#tell((observer) => observer.ticked(tick));
    }
  }

  /** The commit of the tick that runs. */
  async commit(run: () => Promise<void>): Promise<void> {
    const beganMs = this.#elapsedMs();
    await run();
    this.#commitMs = this.#elapsedMs() - beganMs;
  }

  committed(report: TickReport): void {
    this.#tell((observer) => observer.committed(report));
  }

  #tell(what: (observer: EngineObserver) => void): void {
    if (this.#observer === undefined) return;
    try {
      what(this.#observer);
    } catch (error) {
      this.#onError("what is measured of the engine is not whole", error);
    }
  }
}
