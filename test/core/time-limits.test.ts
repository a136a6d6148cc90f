import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Scheduling } from "../../src/core/job.ts";
import type { TimeLimit } from "../../src/core/resources.ts";
import { LARGE, withInstances } from "../support/instances.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

/** jobStateTimeLimitActions (reference 3.10). */

const TOO_MANY_VCPUS = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE";
const TOO_LARGE = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT";
const LIMIT: TimeLimit = { reason: TOO_MANY_VCPUS, maxTimeSeconds: 600, action: "CANCEL" };
const CANCELED = `Canceled by JobStateTimeLimit action due to reason: ${TOO_MANY_VCPUS}`;
const SMALL = { ...ENVIRONMENT, maxVcpuMilli: 2_000 };

const vcpus = (count: number, more: Partial<Scheduling> = {}): Partial<Scheduling> => ({
  requirements: { vcpuMilli: count * 1000, memoryMiB: 1, gpus: 0 },
  ...more,
});

function bench(...timeLimits: TimeLimit[]): WorldBench {
  return new WorldBench({
    capacity: { vcpuMilli: 4_000, memoryMiB: 1_000 },
    environments: [SMALL],
    queues: [{ ...QUEUE, timeLimits }],
  });
}

/** What a tick after so many seconds ends. */
function after(seconds: number, world: WorldBench): string[] {
  world.now += seconds * 1000;
  return world.tick().changes.flatMap(({ jobId, state }) => (state.status === "FAILED" ? [jobId] : []));
}

test("a job at the head that can never start is cancelled exactly when its time is over, and the next one starts in the same tick", () => {
  const world = bench(LIMIT);
  world.submit("head", vcpus(3));
  world.submit("behind", vcpus(1));
  assert.equal(world.tick().wakeAt, world.now + 600_000);
  assert.deepEqual(after(599.999, world), []);
  assert.deepEqual(after(0.001, world), ["head"]);
  const { status, statusReason, isCancelled, stoppedAt, attempts } = world.state("head");
  assert.deepEqual([status, statusReason, isCancelled], ["FAILED", CANCELED, true]);
  assert.deepEqual([stoppedAt, attempts], [world.now, []]);
  assert.equal(world.status("behind"), "STARTING");
  assert.equal(world.tick().wakeAt, undefined);
});

test("each head has its own time, from when it came to the head", () => {
  const world = bench(LIMIT);
  for (const id of ["a", "b"]) world.submit(id, vcpus(3));
  world.tick();
  assert.deepEqual(after(600, world), ["a"]);
  assert.deepEqual(after(599, world), []);
  assert.deepEqual(after(1, world), ["b"]);
});

test("TERMINATE is told as such", () => {
  const world = bench({ ...LIMIT, action: "TERMINATE" });
  world.submit("head", vcpus(3));
  world.tick();
  assert.deepEqual(after(600, world), ["head"]);
  const { statusReason, isTerminated, isCancelled } = world.state("head");
  assert.equal(statusReason, `Terminated by JobStateTimeLimit action due to reason: ${TOO_MANY_VCPUS}`);
  assert.deepEqual([isTerminated, isCancelled], [true, undefined]);
});

describe("the clock", () => {
  test("does not run for another reason", () => {
    const world = bench({ ...LIMIT, reason: TOO_LARGE });
    world.submit("head", vcpus(3));
    assert.equal(world.tick().wakeAt, undefined);
    assert.deepEqual(after(86_400, world), []);
  });

  test("does not run for a head that only waits for others to end", () => {
    const world = bench(LIMIT);
    world.submit("holder", vcpus(2));
    world.submit("head", vcpus(2));
    assert.equal(world.tick().wakeAt, undefined);
  });

  test("begins anew with another reason; each reason has its own time", () => {
    const world = bench(LIMIT, { reason: TOO_LARGE, maxTimeSeconds: 700, action: "CANCEL" });
    world.submit("head", vcpus(5));
    world.tick();
    world.world.apply({ kind: "environments", environments: [ENVIRONMENT] });
    assert.deepEqual(after(599, world), []);
    assert.deepEqual(after(699, world), []);
    assert.deepEqual(after(1, world), ["head"]);
    assert.equal(world.state("head").statusReason, `Canceled by JobStateTimeLimit action due to reason: ${TOO_LARGE}`);
  });

  test("begins anew when the reason went and came back", () => {
    const world = bench(LIMIT);
    world.submit("head", vcpus(3));
    world.tick();
    world.world.apply({ kind: "environments", environments: [{ ...SMALL, enabled: false }] });
    assert.deepEqual(after(300, world), []);
    world.world.apply({ kind: "environments", environments: [SMALL] });
    assert.deepEqual(after(1, world), []);
    assert.deepEqual(after(599, world), []);
    assert.deepEqual(after(1, world), ["head"]);
  });

  test("begins anew for a head that another one was before in the meantime", () => {
    const world = bench(LIMIT);
    world.submit("retried", vcpus(1, { retry: { attempts: 2, evaluateOnExit: [] } }));
    world.tick();
    world.submit("head", vcpus(3));
    world.tick();
    world.world.apply({ kind: "environments", environments: [{ ...SMALL, maxVcpuMilli: 500 }] });
    world.end("retried", { exitCode: 1 });
    assert.deepEqual(after(300, world), []);
    world.stop("retried", "cancel");
    assert.deepEqual(after(300, world), []);
    assert.deepEqual(after(599, world), []);
    assert.deepEqual(after(1, world), ["head"]);
  });

  test("does not begin anew because others come and go, or the time changes", () => {
    const world = bench(LIMIT);
    world.submit("head", vcpus(3));
    world.tick();
    for (let n = 0; n < 5; n += 1) {
      world.submit(`behind-${n}`, vcpus(1));
      assert.deepEqual(after(100, world), []);
    }
    world.world.apply({
      kind: "queues",
      queues: [{ ...QUEUE, timeLimits: [{ ...LIMIT, maxTimeSeconds: 1_000 }] }],
    });
    assert.deepEqual(after(499, world), []);
    assert.deepEqual(after(1, world), ["head"]);
  });
});

test("of an array the child at the head is ended, child by child, and then the array", () => {
  const world = bench(LIMIT);
  world.submit("array", vcpus(3, { arraySize: 2 }));
  world.submit("after", { ...vcpus(1), dependsOn: [{ jobId: "array", type: "AFTER_ANY" }] });
  world.tick();
  assert.deepEqual(after(600, world), ["array:0"]);
  assert.equal(world.children("array"), "FR");
  assert.deepEqual(after(600, world), ["array:1"]);
  world.tick();
  assert.deepEqual([world.status("array"), world.status("after")], ["FAILED", "STARTING"]);
});

test("a job with attempts behind it is not tried again", () => {
  const world = bench(LIMIT);
  world.submit("head", vcpus(2, { retry: { attempts: 5, evaluateOnExit: [] } }));
  world.tick();
  world.world.apply({ kind: "environments", environments: [{ ...SMALL, maxVcpuMilli: 1_000 }] });
  world.end("head", { exitCode: 1 });
  world.tick();
  assert.deepEqual(after(600, world), ["head"]);
  assert.deepEqual([world.status("head"), world.state("head").attempts.length], ["FAILED", 1]);
});

test("the next moment is the earliest of all: a limit of a queue, an attempt's timeout", () => {
  const world = bench(LIMIT);
  world.submit("runs", vcpus(1, { timeoutSeconds: 500 }));
  world.tick();
  world.start("runs");
  world.submit("head", vcpus(3));
  assert.equal(world.tick().wakeAt, world.now + 500_000);
  world.end("runs");
  assert.equal(world.tick().wakeAt, world.now + 600_000);
});

test("a launch that fails again and again is one reason: trying once more does not start the time anew", () => {
  const reason = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY";
  const world = new WorldBench({
    environments: [withInstances({ types: [LARGE] }, { maxVcpuMilli: 4_000 })],
    queues: [{ ...QUEUE, timeLimits: [{ reason, maxTimeSeconds: 1_000, action: "CANCEL" }] }],
  });
  /** What a tick after so many seconds launches fails after ten seconds more. */
  const launchAndFail = (seconds: number): void => {
    world.now += seconds * 1000;
    const launched = world.tick().instanceChanges.map(({ instanceId }) => instanceId);
    assert.equal(launched.length, 1);
    world.now += 5_000;
    world.tick();
    world.now += 5_000;
    const failed = { kind: "instance-gone", at: world.now, launchFailure: "none left" } as const;
    world.world.apply({ ...failed, instanceId: launched[0]! });
  };
  world.submit("head", vcpus(2));
  launchAndFail(0);
  world.tick();
  for (let n = 0; n < 3; n += 1) launchAndFail(300);
  assert.deepEqual(after(69.999, world), []);
  assert.deepEqual(after(0.001, world), ["head"]);
  assert.equal(world.state("head").statusReason, `Canceled by JobStateTimeLimit action due to reason: ${reason}`);
});
