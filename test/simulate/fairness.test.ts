import assert from "node:assert/strict";
import { test } from "node:test";
import type { ShareUse } from "../../src/sim/report/fairness.ts";
import { fairnessOf } from "../../src/sim/report/fairness.ts";

const WEIGHTS = [
  { identifier: "half", weight: 0.5 },
  { identifier: "team*", weight: 1 },
];

/** [vCPUs, waiting jobs] of each bucket. */
function share(name: string, ...buckets: [vcpus: number, waiting: number][]): ShareUse {
  return {
    name,
    weights: WEIGHTS,
    vcpus: buckets.map(([vcpus]) => vcpus),
    waitingJobs: buckets.map(([, waiting]) => waiting),
  };
}

for (const [what, shares, expected] of [
  ["equal shares of equal weight", [share("a", [4, 1]), share("a", [4, 1])], 1],
  ["one of two has all", [share("a", [8, 1]), share("a", [0, 1])], 1 / 2],
  ["three to one: (3+1)² / (2·(9+1))", [share("a", [6, 1]), share("a", [2, 1])], 0.8],
  ["half the weight factor is to get twice as much", [share("half", [6, 1]), share("a", [3, 1])], 1],
  [
    "those of a prefix have its weight together: each of two is to get half",
    [share("team1", [2, 1]), share("team2", [2, 1]), share("a", [4, 1])],
    1,
  ],
  ["who has nothing waiting lacks nothing", [share("a", [4, 1]), share("a", [4, 1]), share("a", [1, 0])], 1],
  [
    "the mean of the times in which two wait",
    [share("a", [8, 1], [4, 1], [8, 1]), share("a", [0, 1], [4, 1], [0, 0])],
    0.75,
  ],
  ["nobody waits beside another one", [share("a", [8, 1]), share("a", [0, 0])], undefined],
  ["no shares", [], undefined],
] as const) {
  test(what, () => assert.equal(fairnessOf(shares), expected));
}
