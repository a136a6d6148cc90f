import type { Clock } from "../../ports/clock.ts";
import { tooManyRequestsException } from "../wire/errors.ts";

/** Bounds the memory. Who has not called for longest is forgotten, and may begin anew. */
const MAX_BUCKETS = 10_000;

interface Bucket {
  tokens: number;
  /** Epoch ms. */
  filledAt: number;
}

/** So many calls of each operation per second for each caller, and as many at once for who has not called for a second. */
export class RateLimit {
  readonly #perSecond: Readonly<Partial<Record<string, number>>>;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: Readonly<Partial<Record<string, number>>>, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** @throws a TooManyRequestsException. Nothing of the call has happened then. */
  admit(operation: string, caller: string): void {
    const perSecond = this.#perSecond[operation];
    if (perSecond === undefined) return;
    const bucket = this.#bucket(`${operation} ${caller}`, perSecond);
    if (bucket.tokens < 1) throw tooManyRequestsException("Too Many Requests");
    bucket.tokens -= 1;
  }

  #bucket(key: string, perSecond: number): Bucket {
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? { tokens: perSecond, filledAt: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    const passedMs = Math.max(0, now - bucket.filledAt);
    bucket.tokens = Math.min(perSecond, bucket.tokens + (perSecond * passedMs) / 1000);
    bucket.filledAt = now;
    return bucket;
  }
}
