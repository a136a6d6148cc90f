import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { patientClock } from "../../src/compose/clock.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import type { BenchOptions } from "../support/engine-bench.ts";
import { ENVIRONMENT, EngineBench, QUEUE } from "../support/engine-bench.ts";
import { queueSettings } from "../sim/workload.ts";

const HOUR_MS = 3_600_000;
const LONG = { behaviour: { startDelayMs: 100, runMs: 10 * HOUR_MS } };

async function open(t: TestContext, options: BenchOptions = LONG): Promise<EngineBench> {
  const bench = await EngineBench.open(options);
  t.after(() => bench.close());
  return bench;
}

for (const [how, byMs] of [
  ["forward", 5 * HOUR_MS],
  ["back", -5 * HOUR_MS],
] as const) {
  test(`a timeout is as long as it is although the clock is set ${how}, also for the next server`, async (t) => {
    const bench = await open(t);
    await bench.submit("a", { timeoutSeconds: 600 });
    await bench.advance(300_000);
    assert.equal((await bench.state("a")).status, "RUNNING");
    bench.clock.set(byMs);
    await bench.tick();
    await bench.advance(200_000);
    bench.server.crash();
    await bench.start();
    await bench.advance(90_000);
    const { status, attempts } = await bench.state("a");
    assert.deepEqual([status, attempts[0]?.stopping], ["RUNNING", undefined]);
    await bench.advance(20_000);
    const end = await bench.state("a");
    assert.deepEqual([end.status, end.statusReason], ["FAILED", "Job attempt duration exceeded timeout"]);
    assert.ok(end.stoppedAt! >= end.startedAt!);
    assert.deepEqual(bench.errors, []);
  });

  test(`jobs run, wait and follow each other although the clock is set ${how}`, async (t) => {
    const bench = await open(t, { behaviour: { startDelayMs: 100, runMs: 60_000 } });
    for (let job = 0; job < 12; job += 1) await bench.submit(`job-${job}`);
    await bench.advance(30_000);
    bench.clock.set(byMs);
    await bench.advance(4 * 61_000);
    for (let job = 0; job < 12; job += 1) {
      const { status, attempts } = await bench.state(`job-${job}`);
      assert.deepEqual([status, attempts.length], ["SUCCEEDED", 1], `job-${job}`);
    }
    assert.equal(new Set(bench.claimed).size, 12);
    assert.equal(bench.claimed.length, 12);
    assert.deepEqual(bench.errors, []);
  });
}

test("who waits at the head of a queue has as long as the queue says, whatever becomes of the clock", async (t) => {
  const bench = await open(t);
  const reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT";
  const jobStateTimeLimitActions = [
    { reason, state: "RUNNABLE" as const, maxTimeSeconds: 600, action: "CANCEL" as const },
  ];
  const settings = { ...queueSettings(1, [ENVIRONMENT]), jobStateTimeLimitActions };
  const { version } = (await bench.store.queues.get(QUEUE))!;
  await bench.store.queues.update({ arn: QUEUE, version }, { status: "UPDATING", statusReason: "", settings });
  await bench.server.engine.nudgeResources();
  await bench.submit("large", { requirements: { vcpuMilli: 10_000, memoryMiB: 1, gpus: 0 } });
  await bench.advance(300_000);
  bench.clock.set(HOUR_MS);
  await bench.advance(290_000);
  assert.equal((await bench.state("large")).status, "RUNNABLE");
  bench.clock.set(-9 * HOUR_MS);
  await bench.advance(20_000);
  assert.equal((await bench.state("large")).status, "FAILED");
});

test("a clock that is set forward makes nothing old enough to be removed; one that is set back keeps it longer", () => {
  const clock = new VirtualClock();
  const patient = patientClock(clock, clock);
  const begun = clock.now();
  clock.set(1_000 * HOUR_MS);
  clock.advance(HOUR_MS);
  assert.equal(patient.now(), begun + HOUR_MS);
  clock.set(-1_002 * HOUR_MS);
  assert.equal(patient.now(), begun - HOUR_MS);
});
