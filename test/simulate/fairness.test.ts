import assert from "node:assert/strict";
import { test } from "node:test";
import type { ShareUse } from "../../src/sim/report/fairness.ts";
import { fairnessOf } from "../../src/sim/report/fairness.ts";

/** [vCPUs, waiting jobs] of each bucket. */
function share(weightFactor: number, ...buckets: [vcpus: number, waiting: number][]): ShareUse {
  return {
    weightFactor,
    vcpus: buckets.map(([vcpus]) => vcpus),
    waitingJobs: buckets.map(([, waiting]) => waiting),
  };
}

for (const [what, shares, expected] of [
  ["equal shares of equal weight", [share(1, [4, 1]), share(1, [4, 1])], 1],
  ["one of two has all", [share(1, [8, 1]), share(1, [0, 1])], 1 / 2],
  ["three to one: (3+1)² / (2·(9+1))", [share(1, [6, 1]), share(1, [2, 1])], 0.8],
  ["half the weight factor is to get twice as much", [share(0.5, [6, 1]), share(1, [3, 1])], 1],
  ["who has nothing waiting lacks nothing", [share(1, [4, 1]), share(1, [4, 1]), share(1, [1, 0])], 1],
  [
    "the mean of the times in which two wait",
    [share(1, [8, 1], [4, 1], [8, 1]), share(1, [0, 1], [4, 1], [0, 0])],
    0.75,
  ],
  ["nobody waits beside another one", [share(1, [8, 1]), share(1, [0, 0])], undefined],
  ["no shares", [], undefined],
] as const) {
  test(what, () => assert.equal(fairnessOf(shares), expected));
}
