import type { Clock } from "../ports/clock.ts";
import type { History, Submitted } from "../ports/history.ts";
import { restAfter } from "./rest.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Each goes from some fifteen places of the store: more would hold up requests for too long. */
const JOBS_AT_ONCE = 50;
const CHILDREN_AT_ONCE = 200;
const DEFINITIONS_AT_ONCE = 100;
/** So often queues are looked at for jobs that are too many. */
const COUNTED_EVERY_MS = 10 * MINUTE_MS;
/** Whoever waits for a job sees its end, however many others there are. */
const KEPT_AT_LEAST_MS = HOUR_MS;

/** For how many days what is over is kept; undefined: for ever. */
export interface KeepingTimes {
  readonly jobDays?: number | undefined;
  /** How many jobs of each queue are kept that are over: the newest. Undefined: all. */
  readonly jobsOfQueue?: number | undefined;
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
    if (times.jobsOfQueue !== undefined) {
      for (const queueArn of await history.queuesOfEnded()) await this.#removeOldest(queueArn, times.jobsOfQueue);
      nextAt = Math.min(nextAt, clock.now() + COUNTED_EVERY_MS);
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

  /** All but the newest ones. What is needed, or tagged to be kept, stays beside them. */
  async #removeOldest(queueArn: string, kept: number): Promise<void> {
    const { history, times, clock } = this.#options;
    const before = await history.nthNewest(queueArn, kept);
    if (before === undefined) return;
    const bite = { queueArn, before, tagsCount: times.tagsCount, limit: JOBS_AT_ONCE };
    let removed = 0;
    for (const status of ["SUCCEEDED", "FAILED"] as const) {
      let after: Submitted | undefined = { createdAt: -1, seq: -1 };
      while (after !== undefined && !this.#isClosed) {
        const startedAt = clock.now();
        const endedBefore = startedAt - KEPT_AT_LEAST_MS;
        const bitten = await history.removeOldest({ ...bite, status, after, endedBefore });
        if (!this.#isClosed) await restAfter(startedAt, clock);
        removed += bitten?.removed ?? 0;
        after = bitten?.lookedTo;
      }
    }
    if (removed === 0) return;
    await this.#removeChildren();
    this.#options.removed();
  }

  async #removeChildren(): Promise<void> {
    const removed = await this.#bitByBit(() => this.#options.history.removeChildren(CHILDREN_AT_ONCE));
    if (removed > 0) this.#options.removed();
  }

  async #bitByBit(removeSome: () => Promise<number>): Promise<number> {
    let removed = 0;
    while (!this.#isClosed) {
      const startedAt = this.#options.clock.now();
      const some = await removeSome();
      if (some === 0) break;
      removed += some;
      if (!this.#isClosed) await restAfter(startedAt, this.#options.clock);
    }
    return removed;
  }

  #sleep(ms: number): void {
    if (!this.#isClosed) this.#cancel = this.#options.clock.after(ms, () => this.#begin());
  }
}
