import assert from "node:assert/strict";
import { test } from "node:test";
import { needOf } from "../../src/core/cost/advice.ts";
import { NO_USE } from "../../src/core/cost/totals.ts";

const ASKED = { vcpuMilli: 4000, memoryMiB: 8192 };
const HOUR_MS = 3_600_000;
const totals = (attempts: number, peakMemoryMiB: number, cpuHours = 0) => ({
  ...{ ...NO_USE, attempts, peakMemoryMiB, cpuMs: cpuHours * HOUR_MS },
  vcpuMilliMs: attempts * ASKED.vcpuMilli * HOUR_MS,
});

for (const [what, used, expected] of [
  ["a quarter more than the most, in steps of 64", totals(120, 1946), { peakMemoryMiB: 1946, enoughMemoryMiB: 2496 }],
  ["two attempts say little", totals(2, 1946), { peakMemoryMiB: 1946 }],
  ["not worth a change", totals(120, 5000), { peakMemoryMiB: 5000 }],
  ["just worth one", totals(120, 4915), { peakMemoryMiB: 4915, enoughMemoryMiB: 6144 }],
  ["it used all", totals(120, 8192), { peakMemoryMiB: 8192 }],
  ["memory was not measured", totals(120, 0), {}],
] as const) {
  test(what, () => assert.deepEqual(needOf(ASKED, used), { ...expected, vcpusUsed: 0 }));
}

test("how many processors were busy on average, of attempts of whatever length", () => {
  assert.equal(needOf(ASKED, totals(10, 0, 15)).vcpusUsed, 1.5);
  assert.equal(needOf({ vcpuMilli: 0, memoryMiB: 0 }, NO_USE).vcpusUsed, 0);
});
