/** How many buckets there are at most. */
const BUCKETS = 1_024;

const FIRST_WIDTH_MS = 1_000;

/**
 * A value that changes at instants, kept as its mean in each bucket of time. Buckets become twice as wide when time outgrows them, so that a
 * year costs as much as a day.
 */
export class TimeSeries {
  readonly #beginsAt: number;
  #widthMs = FIRST_WIDTH_MS;
  /** By bucket, the value times the ms for which it held. */
  readonly #areas = new Float64Array(BUCKETS);
  #value = 0;
  #lastAt: number;
  #total = 0;

  constructor(beginsAt: number) {
    this.#beginsAt = beginsAt;
    this.#lastAt = beginsAt;
  }

  get value(): number {
    return this.#value;
  }

  /** From `at` on it is so much more; times never go back. */
  add(at: number, difference: number): void {
    this.#passTo(at);
    this.#value += difference;
  }

  /** The value times the ms for which it held, up to `at`. */
  area(at: number): number {
    this.#passTo(at);
    return this.#total;
  }

  /** The mean of each bucket up to `at`; series that begin together and are asked for the same time have the same buckets. */
  means(at: number): { readonly widthMs: number; readonly values: readonly number[] } {
    this.#passTo(at);
    const lastMs = at - this.#beginsAt;
    const count = Math.ceil(lastMs / this.#widthMs);
    const values = Array.from({ length: count }, (_, index) => {
      const widthMs = Math.min(this.#widthMs, lastMs - index * this.#widthMs);
      return this.#areas[index]! / widthMs;
    });
    return { widthMs: this.#widthMs, values };
  }

  #passTo(at: number): void {
    if (at <= this.#lastAt) return;
    while (at - this.#beginsAt > this.#widthMs * BUCKETS) this.#widen();
    this.#total += this.#value * (at - this.#lastAt);
    for (let from = this.#lastAt - this.#beginsAt; from < at - this.#beginsAt;) {
      const bucket = Math.floor(from / this.#widthMs);
      const until = Math.min(at - this.#beginsAt, (bucket + 1) * this.#widthMs);
      this.#areas[bucket]! += this.#value * (until - from);
      from = until;
    }
    this.#lastAt = at;
  }

  #widen(): void {
    for (let bucket = 0; bucket < BUCKETS / 2; bucket += 1) {
      this.#areas[bucket] = this.#areas[2 * bucket]! + this.#areas[2 * bucket + 1]!;
    }
    this.#areas.fill(0, BUCKETS / 2);
    this.#widthMs *= 2;
  }
}
