import type { Clock, Stopwatch } from "../ports/clock.ts";
import type { Lease, Term } from "../ports/leadership.ts";
import { StaleEpoch } from "../ports/store.ts";
import { Alarm } from "./alarm.ts";

/** Between two renewals. Several may fail before the lease runs out. */
const RENEW_EVERY_MS = 1_000;
const RETRY_AFTER_MS = 200;
/** A store that does not answer for so long is asked anew. */
const ANSWER_TIMEOUT_MS = 1_000;
/** So long before the lease runs out the leader stops acting: what it has just asked for arrives in time. */
const SAFETY_MS = 250;

export interface TermOptions {
  readonly lease: Pick<Lease, "durationMs" | "renew">;
  readonly clock: Pick<Clock, "after">;
  readonly stopwatch: Stopwatch;
  onError(what: string, error: unknown): void;
}

/**
 * A lead that is renewed every second. Until when it is safe to act is counted from before the lease was asked for, by a time that goes on while the
 * process is frozen; so it ends before anybody else can lead.
 */
export class ServedTerm implements Term {
  readonly epoch: number;
  /** Resolves when it is over: another server leads, or may. */
  readonly over: Promise<void>;
  readonly #options: TermOptions;
  readonly #alarm: Alarm;
  #safeUntilMs: number;
  #isOver = false;
  #end: () => void = () => {};
  #renewing: Promise<void> | undefined;
  /** The last renewal has failed. */
  #isLate = false;

  /** @param askedAtMs when the lease was asked for, by the stopwatch. */
  constructor(options: TermOptions, epoch: number, askedAtMs: number) {
    this.#options = options;
    this.epoch = epoch;
    this.#safeUntilMs = askedAtMs + options.lease.durationMs - SAFETY_MS;
    this.#alarm = new Alarm(options.clock);
    this.over = new Promise((resolve) => (this.#end = resolve));
    if (Number.isFinite(options.lease.durationMs)) void this.#keep();
  }

  holds(): boolean {
    return !this.#isOver && this.#options.stopwatch.elapsedMs() < this.#safeUntilMs;
  }

  async confirm(): Promise<void> {
    if (!this.holds()) await this.#renew();
    if (!this.holds()) throw new StaleEpoch(`this server does not lead any more as it did in epoch ${this.epoch}`);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nobody acts in it from now on. */
  end(): void {
    this.#isOver = true;
    this.#end();
    this.#alarm.ring();
  }

  async #keep(): Promise<void> {
    while (!this.#isOver) {
      await this.#alarm.sleep(this.#isLate ? RETRY_AFTER_MS : RENEW_EVERY_MS);
      if (!this.#isOver) await this.#renew();
    }
  }

  /** Ends the term when the lease is lost, or has run out and cannot be renewed. */
  #renew(): Promise<void> {
    this.#renewing ??= this.#tryToRenew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #tryToRenew(): Promise<void> {
    if (this.#isOver) return;
    const { lease, stopwatch, onError } = this.#options;
    const askedAtMs = stopwatch.elapsedMs();
    try {
      const isRenewed = await this.#inTime(lease.renew(this.epoch));
      this.#isLate = false;
      if (isRenewed) this.#safeUntilMs = askedAtMs + lease.durationMs - SAFETY_MS;
      else this.end();
    } catch (error) {
      this.#isLate = true;
      if (this.holds()) return onError("the lead could not be renewed yet", error);
      onError("the lead could not be renewed in time", error);
      this.end();
    }
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(ANSWER_TIMEOUT_MS, () => reject(new Error("the store does not answer")));
      void answer.then(resolve, reject).finally(cancel);
    });
  }
}
