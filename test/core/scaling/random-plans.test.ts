import assert from "node:assert/strict";
import { test } from "node:test";
import type { Need } from "../../../src/core/scaling/need.ts";
import type { ScalingPlan } from "../../../src/core/scaling/scaling-plan.ts";
import { Random } from "../../sim/random.ts";
import type { Cluster, TypeName } from "./cluster.ts";
import { jobs, planAfter, planFor, TYPES } from "./cluster.ts";

const ROUNDS = 2_000;
const NAMES = Object.keys(TYPES) as TypeName[];

const STRATEGIES = ["BEST_FIT", "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED"] as const;

function randomCluster(random: Random, arn: string): Cluster {
  const types = NAMES.filter(() => random.chance(0.5));
  const strategy = random.pick(STRATEGIES);
  return {
    arn,
    types,
    strategy,
    maxVcpus: random.int(0, 40),
    minVcpus: random.int(0, 6),
    ...(strategy === "BEST_FIT_PROGRESSIVE_ORDERED" && {
      ranks: new Map(types.map((name) => [name, random.int(0, 3)])),
    }),
    unavailable: Object.fromEntries(types.filter(() => random.chance(0.2)).map((name) => [name, 300])),
    launching: types.length === 0 ? [] : many(random, 2, () => random.pick(types)),
    idle:
      types.length === 0
        ? []
        : many(random, 2, (index) => ({ id: `${arn} idle ${index}`, type: random.pick(types), dueAt: 100 * index })),
  };
}

function randomNeed(random: Random): Need {
  const isGang = random.chance(0.2);
  return jobs(isGang ? random.int(1, 3) : random.int(1, 20), random.int(1, 5), 1024 * random.int(1, 10), {
    environmentArns: random.pick([["a"], ["b"], ["a", "b"], ["b", "a"]]),
    line: random.pick(["one", "two"]),
    ...(random.chance(0.2) && { gpus: 1 }),
    ...(isGang && { nodes: random.int(2, 4) }),
  });
}

function many<T>(random: Random, most: number, make: (index: number) => T): T[] {
  return Array.from({ length: random.int(0, most) }, (_, index) => make(index));
}

test("a plan that is made again launches nothing, and the maximum is exceeded by no more than one instance", () => {
  const seed = Date.now() % 1_000_000;
  const random = new Random(seed);
  for (let round = 0; round < ROUNDS; round += 1) {
    const clusters = [randomCluster(random, "a"), randomCluster(random, "b")];
    const needs = many(random, 5, () => randomNeed(random));
    const first = planFor(clusters, needs);
    const where = `seed ${seed}, round ${round}: ${JSON.stringify({ clusters, needs, first }, null, 1)}`;
    const second = planAfter(first, clusters, needs);
    // What has gone may have made room for others: then the plan is made again at once.
    if (first.wakeAt !== 0) assert.deepEqual([second.launches, second.terminations], [[], []], where);
    for (const cluster of clusters) assert.ok(keepsToMaximum(cluster, first), where);
  }
});

function keepsToMaximum(cluster: Cluster, plan: ScalingPlan): boolean {
  const launched = plan.launches.filter(({ environmentArn }) => environmentArn === cluster.arn);
  if (launched.length === 0) return true;
  const gone = new Set(plan.terminations.map(({ instanceId }) => instanceId));
  const left = (cluster.idle ?? []).filter(({ id }) => !gone.has(id));
  const there = [...left.map(({ type }) => type), ...(cluster.launching ?? [])];
  const before = there.reduce((sum, name) => sum + TYPES[name].vcpuMilli, 0);
  const all = launched.reduce((sum, { type, count }) => sum + count * type.vcpuMilli, before);
  const beyond = cluster.strategy === "BEST_FIT" ? 0 : launched.at(-1)!.type.vcpuMilli - 1;
  return all <= cluster.maxVcpus * 1000 + beyond;
}
