import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { createGunzip } from "node:zlib";
import { readSwf } from "../../src/sim/workload/swf.ts";
import type { ShareWeight } from "../../src/core/resources.ts";
import type { Cluster } from "../../src/sim/cluster/cluster.ts";
import { withPolicy } from "../../src/sim/cluster/policy.ts";
import { jobs, pool, reportFor } from "./example.ts";

const BACKFILL = { queues: [{ name: "main", tags: { "longshore:backfill": "true" } }] };
const TRACE = new URL("../sim/traces/lublin_256.swf.gz", import.meta.url);

test("two jobs that need all of a pool run one after the other", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 100, vcpus: 4 }, { at: 10, runs: 50, vcpus: 4 }), pool(4));
  assert.deepEqual(report.jobs, { submitted: 2, succeeded: 2, failed: 0, unfinished: 0 });
  assert.equal(report.makespanSeconds, 150);
  // The first one at once, the second one after 100 - 10.
  assert.deepEqual(report.waitingSeconds, { mean: 45, median: 0, p95: 90, max: 90 });
  // 1, and (90 + 50) / 50.
  assert.equal(report.boundedSlowdown?.max, 2.8);
  assert.equal(report.utilisation, 1);
});

test("a small job behind a large one that does not fit waits for it: strict first in, first out", async () => {
  const workload = jobs({ at: 0, runs: 100, vcpus: 3 }, { at: 1, runs: 100, vcpus: 4 }, { at: 2, runs: 1, vcpus: 1 });
  const report = await reportFor(workload, pool(4));
  assert.equal(report.makespanSeconds, 201);
  assert.equal(report.waitingSeconds?.max, 198);
});

test("with backfill it starts before the large one, if it is expected to end in time", async () => {
  const cluster = withPolicy(pool(4), BACKFILL);
  const large = [
    { at: 0, runs: 100, vcpus: 3, expectedSeconds: 100 },
    { at: 1, runs: 100, vcpus: 4, expectedSeconds: 100 },
  ];
  const small = { at: 2, runs: 98, vcpus: 1, expectedSeconds: 98 };
  const inTime = await reportFor(jobs(...large, small), cluster);
  assert.deepEqual([inTime.makespanSeconds, inTime.waitingSeconds?.max], [200, 99]);
  const tooLong = await reportFor(jobs(...large, { ...small, expectedSeconds: 99 }), cluster);
  assert.equal(tooLong.waitingSeconds?.max, 198);
});

test("a queue that runs one job at a time does so, however much is free", async () => {
  const tags = { "longshore:max-running-jobs": "1" };
  const cluster = withPolicy(pool(4), { queues: [{ name: "main", tags }] });
  const report = await reportFor(jobs({ at: 0, runs: 10 }, { at: 0, runs: 10 }, { at: 0, runs: 10 }), cluster);
  assert.equal(report.makespanSeconds, 30);
});

test("under fair share two shares of equal weight hold as much while both wait; first in, first out, one holds all", async () => {
  const of = (share: string) => Array.from({ length: 100 }, () => ({ at: 0, runs: 600, share }));
  const workload = jobs(...of("A"), ...of("B"));
  const fair = (weights: ShareWeight[]) => ({
    sharing: { decaySeconds: 3_600, reservationPercent: 0, weights },
    queues: [],
  });
  const waitingOf = async (cluster: Cluster) => {
    const { shares, fairness } = await reportFor(workload, cluster);
    const meanOf = (name: string) => shares.find(({ share }) => share === name)?.waitingSeconds?.mean ?? NaN;
    return { a: meanOf("A"), b: meanOf("B"), fairness: fairness! };
  };
  const fifo = await waitingOf(pool(10));
  const even = await waitingOf(withPolicy(pool(10), fair([])));
  const uneven = await waitingOf(withPolicy(pool(10), fair([{ identifier: "B", weight: 0.5 }])));
  // Ten rounds of A, then ten of B.
  assert.deepEqual([fifo.a, fifo.b, fifo.fairness], [2_700, 8_700, 0.5]);
  // In each round five of each, from the second one on, when both are known.
  assert.ok(Math.abs(even.a - even.b) <= 300 && even.fairness > 0.95, JSON.stringify(even));
  // B is to have twice as much.
  assert.ok(uneven.b < uneven.a - 1_000 && uneven.fairness > 0.8, JSON.stringify(uneven));
});

test("a job of a second is not slow for having waited for nine: below ten seconds the run time does not count", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 9 }, { at: 0, runs: 1 }), pool(1));
  assert.equal(report.boundedSlowdown?.max, 1);
});

test("what takes long to boot holds its capacity and waits meanwhile", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 60 }), pool(2, 30));
  assert.equal(report.waitingSeconds?.max, 30);
  assert.equal(report.makespanSeconds, 90);
  assert.equal(report.utilisation, 0.5);
});

test("an exit code fails the job, a timeout ends it", async () => {
  const workload = jobs({ at: 0, runs: 5, exitCode: 1 }, { at: 0, runs: 500, timeoutSeconds: 60 });
  const report = await reportFor(workload, pool(4));
  assert.deepEqual(report.jobs, { submitted: 2, succeeded: 0, failed: 2, unfinished: 0 });
  assert.equal(report.makespanSeconds, 60);
});

test("what ends at the very moment of its timeout has ended in time", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 60, timeoutSeconds: 60 }), pool(1));
  assert.equal(report.jobs.succeeded, 1);
});

test("children of arrays and nodes of multi-node jobs count one by one", async () => {
  const workload = jobs({ at: 0, runs: 10, arraySize: 5 }, { at: 0, runs: 30, vcpus: 2, nodes: 2 });
  const report = await reportFor(workload, pool(4));
  assert.equal(report.jobs.succeeded, 6);
  // Four children, the fifth, then four vCPUs of nodes.
  assert.equal(report.makespanSeconds, 50);
  assert.equal(report.vcpuHours, (5 * 10 + 4 * 30) / 3600);
});

test("what jobs hold of Fargate costs its price", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 3_600, vcpus: 2, memoryMiB: 4_096 }), pool(4));
  assert.equal(report.costUsd, 2 * 0.04048 + 4 * 0.004445);
});

test("what can never run is told with its reason, and what waits behind it", async () => {
  const report = await reportFor(jobs({ at: 0, runs: 1, vcpus: 8 }, { at: 1, runs: 1 }), pool(4));
  assert.equal(report.jobs.unfinished, 2);
  const [head, behind] = report.unfinished;
  assert.match(head!.reason, /^MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE/);
  assert.deepEqual([head!.name, head!.jobs], ["job-1", 1]);
  assert.match(behind!.reason, /^Waiting for job 1/);
});

test("of an array that can never run, the first child tells why, and the others wait for it", async () => {
  const workload = jobs({ at: 0, runs: 1, vcpus: 8, arraySize: 3 }, { at: 1, runs: 1 });
  const [head, behind] = (await reportFor(workload, pool(4))).unfinished;
  assert.match(head!.reason, /^MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE/);
  assert.deepEqual([head!.name, head!.jobs], ["job-1", 1]);
  assert.match(behind!.reason, /^Waiting for job 1:0/);
  assert.deepEqual([behind!.name, behind!.jobs], ["job-1", 3]);
});

test("a trace of 10,000 jobs: all of them run, and twice the same", async () => {
  const workload = await readSwf(createInterface({ input: createReadStream(TRACE).pipe(createGunzip()) }));
  const report = await reportFor(workload, pool(256));
  assert.deepEqual(report.jobs, { submitted: 10_000, succeeded: 10_000, failed: 0, unfinished: 0 });
  const work = workload.jobs.reduce((sum, { runMs, kind }) => sum + (runMs / 1000) * kind.vcpus, 0);
  assert.ok(Math.abs(report.vcpuHours * 3600 - work) < 1e-6 * work);
  assert.deepEqual(await reportFor(workload, pool(256)), report);
});
