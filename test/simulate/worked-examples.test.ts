import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../src/sim/cluster/cluster.ts";
import { readCluster } from "../../src/sim/cluster/cluster.ts";
import { readPolicy, withPolicy } from "../../src/sim/cluster/policy.ts";
import type { Report } from "../../src/sim/report/report.ts";
import type { ExampleJob } from "./example.ts";
import { jobs, pool, reportFor } from "./example.ts";

/** Small clusters whose figures are computed by hand, in the comment beside each. */

const HOUR = 3_600;
const M5_LARGE = 0.096;

function many(count: number, job: ExampleJob): ExampleJob[] {
  return Array.from({ length: count }, () => job);
}

function fair(cluster: Cluster, policy: object): Cluster {
  return withPolicy(cluster, readPolicy(JSON.stringify({ fairsharePolicy: policy }), cluster));
}

/** By share, the mean waiting time in seconds. */
function waitingByShare({ shares }: Report): Record<string, number | undefined> {
  return Object.fromEntries(shares.map(({ share, waitingSeconds }) => [share, waitingSeconds?.mean]));
}

function near(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9 * Math.abs(expected), `${actual}, ${expected}`);
}

/** Two queues over one pool, of which "high" is served first. */
function twoQueues(maxvCpus: number): Cluster {
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "pool" }];
  return readCluster(
    JSON.stringify({
      computeEnvironments: [{ computeEnvironmentName: "pool", computeResources: { type: "FARGATE", maxvCpus } }],
      jobQueues: [
        { jobQueueName: "low", priority: 1, computeEnvironmentOrder },
        { jobQueueName: "high", priority: 5, computeEnvironmentOrder },
      ],
    }),
  );
}

test("first in, first out: five jobs of 100 s, two at a time", async () => {
  // Two wait 0, two 100, one 200. In use: 500 vCPU seconds of 2 x 300.
  const report = await reportFor(jobs(...many(5, { at: 0, runs: 100 })), pool(2));
  assert.deepEqual(report.waitingSeconds, { mean: 80, median: 100, p95: 200, max: 200 });
  assert.equal(report.makespanSeconds, 300);
  near(report.utilisation, 500 / 600);
  near(report.throughputPerHour, 5 / (300 / HOUR));
  // (0 + 100) / 100 twice, 2 twice, 3 once.
  near(report.boundedSlowdown?.mean, (1 + 1 + 2 + 2 + 3) / 5);
});

test("of two queues over one pool, the one with the higher priority is served first, and takes nothing away", async () => {
  const workload = jobs(
    { at: 0, runs: 100, queue: "low", share: "first" },
    { at: 1, runs: 100, queue: "low", share: "low" },
    { at: 2, runs: 100, queue: "high", share: "high" },
    { at: 3, runs: 100, queue: "high", share: "high" },
  );
  // 0-100 first, 100-200 and 200-300 high, 300-400 low.
  const report = await reportFor(workload, twoQueues(1));
  assert.deepEqual(waitingByShare(report), { first: 0, high: (98 + 197) / 2, low: 299 });
});

test("a policy gives the queues another order", async () => {
  const cluster = twoQueues(1);
  const turned = withPolicy(
    cluster,
    readPolicy('{ "jobQueues": [{ "jobQueueName": "low", "priority": 9 }] }', cluster),
  );
  const workload = jobs(
    { at: 0, runs: 100, queue: "low", share: "first" },
    { at: 2, runs: 100, queue: "high", share: "high" },
    { at: 3, runs: 100, queue: "low", share: "low" },
  );
  assert.deepEqual(waitingByShare(await reportFor(workload, cluster)), { first: 0, high: 98, low: 197 });
  assert.deepEqual(waitingByShare(await reportFor(workload, turned)), { first: 0, high: 198, low: 97 });
});

test("with weight factors 1 and 0.5, B has two of three vCPUs for as long as both wait", async () => {
  const job = { at: 0, runs: 600, vcpus: 1 };
  const workload = jobs(...many(60, { ...job, share: "A" }), ...many(60, { ...job, share: "B" }));
  const shareDistribution = [
    { shareIdentifier: "A", weightFactor: 1 },
    { shareIdentifier: "B", weightFactor: 0.5 },
  ];
  const report = await reportFor(workload, fair(pool(3), { shareDecaySeconds: 604_800, shareDistribution }));
  // B has two of three from the first round on: 60 jobs are 30 rounds, of which the last one begins at 29 x 600.
  // A has 30 rounds of one; the other 30 jobs run by threes, in ten rounds from 30 x 600 on.
  const meanOf = (rounds: readonly number[]): number =>
    (rounds.reduce((sum, round) => sum + round) / rounds.length) * 600;
  const upTo = (rounds: number, from = 0): number[] => Array.from({ length: rounds }, (_, round) => from + round);
  const expected = {
    A: meanOf([...upTo(30), ...upTo(10, 30).flatMap((round) => [round, round, round])]),
    B: meanOf(upTo(30)),
  };
  assert.deepEqual(waitingByShare(report), expected);
});

test("a reservation of 50 % keeps half of the vCPUs free while one share is active", async () => {
  // Four at a time of eight: two rounds; and a share that comes later starts at once.
  const workload = jobs(...many(8, { at: 0, runs: 100, share: "A" }), { at: 50, runs: 10, share: "B" });
  const report = await reportFor(workload, fair(pool(8), { computeReservation: 50 }));
  const { A, B } = waitingByShare(report);
  assert.equal(B, 0);
  // From 50 on both are active, and a quarter, two vCPUs, are kept: four of A waited 0; one starts at 50, beside B's; when B's ends, another one.
  near(A, (50 + 60 + 2 * 100) / 8);
});

test("a minimum of one instance boots at once, and stays", async () => {
  const cluster = readCluster(
    JSON.stringify({
      computeEnvironments: [
        {
          computeEnvironmentName: "fleet",
          computeResources: { type: "EC2", minvCpus: 2, maxvCpus: 2, instanceTypes: ["m5.large"] },
          bootSeconds: 60,
        },
      ],
      jobQueues: [
        { jobQueueName: "main", priority: 1, computeEnvironmentOrder: [{ order: 1, computeEnvironment: "fleet" }] },
      ],
    }),
  );
  // The second one comes long after the five minutes for which others stay, and starts at once.
  const report = await reportFor(jobs({ at: 0, runs: 100, vcpus: 2 }, { at: HOUR, runs: 100, vcpus: 2 }), cluster);
  assert.deepEqual(report.waitingSeconds, { mean: 30, median: 0, p95: 60, max: 60 });
  assert.deepEqual(report.environments[0]?.launched, { "m5.large": 1 });
  // From its boot until the last end.
  near(report.costUsd, (M5_LARGE * (HOUR + 100 - 60)) / HOUR);
  near(report.utilisation, 200 / (HOUR + 100 - 60));
});

test("an instance that goes after its delay is launched again, and costs nothing in between", async () => {
  const cluster = readCluster(
    JSON.stringify({
      computeEnvironments: [
        {
          computeEnvironmentName: "fleet",
          computeResources: {
            ...{ type: "EC2", maxvCpus: 2, instanceTypes: ["m5.large"] },
            scalingPolicy: { minScaleDownDelayMinutes: 20 },
          },
          bootSeconds: 60,
        },
      ],
      jobQueues: [
        { jobQueueName: "main", priority: 1, computeEnvironmentOrder: [{ order: 1, computeEnvironment: "fleet" }] },
      ],
    }),
  );
  // Each time: boots 60 s, runs 100 s, is idle for 20 minutes.
  const report = await reportFor(jobs({ at: 0, runs: 100, vcpus: 2 }, { at: HOUR, runs: 100, vcpus: 2 }), cluster);
  assert.deepEqual(report.waitingSeconds, { mean: 60, median: 60, p95: 60, max: 60 });
  assert.deepEqual(report.environments[0]?.launched, { "m5.large": 2 });
  near(report.costUsd, (2 * M5_LARGE * (100 + 1_200)) / HOUR);
});

test("no more than two at a time run of a queue, while another one uses what is left", async () => {
  const cluster = twoQueues(4);
  const limited = withPolicy(cluster, {
    queues: [{ name: "high", tags: { "longshore:max-running-jobs": "2" } }],
  });
  const workload = jobs(
    ...many(4, { at: 0, runs: 100, queue: "high", share: "high" }),
    ...many(4, { at: 0, runs: 100, queue: "low", share: "low" }),
  );
  assert.deepEqual(waitingByShare(await reportFor(workload, cluster)), { high: 0, low: 100 });
  assert.deepEqual(waitingByShare(await reportFor(workload, limited)), { high: 50, low: 50 });
});
