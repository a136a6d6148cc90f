/** Many numbers, eight bytes each. */
export class Samples {
  #values = new Float64Array(1024);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  get count(): number {
    return this.#count;
  }

  sorted(): Float64Array {
    return this.#values.slice(0, this.#count).sort();
  }
}

export interface Distribution {
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** Undefined of nothing. Percentiles are the nearest rank: values that there are. */
export function distributionOf(samples: Samples): Distribution | undefined {
  const sorted = samples.sorted();
  if (sorted.length === 0) return undefined;
  const rank = (part: number): number => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
  const sum = sorted.reduce((total, value) => total + value, 0);
  return { mean: sum / sorted.length, median: rank(0.5), p95: rank(0.95), max: rank(1) };
}

/** Jain's index: 1 when all have the same, 1/n when one has all. Undefined of nothing. */
export function jainIndex(values: readonly number[]): number | undefined {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares === 0 ? undefined : (sum * sum) / (values.length * squares);
}
