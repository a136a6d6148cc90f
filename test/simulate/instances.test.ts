import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../src/sim/cluster/cluster.ts";
import { readCluster } from "../../src/sim/cluster/cluster.ts";
import { jobs, reportFor } from "./example.ts";

function fleet(resources: object, more: object = {}): Cluster {
  const computeResources = { type: "EC2", maxvCpus: 16, instanceTypes: ["m5.large"], ...resources };
  return readCluster(
    JSON.stringify({
      computeEnvironments: [{ computeEnvironmentName: "fleet", computeResources, bootSeconds: 90, ...more }],
      jobQueues: [
        { jobQueueName: "main", priority: 1, computeEnvironmentOrder: [{ order: 1, computeEnvironment: "fleet" }] },
      ],
    }),
  );
}

const HOUR = 3_600;
/** An instance that nobody needs goes after five minutes (reference 10, no. 50). */
const IDLE = 300;
const M5_LARGE = 0.096;

test("a job waits for its instance to boot, which costs from then until it has been idle for a while", async () => {
  const report = await reportFor(jobs({ at: 0, runs: HOUR, vcpus: 2, memoryMiB: 4_096 }), fleet({}));
  assert.equal(report.waitingSeconds?.max, 90);
  assert.deepEqual(report.environments[0]?.launched, { "m5.large": 1 });
  assert.equal(report.capacityVcpuHours, (2 * (HOUR + IDLE)) / HOUR);
  assert.ok(Math.abs(report.costUsd! - (M5_LARGE * (HOUR + IDLE)) / HOUR) < 1e-9);
  assert.equal(report.utilisation, HOUR / (HOUR + IDLE));
});

test("the second job finds the instance of the first one", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 60, vcpus: 2 }, { at: 200, runs: 60, vcpus: 2 }), fleet({}));
  assert.deepEqual(report.waitingSeconds, { mean: 45, median: 0, p95: 90, max: 90 });
  assert.deepEqual(report.environments[0]?.launched, { "m5.large": 1 });
});

test("no more is launched than the maximum allows", async () => {
  const many = Array.from({ length: 20 }, () => ({ at: 0, runs: 60, vcpus: 2 }));
  const report = await reportFor(jobs(...many), fleet({ maxvCpus: 8 }));
  assert.deepEqual(report.environments[0]?.launched, { "m5.large": 4 });
  assert.equal(report.makespanSeconds, 90 + 5 * 60);
});

test("Spot costs the part of the price on demand that the file says, and without it nobody knows", async () => {
  const workload = jobs({ at: 0, runs: HOUR, vcpus: 2 });
  const spot = { type: "SPOT", allocationStrategy: "SPOT_PRICE_CAPACITY_OPTIMIZED" };
  assert.equal((await reportFor(workload, fleet(spot))).costUsd, undefined);
  const onDemand = await reportFor(workload, fleet({}));
  const priced = await reportFor(workload, fleet(spot, { pricePercent: 40 }));
  assert.ok(Math.abs(priced.costUsd! - onDemand.costUsd! * 0.4) < 1e-9);
});

test("each node of a multi-node job has an instance of its own", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 60, vcpus: 2, nodes: 3 }), fleet({}));
  assert.equal(report.jobs.succeeded, 1);
  assert.deepEqual(report.environments[0]?.launched, { "m5.large": 3 });
});

test("what no allowed type can hold is told, and does not keep the simulation from its end", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 60, vcpus: 8 }), fleet({}));
  assert.equal(report.jobs.unfinished, 1);
  assert.match(report.unfinished[0]!.reason, /^MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT/);
});
