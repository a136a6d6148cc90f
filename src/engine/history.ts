import type { Clock } from "../ports/clock.ts";
import type { History } from "../ports/history.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const JOBS_AT_ONCE = 200;
const CHILDREN_AT_ONCE = 1_000;
const DEFINITIONS_AT_ONCE = 100;

/** For how many days what is over is kept; undefined: for ever. */
export interface KeepingTimes {
  readonly jobDays?: number | undefined;
  /** Whether a job's tag longshore:history-days says otherwise. */
  readonly tagsCount: boolean;
  /** After their deregistration. */
  readonly definitionDays?: number | undefined;
}

export interface HistoryKeeperOptions {
  readonly history: History;
  readonly times: KeepingTimes;
  readonly clock: Clock;
  /** Jobs were removed: their logs are deleted. */
  removed(): void;
  onError(what: string, error: unknown): void;
}

/** Removes jobs and definitions that are over when their time has come, bit by bit: at once after the start, then whenever the next one is due. */
export class HistoryKeeper {
  readonly #options: HistoryKeeperOptions;
  #round: Promise<void> | undefined;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(options: HistoryKeeperOptions) {
    this.#options = options;
    this.#begin();
  }

  /** Resolves when nothing is being removed any more. What is left is removed after the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#round;
  }

  #begin(): void {
    if (this.#isClosed) return;
    this.#round = this.#work().catch((error: unknown) => {
      this.#options.onError("removing old jobs failed; it is tried again in an hour", error);
      this.#sleep(HOUR_MS);
    });
  }

  async #work(): Promise<void> {
    const { history, times, clock } = this.#options;
    const { definitionDays } = times;
    await this.#removeChildren(); // of a server that was killed
    let nextAt = Infinity;
    for (const tagged of [undefined, ...(await history.keptDays())]) {
      const days = times.tagsCount ? (tagged ?? times.jobDays) : times.jobDays;
      if (days !== undefined) nextAt = Math.min(nextAt, await this.#removeJobs(tagged, days * DAY_MS));
    }
    if (definitionDays !== undefined) {
      const before = clock.now() - definitionDays * DAY_MS;
      await this.#bitByBit(() => history.removeDefinitions(before, DEFINITIONS_AT_ONCE));
    }
    // Jobs that others still depend on are kept beyond their time: no reason to look at them all the time.
    this.#sleep(Math.min(Math.max(nextAt - clock.now(), MINUTE_MS), HOUR_MS));
  }

  /** Returns when the next one is due, epoch ms. */
  async #removeJobs(tagged: number | undefined, keptMs: number): Promise<number> {
    const { history, clock } = this.#options;
    const removed = await this.#bitByBit(() => history.removeJobs(tagged, clock.now() - keptMs, JOBS_AT_ONCE));
    if (removed > 0) {
      await this.#removeChildren();
      this.#options.removed();
    }
    return ((await history.firstEnd(tagged)) ?? Infinity) + keptMs;
  }

  async #removeChildren(): Promise<void> {
    const removed = await this.#bitByBit(() => this.#options.history.removeChildren(CHILDREN_AT_ONCE));
    if (removed > 0) this.#options.removed();
  }

  async #bitByBit(removeSome: () => Promise<number>): Promise<number> {
    let removed = 0;
    while (!this.#isClosed) {
      const some = await removeSome();
      if (some === 0) break;
      removed += some;
    }
    return removed;
  }

  #sleep(ms: number): void {
    if (!this.#isClosed) this.#cancel = this.#options.clock.after(ms, () => this.#begin());
  }
}
