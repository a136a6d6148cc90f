import assert from "node:assert/strict";
import { test } from "node:test";
import { childrenOf } from "../../src/api/batch/jobs/job-records.ts";
import type { JobStatus } from "../../src/core/job.ts";
import { SCOPE } from "../sim/workload.ts";
import { EngineBench } from "../support/engine-bench.ts";

const SIZE = 100_000;
const AT_ONCE = 1_000;
/** A page, or a tick that concerns all children: far more than it takes, far less than a look at each child would. */
const QUICK_MS = 3_000;

async function quickly<Result>(what: string, task: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const result = await task();
  const ms = performance.now() - startedAt;
  assert.ok(ms < QUICK_MS, `${what} takes ${ms} ms`);
  return result;
}

test(`an array of ${SIZE}: it runs, is read, survives a restart, is terminated, and counts right all the time`, async (t) => {
  const bench = await EngineBench.open({
    capacity: { vcpuMilli: 64_000, memoryMiB: 10_000_000 },
    behaviour: { startDelayMs: 0, runMs: 1_000 },
  });
  t.after(() => bench.close());
  const parent = async () => (await bench.store.jobs.find(SCOPE, ["a"]))[0]!;
  const indexes = async (status: JobStatus, after = -1) => {
    const page = { status, after, limit: 1_001 };
    const children = await childrenOf(bench.store.jobs, await parent(), page);
    return [children.length, children[0]?.parent?.index, children.at(-1)?.parent?.index];
  };
  const requirements = { vcpuMilli: 64_000 / AT_ONCE, memoryMiB: 1, gpus: 0 };
  await quickly("the submission", () => bench.submit("a", { arraySize: SIZE, requirements }));
  for (let succeeded = 0; succeeded < SIZE / 2;) {
    await bench.advance(1_000);
    succeeded = (await parent()).recorded?.counts.SUCCEEDED ?? 0;
  }
  const half = { counts: { RUNNING: AT_ONCE, SUCCEEDED: SIZE / 2 }, below: SIZE / 2 + AT_ONCE };
  assert.deepEqual((await parent()).recorded, half);
  await quickly("lists of children", async () => {
    assert.deepEqual(await indexes("SUCCEEDED"), [1_001, 0, 1_000]);
    assert.deepEqual(await indexes("SUCCEEDED", SIZE / 2 - 5), [4, SIZE / 2 - 4, SIZE / 2 - 1]);
    assert.deepEqual(await indexes("RUNNING"), [AT_ONCE, SIZE / 2, SIZE / 2 + AT_ONCE - 1]);
    assert.deepEqual(await indexes("RUNNABLE"), [1_001, SIZE / 2 + AT_ONCE, SIZE / 2 + AT_ONCE + 1_000]);
    assert.deepEqual(await indexes("RUNNABLE", SIZE - 3), [2, SIZE - 2, SIZE - 1]);
    assert.deepEqual(await indexes("FAILED"), [0, undefined, undefined]);
  });
  bench.server.crash();
  await quickly("a restart", () => bench.start());
  await quickly("the end of all", async () => {
    await bench.requestStop("a", { kind: "terminate", reason: "enough" });
    await bench.tick();
    await bench.advance(1_000);
  });
  assert.equal((await bench.state("a")).statusReason, "enough");
  const ended = { counts: { SUCCEEDED: SIZE / 2, FAILED: AT_ONCE }, below: SIZE / 2 + AT_ONCE };
  assert.deepEqual((await parent()).recorded, ended, "the others never had a record");
  assert.deepEqual(await indexes("FAILED", SIZE / 2 + AT_ONCE - 2), [
    1_001,
    SIZE / 2 + AT_ONCE - 1,
    SIZE / 2 + AT_ONCE + 999,
  ]);
  await bench.submit("b", { dependsOn: [{ jobId: "a:5" }] });
  await bench.submit("c", { dependsOn: [{ jobId: `a:${SIZE - 1}` }] });
  assert.deepEqual([(await bench.state("b")).status, (await bench.state("c")).status], ["STARTING", "FAILED"]);
  assert.deepEqual(bench.errors, []);
});
