import type { Clock } from "../../ports/clock.ts";
import { tooManyRequestsException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import { scopeOf } from "./names.ts";
import { TEXTS } from "./texts.ts";

/** Bounds the memory. Who is forgotten may begin anew. */
const MAX_BUCKETS = 10_000;

interface Bucket {
  tokens: number;
  /** Epoch ms. */
  filledAt: number;
}

/** So many calls of each operation per second for each account and region, and as many at once for who has not called for a second. */
export class RateLimit {
  readonly #perSecond: Readonly<Partial<Record<string, number>>>;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: Readonly<Partial<Record<string, number>>>, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** @throws a TooManyRequestsException. Nothing of the call has happened then. */
  admit(operation: string, call: Call): void {
    const perSecond = this.#perSecond[operation];
    if (perSecond === undefined) return;
    const bucket = this.#bucket(`${operation} ${scopeOf(call)}`, perSecond);
    if (bucket.tokens < 1) throw tooManyRequestsException(TEXTS.tooManyRequests);
    bucket.tokens -= 1;
  }

  #bucket(key: string, perSecond: number): Bucket {
    const now = this.#clock.now();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
      this.#buckets.set(key, (bucket = { tokens: perSecond, filledAt: now }));
    }
    const passedMs = Math.max(0, now - bucket.filledAt);
    bucket.tokens = Math.min(perSecond, bucket.tokens + (perSecond * passedMs) / 1000);
    bucket.filledAt = now;
    return bucket;
  }
}
