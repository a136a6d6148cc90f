import assert from "node:assert/strict";
import { test } from "node:test";
import type { Need } from "../../../src/core/scaling/need.ts";
import { takeFrom } from "../../../src/core/scaling/need.ts";
import type { Cluster } from "./cluster.ts";
import { jobs, launches, planFor } from "./cluster.ts";

const FAMILY = ["m5.large", "m5.xlarge", "c5.large"] as const;

/** Worked by hand. Prices: c5.large 0.0425 a vCPU; m5 0.048; r5.large 0.063; g4dn.xlarge 0.1315. */
const EXAMPLES: readonly { what: string; cluster: Cluster; needs: readonly Need[]; expected: readonly string[] }[] = [
  {
    what: "10 jobs of 1 vCPU: five times the type with the cheapest vCPU, 0.425 an hour",
    cluster: { types: FAMILY, maxVcpus: 100 },
    needs: [jobs(10, 1, 1024)],
    expected: ["5 c5.large"],
  },
  {
    what: "they ask for 3 GiB each: a c5.large has room for one, an m5.large for two; an m5.xlarge costs the same for twice as many",
    cluster: { types: FAMILY, maxVcpus: 100 },
    needs: [jobs(10, 1, 3072)],
    expected: ["2 m5.xlarge", "1 m5.large"],
  },
  {
    what: "one job of 3 vCPU fits on the m5.xlarge alone",
    cluster: { types: FAMILY, maxVcpus: 100 },
    needs: [jobs(1, 3, 1024)],
    expected: ["1 m5.xlarge"],
  },
  {
    what: "a job of 1 vCPU uses what a job of 3 vCPU leaves: nothing is launched for it",
    cluster: { types: FAMILY, maxVcpus: 100 },
    needs: [jobs(2, 3, 1024), jobs(2, 1, 1024)],
    expected: ["2 m5.xlarge"],
  },
  {
    what: "much memory: the type whose memory holds two",
    cluster: { types: ["m5.large", "r5.large"], maxVcpus: 100 },
    needs: [jobs(4, 1, 7_000)],
    expected: ["2 r5.large"],
  },
  {
    what: "the maximum: as many as it lets",
    cluster: { types: FAMILY, maxVcpus: 6 },
    needs: [jobs(10, 1, 1024)],
    expected: ["3 c5.large"],
  },
  {
    what: "the maximum is exceeded by at most one instance",
    cluster: { types: ["m5.xlarge"], maxVcpus: 9 },
    needs: [jobs(10, 4, 1024)],
    expected: ["3 m5.xlarge"],
  },
  {
    what: "a type that keeps to the maximum goes before one that exceeds it",
    cluster: { types: ["m5.xlarge", "m5.large"], maxVcpus: 6 },
    needs: [jobs(10, 1, 3072)],
    expected: ["1 m5.xlarge", "1 m5.large"],
  },
  {
    what: "BEST_FIT on demand never exceeds it",
    cluster: { types: ["m5.xlarge"], maxVcpus: 9, strategy: "BEST_FIT" },
    needs: [jobs(10, 4, 1024)],
    expected: ["2 m5.xlarge"],
  },
  {
    what: "BEST_FIT in Spot may",
    cluster: { types: ["m5.xlarge"], maxVcpus: 9, strategy: "BEST_FIT", isSpot: true },
    needs: [jobs(10, 4, 1024)],
    expected: ["3 m5.xlarge"],
  },
  {
    what: "BEST_FIT waits when its type cannot be had",
    cluster: { types: FAMILY, maxVcpus: 100, strategy: "BEST_FIT", unavailable: { "c5.large": 300_000 } },
    needs: [jobs(10, 1, 1024)],
    expected: [],
  },
  {
    what: "BEST_FIT_PROGRESSIVE goes on with the next one",
    cluster: { types: FAMILY, maxVcpus: 100, unavailable: { "c5.large": 300_000 } },
    needs: [jobs(10, 1, 1024)],
    expected: ["2 m5.xlarge", "1 m5.large"],
  },
  {
    what: "ORDERED: the list decides, not the price",
    cluster: {
      types: FAMILY,
      maxVcpus: 100,
      strategy: "BEST_FIT_PROGRESSIVE_ORDERED",
      ranks: new Map([
        ["m5.xlarge", 0],
        ["c5.large", 1],
        ["m5.large", 2],
      ]),
    },
    needs: [jobs(10, 1, 1024)],
    expected: ["3 m5.xlarge"],
  },
  {
    what: "ORDERED: types that are too small are skipped, those that cannot be had too",
    cluster: {
      types: [...FAMILY, "m5.2xlarge"],
      maxVcpus: 100,
      strategy: "BEST_FIT_PROGRESSIVE_ORDERED",
      ranks: new Map([
        ["m5.large", 0],
        ["c5.large", 1],
        ["m5.xlarge", 2],
        ["m5.2xlarge", 3],
      ]),
      unavailable: { "m5.xlarge": 300_000 },
    },
    needs: [jobs(2, 4, 1024)],
    expected: ["1 m5.2xlarge"],
  },
  {
    what: "ORDERED: within a family the price decides",
    cluster: {
      types: FAMILY,
      maxVcpus: 100,
      strategy: "BEST_FIT_PROGRESSIVE_ORDERED",
      ranks: new Map([
        ["m5.large", 0],
        ["m5.xlarge", 0],
        ["c5.large", 1],
      ]),
    },
    needs: [jobs(1, 1, 1024)],
    expected: ["1 m5.large"],
  },
  {
    what: "GPUs where they are asked for",
    cluster: { types: ["m5.large", "g4dn.xlarge"], maxVcpus: 100 },
    needs: [jobs(2, 2, 1024, { gpus: 1 })],
    expected: ["2 g4dn.xlarge"],
  },
  {
    what: "no GPUs for others, also while the other type cannot be had",
    cluster: { types: ["m5.large", "g4dn.xlarge"], maxVcpus: 100, unavailable: { "m5.large": 300_000 } },
    needs: [jobs(2, 2, 1024)],
    expected: [],
  },
  {
    what: "unless no other type is large enough",
    cluster: { types: ["m5.large", "g4dn.xlarge"], maxVcpus: 100 },
    needs: [jobs(1, 4, 1024)],
    expected: ["1 g4dn.xlarge"],
  },
  {
    what: "the processor that was asked for, though another one is cheaper",
    cluster: { types: ["m5.large", "m6g.large"], maxVcpus: 100 },
    needs: [jobs(2, 1, 1024, { architecture: "X86_64" })],
    expected: ["1 m5.large"],
  },
  {
    what: "no type is large enough",
    cluster: { types: FAMILY, maxVcpus: 100 },
    needs: [jobs(1, 64, 1024)],
    expected: [],
  },
  {
    what: "nothing starts behind a job that can never start, so nothing is launched for what is there",
    cluster: { types: FAMILY, maxVcpus: 100 },
    needs: [jobs(1, 64, 1024), jobs(10, 1, 1024), jobs(2, 1, 1024, { line: "another queue" })],
    expected: ["1 c5.large"],
  },
  {
    what: "launching instances are counted first",
    cluster: { types: FAMILY, maxVcpus: 100, launching: ["c5.large", "c5.large", "c5.large"] },
    needs: [jobs(10, 1, 1024)],
    expected: ["2 c5.large"],
  },
  {
    what: "a gang of 4: four of one type",
    cluster: { types: FAMILY, maxVcpus: 8 },
    needs: [jobs(1, 2, 1024, { nodes: 4 })],
    expected: ["4 c5.large"],
  },
  {
    what: "a gang of 4 that names a type: four of that one",
    cluster: { types: FAMILY, maxVcpus: 16 },
    needs: [jobs(1, 2, 1024, { nodes: 4, instanceType: "m5.xlarge" })],
    expected: ["4 m5.xlarge"],
  },
  {
    what: "a gang of 4 that the maximum does not hold: none of them",
    cluster: { types: FAMILY, maxVcpus: 6 },
    needs: [jobs(1, 2, 1024, { nodes: 4 })],
    expected: [],
  },
  {
    what: "a gang of 4 beside what runs: none of them",
    cluster: { types: FAMILY, maxVcpus: 8, busyVcpus: 2, strategy: "BEST_FIT" },
    needs: [jobs(1, 2, 1024, { nodes: 4 })],
    expected: [],
  },
  {
    what: "a gang of 4 beside two instances that are idle: the other two",
    cluster: {
      types: FAMILY,
      maxVcpus: 8,
      idle: [
        { id: "a", type: "m5.large", dueAt: 0 },
        { id: "b", type: "m5.large", dueAt: 0 },
      ],
    },
    needs: [jobs(1, 2, 1024, { nodes: 4 })],
    expected: ["2 m5.large"],
  },
  {
    what: "the minimum is kept warm",
    cluster: { types: FAMILY, maxVcpus: 100, minVcpus: 5 },
    needs: [],
    expected: ["3 c5.large"],
  },
  {
    what: "and what was asked for as desired",
    cluster: { types: FAMILY, maxVcpus: 100, minVcpus: 2, desiredVcpuMilli: 8_000, busyVcpus: 4 },
    needs: [],
    expected: ["2 c5.large"],
  },
  {
    what: "an environment that takes no jobs keeps its minimum and launches nothing for them",
    cluster: { types: FAMILY, maxVcpus: 100, minVcpus: 2, takesJobs: false },
    needs: [jobs(10, 1, 1024)],
    expected: ["1 c5.large"],
  },
  {
    what: "idle instances that nobody waits for make room below the maximum, however short a time they have been idle",
    cluster: {
      types: ["m5.large", "r5.large"],
      maxVcpus: 2,
      minVcpus: 2,
      strategy: "BEST_FIT",
      idle: [{ id: "a", type: "m5.large", dueAt: 1_000_000 }],
    },
    needs: [jobs(1, 1, 12_000)],
    expected: ["1 r5.large"],
  },
];

for (const { what, cluster, needs, expected } of EXAMPLES) {
  test(what, () => {
    assert.deepEqual(launches(planFor(cluster, needs)), expected);
  });
}

test("what one environment cannot have or hold is launched in the next one of the queue", () => {
  const environmentArns = ["first", "second"];
  const first = { arn: "first", types: FAMILY, maxVcpus: 4 };
  const second = { arn: "second", types: FAMILY, maxVcpus: 100 };
  const needs = [jobs(10, 1, 1024, { environmentArns })];
  assert.deepEqual(launches(planFor([first, second], needs)), ["2 c5.large in first", "3 c5.large in second"]);
  const waits = { ...first, strategy: "BEST_FIT", unavailable: { "c5.large": 300_000 } } as const;
  assert.deepEqual(launches(planFor([waits, second], needs)), ["5 c5.large in second"]);
});

test("when no type can be had the plan is looked at again as soon as one may be", () => {
  const unavailable = { "m5.large": 300_000, "m5.xlarge": 200_000, "c5.large": 250_000 };
  const plan = planFor({ types: FAMILY, maxVcpus: 100, unavailable }, [jobs(10, 1, 1024)]);
  assert.deepEqual([plan.launches, plan.wakeAt], [[], 200_000]);
});

test("a gang that lacks an instance of a type that cannot be had keeps the others until it can", () => {
  const idle = [1, 2, 3].map((n) => ({ id: `${n}`, type: "m5.large" as const, dueAt: 0 }));
  const cluster = { types: ["m5.large"], maxVcpus: 8, idle, unavailable: { "m5.large": 300_000 } } as const;
  const plan = planFor(cluster, [jobs(1, 2, 1024, { nodes: 4 })]);
  assert.deepEqual([plan.launches, plan.terminations, plan.wakeAt], [[], [], 300_000]);
});

test("of a million jobs no more are counted than could be on what is launched", () => {
  let counted = 0;
  const take = takeFrom(1_000_000);
  const count = (most: number): number => {
    const taken = take(most);
    counted += taken;
    return taken;
  };
  const plan = planFor({ types: FAMILY, maxVcpus: 100, launching: ["c5.large"] }, [
    jobs(1_000_000, 1, 1024, { jobs: () => count }),
  ]);
  assert.deepEqual(launches(plan), ["49 c5.large"]);
  assert.ok(counted < 200, `${counted} were counted`);
});
