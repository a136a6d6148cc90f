import assert from "node:assert/strict";
import { test } from "node:test";
import { syntheticWorkload } from "../../src/sim/workload/synthetic.ts";

const VCPUS = 1_000;

test("a seed makes one workload, another one another", () => {
  const make = (seed: number) => syntheticWorkload({ jobs: 1_000, seed, vcpus: VCPUS }).jobs;
  assert.deepEqual(make(7), make(7));
  assert.notDeepEqual(make(7), make(8));
});

test("together the jobs need some 90 % of what there is while they come", () => {
  const { jobs } = syntheticWorkload({ jobs: 100_000, seed: 1, vcpus: VCPUS });
  const work = jobs.reduce((sum, { runMs, kind }) => sum + runMs * kind.vcpus, 0);
  const load = work / (jobs.at(-1)!.submitMs * VCPUS);
  assert.ok(load > 0.85 && load < 0.95, `load ${load}`);
});

test("no job is larger than what there is", () => {
  const { jobs } = syntheticWorkload({ jobs: 1_000, seed: 1, vcpus: 4 });
  assert.equal(Math.max(...jobs.map(({ kind }) => kind.vcpus)), 4);
});
