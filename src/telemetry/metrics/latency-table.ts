import type { Metric, MetricValueWithName, Registry } from "prom-client";

interface Row {
  readonly labels: { readonly operation: string; readonly status: string };
  /** By bucket, not cumulative; the last one is for all above. */
  readonly counts: Float64Array;
  sum: number;
  count: number;
}

/** A histogram of what happens with every request: the library's own looks its labels up each time, which costs more than all else that is measured here. */
export class LatencyTable {
  readonly #name: string;
  readonly #buckets: readonly number[];
  readonly #rows = new Map<string, Row>();

  constructor(registry: Registry, name: string, help: string, buckets: readonly number[]) {
    this.#name = name;
    this.#buckets = buckets;
    const metric = { name, get: () => Promise.resolve({ name, help, type: "histogram", values: this.#values() }) };
    registry.registerMetric(metric as unknown as Metric);
  }

  observe(operation: string, status: string, seconds: number): void {
    const key = `${operation} ${status}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { labels: { operation, status }, counts: new Float64Array(this.#buckets.length + 1), sum: 0, count: 0 };
      this.#rows.set(key, row);
    }
    let bucket = 0;
    while (bucket < this.#buckets.length && seconds > this.#buckets[bucket]!) bucket += 1;
    row.counts[bucket]! += 1;
    row.sum += seconds;
    row.count += 1;
  }

  #values(): MetricValueWithName<string>[] {
    return [...this.#rows.values()].flatMap(({ labels, counts, sum, count }) => {
      let below = 0;
      const buckets = [...counts].map((some, index) => {
        below += some;
        const le = this.#buckets[index] ?? "+Inf";
        return { labels: { ...labels, le }, value: below, metricName: `${this.#name}_bucket` };
      });
      return [
        ...buckets,
        { labels, value: sum, metricName: `${this.#name}_sum` },
        { labels, value: count, metricName: `${this.#name}_count` },
      ];
    });
  }
}
