import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeSeries } from "../../src/sim/report/time-series.ts";

test("the mean of each second while it was 2, then 5", () => {
  const series = new TimeSeries(10_000);
  series.add(10_500, 2);
  series.add(12_250, 3);
  assert.deepEqual(series.means(13_500), { widthMs: 1_000, values: [1, 2, 4.25, 5] });
  assert.equal(series.area(13_500), 2 * 1_750 + 5 * 1_250);
});

test("buckets widen with time, and nothing is lost of what they held", () => {
  const series = new TimeSeries(0);
  for (let n = 0; n < 5_000; n += 1) series.add(n * 1_000, n % 2 === 0 ? 1 : -1);
  const { widthMs, values } = series.means(5_000_000);
  assert.equal(widthMs, 8_000);
  assert.equal(values.length, 625);
  assert.ok(values.every((value) => value === 0.5));
  assert.equal(series.area(5_000_000), 2_500_000);
});
