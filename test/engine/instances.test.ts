import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Launching } from "../../src/core/instances/instance.ts";
import type { Change } from "../../src/core/changes.ts";
import { StaleEpoch } from "../../src/ports/store.ts";
import type { BenchOptions } from "../support/engine-bench.ts";
import { ENVIRONMENT, EngineBench } from "../support/engine-bench.ts";
import { LARGE, withInstances, XLARGE } from "../support/instances.ts";

const MINUTE = 60_000;

function launching(more: Partial<Launching> = {}): Launching {
  return withInstances({ types: [LARGE], ...more }).instances!;
}

async function open(t: TestContext, options: BenchOptions = {}): Promise<EngineBench> {
  const bench = await EngineBench.open({
    launching: launching(),
    capacity: { vcpuMilli: 0, memoryMiB: 0 },
    ...options,
  });
  t.after(() => bench.close());
  return bench;
}

/** The status of each instance that the store has. */
async function stored(bench: EngineBench): Promise<string[]> {
  const facts = await bench.store.scheduling.load();
  return facts.flatMap((fact) => (fact.kind === "instances" ? fact.instances.map(({ status }) => status) : []));
}

test("a job that waits has an instance launched, runs on it, and leaves it idle until it goes", async (t) => {
  const bench = await open(t);
  await bench.submit("a");
  assert.equal((await bench.state("a")).status, "RUNNABLE");
  assert.deepEqual([bench.launched.length, await stored(bench)], [1, ["launching"]]);
  await bench.advance(MINUTE);
  const { status, attempts } = await bench.state("a");
  assert.deepEqual([status, attempts[0]?.instanceIds], ["STARTING", bench.launched]);
  const [attempt] = bench.machine.active();
  assert.equal(attempt?.spec.instanceId, bench.launched[0]);
  await bench.advance(2_000);
  assert.equal((await bench.state("a")).status, "SUCCEEDED");
  await bench.advance(20 * MINUTE);
  assert.deepEqual([await stored(bench), [...bench.cloud.instances()], bench.launched.length], [[], [], 1]);
  assert.deepEqual(bench.errors, []);
});

test("who waits is told of the instance that has just been launched for it", async (t) => {
  const bench = await open(t);
  await bench.submit("a");
  await bench.server.engine.idle();
  const [job] = await bench.store.jobs.find("123456789012/us-east-1", ["a"]);
  assert.equal(
    bench.server.engine.waitingText(job!),
    "Waiting for capacity: it asks for 1 vCPU and 512 MiB; 0 vCPU and 0 MiB are free, and instances are launching: 1.",
  );
});

test("a job whose instance is lost ends with AWS's words, and is tried again on another one", async (t) => {
  const bench = await open(t, {
    behaviour: { runMs: 10 * MINUTE },
    boots: [{ loss: { afterMs: 5_000, isSilent: false } }],
  });
  const retry = {
    attempts: 2,
    evaluateOnExit: [
      { action: "retry", onStatusReason: "Host EC2*" } as const,
      { action: "exit", onReason: "*" } as const,
    ],
  };
  await bench.submit("a", { retry });
  await bench.advance(MINUTE + 6_000);
  const lost = (await bench.state("a")).attempts[0]!;
  assert.equal(lost.statusReason, `Host EC2 (instance ${bench.launched[0]}) terminated.`);
  assert.deepEqual(await stored(bench), ["launching"], "the lost one is forgotten");
  await bench.advance(12 * MINUTE);
  const { status, attempts } = await bench.state("a");
  assert.deepEqual([status, attempts[1]?.instanceIds], ["SUCCEEDED", [bench.launched[1]]]);
  assert.deepEqual(bench.errors, []);
});

test("what was still starting on an instance that is lost ends with the same words", async (t) => {
  const boots = [{ loss: { afterMs: 1_000, isSilent: false } }];
  const bench = await open(t, { behaviour: { startDelayMs: 5_000 }, boots });
  await bench.submit("a");
  await bench.advance(MINUTE + 2_000);
  const { status, statusReason } = await bench.state("a");
  assert.deepEqual([status, statusReason], ["FAILED", `Host EC2 (instance ${bench.launched[0]}) terminated.`]);
});

test("what an environment is said to want, and what runs there, is that of its instances", async (t) => {
  const bench = await open(t, { behaviour: { runMs: MINUTE } });
  const { engine } = bench.server;
  assert.equal(engine.desiredVcpus(ENVIRONMENT), 0);
  await bench.submit("a", { requirements: { vcpuMilli: 1500, memoryMiB: 512, gpus: 0 } });
  assert.equal(engine.desiredVcpus(ENVIRONMENT), 2);
  await bench.advance(MINUTE);
  const { capacity, free, jobs } = engine.occupancy(ENVIRONMENT)!;
  assert.deepEqual(
    [capacity, free, jobs.map(({ id }) => id)],
    [{ vcpuMilli: 2000, memoryMiB: 8192 }, { vcpuMilli: 500, memoryMiB: 7680 }, ["a"]],
  );
  await bench.advance(20 * MINUTE);
  assert.equal(engine.desiredVcpus(ENVIRONMENT), 0);
});

test("an instance that is lost without a word is missed at the next inventory", async (t) => {
  const bench = await open(t, {
    behaviour: { runMs: 10 * MINUTE },
    boots: [{ loss: { afterMs: 5_000, isSilent: true } }],
  });
  await bench.submit("a");
  await bench.advance(MINUTE + 6_000);
  bench.cloud.showInventory();
  await bench.tick();
  const { status, statusReason } = await bench.state("a");
  assert.deepEqual([status, statusReason], ["FAILED", `Host EC2 (instance ${bench.launched[0]}) terminated.`]);
});

test("a server that starts again finds its instances and goes on with them", async (t) => {
  const bench = await open(t, { behaviour: { runMs: 10 * MINUTE } });
  await bench.submit("running", { requirements: { vcpuMilli: 2000, memoryMiB: 512, gpus: 0 } });
  await bench.advance(MINUTE);
  await bench.submit("waiting", { requirements: { vcpuMilli: 2000, memoryMiB: 512, gpus: 0 } });
  assert.deepEqual(await stored(bench), ["running", "launching"]);
  bench.server.crash();
  await bench.start();
  await bench.advance(2 * MINUTE);
  assert.equal((await bench.state("waiting")).attempts[0]?.instanceIds?.[0], bench.launched[1]);
  await bench.advance(12 * MINUTE);
  assert.deepEqual(
    [
      (await bench.state("running")).status,
      (await bench.state("waiting")).status,
      bench.launched.length,
      bench.claimed.length,
    ],
    ["SUCCEEDED", "SUCCEEDED", 2, 2],
  );
});

for (const fault of ["crash-after", "fails-after"] as const) {
  test(`a launch whose commit ends in ${fault} is made, once`, async (t) => {
    const bench = await open(t);
    bench.faults = [{ call: "commit", fault }];
    await bench.submit("a");
    if (fault === "crash-after") await bench.start();
    await bench.advance(2 * MINUTE);
    assert.deepEqual([(await bench.state("a")).status, bench.launched.length], ["SUCCEEDED", 1]);
  });
}

for (const fault of ["crash", "crash-after"] as const) {
  test(`a server that ends in ${fault} of a launch: the next one sees to it, once`, async (t) => {
    const bench = await open(t);
    bench.faults = [{ call: "launch", fault }];
    await bench.submit("a");
    await bench.start();
    await bench.advance(2 * MINUTE);
    assert.deepEqual([(await bench.state("a")).status, bench.launched.length], ["SUCCEEDED", 1]);
  });
}

test("launches that fail: the reason is AWS's, and another one is tried later", async (t) => {
  const boots = [{ bootMs: 1_000, failure: "none left" }];
  const bench = await open(t, { boots });
  await bench.submit("a");
  await bench.advance(2_000);
  const [job] = await bench.store.jobs.find("123456789012/us-east-1", ["a"]);
  const reason =
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [m.large]";
  assert.deepEqual([bench.server.engine.waitingText(job!), await stored(bench)], [reason, []]);
  await bench.advance(5 * MINUTE);
  assert.deepEqual([bench.server.engine.waitingText(job!), await stored(bench)], [reason, ["launching"]]);
  await bench.advance(5 * MINUTE);
  assert.equal((await bench.state("a")).status, "SUCCEEDED");
});

for (const launchRejects of ["before", "after"] as const) {
  test(`a launch that is refused, ${launchRejects} it had an effect, leaves nothing behind`, async (t) => {
    const bench = await open(t, { boots: [{ launchRejects }] });
    await bench.submit("a");
    await bench.tick();
    await bench.advance(20 * MINUTE);
    assert.equal((await bench.state("a")).status, "SUCCEEDED");
    assert.deepEqual([...bench.cloud.instances()], []);
    assert.equal(bench.errors.length, 0);
  });
}

test("instances that nobody knows of are terminated", async (t) => {
  const bench = await open(t);
  const type = XLARGE;
  const stray = { id: "i-stray", seq: 7, environmentArn: "other", type, status: "launching", launchedAt: 0 } as const;
  bench.cloud.launch(stray);
  bench.cloud.showInventory();
  await bench.tick();
  await bench.advance(MINUTE);
  assert.equal(bench.cloud.has("i-stray"), false);
});

test("a termination that is refused is asked for again", async (t) => {
  const bench = await open(t);
  await bench.submit("a");
  bench.faults = [{ call: "terminate", fault: "fails" }];
  await bench.advance(20 * MINUTE);
  assert.deepEqual([[...bench.cloud.instances()], bench.faults, await stored(bench)], [[], [], []]);
});

test("who was deposed launches nothing", async (t) => {
  const bench = await open(t);
  await bench.store.scheduling.lead();
  await bench.submit("a");
  assert.deepEqual([bench.launched, await stored(bench)], [[], []]);
  assert.ok(bench.errors.some((error) => error.includes(StaleEpoch.name) || error.includes("leads")));
});

test("numbers of launches are not given again when the instances are gone", async (t) => {
  const bench = await open(t);
  await bench.submit("a");
  await bench.advance(20 * MINUTE);
  await bench.start();
  await bench.submit("b");
  await bench.advance(20 * MINUTE);
  assert.equal((await bench.state("b")).status, "SUCCEEDED");
  assert.equal(new Set(bench.launched).size, 2);
});

test("what the store keeps of an instance is what happened to it", async (t) => {
  const bench = await open(t);
  await bench.server.engine.stop();
  const epoch = await bench.store.scheduling.lead();
  const instance = { id: "i-1", seq: 1, environmentArn: "e", type: LARGE, status: "launching", launchedAt: 5 } as const;
  const steps: Change[] = [
    { kind: "instance-launched", instanceId: "i-1", instance },
    { kind: "instance-running", instanceId: "i-1", at: 6 },
    { kind: "instance-idle", instanceId: "i-1", since: 7 },
    { kind: "instance-terminating", instanceId: "i-1", isLost: true },
    { kind: "instance-gone", instanceId: "i-1", at: 8 },
  ];
  const seen: unknown[] = [];
  for (const step of steps) {
    await bench.store.scheduling.commit(epoch, [step]);
    const facts = await bench.store.scheduling.load();
    seen.push(facts.find(({ kind }) => kind === "instances"));
  }
  const of = (more: object) => ({ kind: "instances", instances: [{ ...instance, ...more }], lastSeq: 1 });
  assert.deepEqual(seen, [
    of({}),
    of({ status: "running", runningAt: 6 }),
    of({ status: "running", runningAt: 6, lastUsedAt: 7 }),
    of({ status: "terminating", runningAt: 6, lastUsedAt: 7, isLost: true }),
    { kind: "instances", instances: [], lastSeq: 1 },
  ]);
});

test("on a part of the machine an attempt gets no more of the processors than its instance has; on other instances nobody says", async (t) => {
  const ceilings = async (more: Partial<Launching>): Promise<number | undefined> => {
    const bench = await open(t, { launching: launching(more), capacity: { vcpuMilli: 4_000, memoryMiB: 16_384 } });
    await bench.submit("a", { requirements: { vcpuMilli: 500, memoryMiB: 512, gpus: 0 } });
    await bench.advance(MINUTE);
    return bench.machine.active()[0]?.spec.vcpuCeilingMilli;
  };
  assert.deepEqual([await ceilings({ areSlices: true }), await ceilings({})], [LARGE.vcpuMilli, undefined]);
});
