import type { Clock } from "../ports/clock.ts";
import type { EventLog } from "../ports/events.ts";
import { restAfter } from "./rest.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const EVENTS_AT_ONCE = 500;

export interface EventKeeperOptions {
  readonly events: Pick<EventLog, "remove">;
  readonly clock: Clock;
  /** How many days, and how many events, are kept. */
  readonly days: number;
  readonly kept: number;
  onError(what: string, error: unknown): void;
}

/** Removes events that are old or too many, bit by bit: at once after the start, then every minute. */
export class EventKeeper {
  readonly #options: EventKeeperOptions;
  #round: Promise<void> | undefined;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(options: EventKeeperOptions) {
    this.#options = options;
    this.#begin();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#round;
  }

  #begin(): void {
    this.#round = this.#work()
      .catch((error: unknown) => this.#options.onError("removing old events failed; it is tried again soon", error))
      .finally(() => {
        if (!this.#isClosed) this.#cancel = this.#options.clock.after(MINUTE_MS, () => this.#begin());
      });
  }

  async #work(): Promise<void> {
    const { events, clock, days, kept } = this.#options;
    while (!this.#isClosed) {
      const startedAt = clock.now();
      const removed = await events.remove({ time: startedAt - days * DAY_MS, kept, limit: EVENTS_AT_ONCE });
      if (removed < EVENTS_AT_ONCE) return;
      await restAfter(startedAt, clock);
    }
  }
}
