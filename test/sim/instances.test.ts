import assert from "node:assert/strict";
import { test } from "node:test";
import { isTerminal } from "../../src/core/job.ts";
import type { FakeAttempt, FakeMachine } from "../../src/drivers/fake/machine.ts";
import type { FakeBoot } from "../../src/drivers/fake/cloud.ts";
import type { Capacity } from "../../src/core/resources.ts";
import { EngineBench } from "../support/engine-bench.ts";
import { gang } from "../support/gang.ts";
import { instanceType, LARGE, withInstances, XLARGE } from "../support/instances.ts";
import type { Scheduling } from "../../src/core/job.ts";
import { Random } from "./random.ts";
import { environmentArn, environmentSettings, queueArn, queueSettings, SCOPE } from "./workload.ts";

const SEEDS = Number(process.env["LONGSHORE_INSTANCE_SEEDS"] ?? 40);
const FIRST_SEED = Number(process.env["LONGSHORE_INSTANCE_SEED"] ?? 1);
const STEPS = 40;
const MINUTE = 60_000;
const MACHINE = { vcpuMilli: 12_000, memoryMiB: 65_536, gpus: 3 };
/** maxvCpus of the environment that is a share of the machine. */
const SHARE_MAXIMUM = 63;
/** So many instances come up badly, are lost or refused; those that are launched after them do as they should. */
const BAD_BOOTS = 25;

const ARM = instanceType("a.large", 2, { architecture: "ARM64" });
const GPU = instanceType("g.xlarge", 4, { gpus: 2, microUsdPerHour: 900_000 });

test("on instances that fail, are refused and get lost, under crashes: no instance twice, none overfull, and all ends well", async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    try {
      await runSeed(new Random(seed));
    } catch (error) {
      throw new Error(`LONGSHORE_INSTANCE_SEED=${seed} LONGSHORE_INSTANCE_SEEDS=1`, { cause: error });
    }
  }
});

test("the same where instances are parts of a machine that others share: it never runs more than it has", async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
    try {
      await runSeed(new Random(seed), MACHINE);
    } catch (error) {
      throw new Error(`LONGSHORE_INSTANCE_SEED=${seed} LONGSHORE_INSTANCE_SEEDS=1`, { cause: error });
    }
  }
});

/** With a machine, a second queue takes shares of it. */
async function runSeed(random: Random, machine?: Required<Capacity>): Promise<void> {
  const launching = withInstances({
    ...(machine !== undefined && { areSlices: true }),
    types: [LARGE, XLARGE, ARM, GPU],
    strategy: random.pick(["BEST_FIT", "BEST_FIT_PROGRESSIVE"]),
    scaleDownDelayMs: random.pick([0, 20 * MINUTE]),
  }).instances!;
  const boots = Array.from({ length: BAD_BOOTS }, () => badBoot(random));
  const violations: string[] = [];
  const bench = await EngineBench.open({
    ...{ launching, boots, capacity: machine ?? { vcpuMilli: 0, memoryMiB: 0 } },
    launchingOf: ({ computeResources }) => (computeResources?.maxvCpus === SHARE_MAXIMUM ? undefined : launching),
    behaviour: { runMs: random.pick([1_000, 2 * MINUTE, 15 * MINUTE]) },
    onClaim: (attempt, running) => {
      violations.push(...overfull(bench, attempt, running, machine !== undefined));
      if (machine !== undefined) violations.push(...beyondMachine(bench, running, machine));
    },
  });
  try {
    if (machine !== undefined) await addShare(bench);
    const ids: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      await disturb(bench, random);
      if (random.chance(0.6)) ids.push(await submit(bench, random, `job-${step}`));
      if (machine !== undefined && random.chance(0.3)) ids.push(await submitShare(bench, random, `share-${step}`));
      await bench.advance(random.pick([0, 1_000, MINUTE, 5 * MINUTE]));
      if (bench.server.isDead) await bench.start();
    }
    await untilAllEnded(bench, ids);
    assert.deepEqual(violations, []);
    assert.deepEqual(bench.errors, []);
    assert.equal(new Set(bench.launched).size, bench.launched.length, "an instance was launched twice");
  } finally {
    await bench.close();
  }
}

/** The second environment, which is a share of the machine, and its queue. */
async function addShare({ store, clock, server }: EngineBench): Promise<void> {
  const status = { status: "CREATING", statusReason: "", createdAt: clock.now(), scope: SCOPE } as const;
  const environment = { arn: environmentArn(2), name: "environment-2" };
  await store.environments.insert({
    ...status,
    ...environment,
    settings: environmentSettings({ maxvCpus: SHARE_MAXIMUM }),
  });
  const settings = queueSettings(2, [environmentArn(2)]);
  await store.queues.insert({ ...status, arn: queueArn(2), name: "queue-2", settings });
  await server.until(server.engine.nudgeResources());
}

async function submitShare(bench: EngineBench, random: Random, id: string): Promise<string> {
  const retry = { attempts: random.int(2, 4), evaluateOnExit: [] };
  const requirements = { vcpuMilli: random.int(1, 16) * 500, memoryMiB: 512, gpus: random.chance(0.1) ? 1 : 0 };
  await bench.submit(id, { retry, requirements }, queueArn(2));
  return id;
}

/** No more faults: every job ends, and then nothing is left that costs. */
async function untilAllEnded(bench: EngineBench, ids: readonly string[]): Promise<void> {
  bench.faults = [];
  if (bench.server.isDead) await bench.start();
  for (let round = 0; round < 60; round += 1) {
    bench.machine.showInventory();
    bench.cloud.showInventory();
    await bench.advance(10 * MINUTE);
    const states = await Promise.all(ids.map((id) => bench.state(id)));
    if (states.every(({ status }) => isTerminal(status))) break;
  }
  for (const id of ids) {
    const { status, statusReason } = await bench.state(id);
    assert.ok(isTerminal(status), `${id} is ${status}`);
    // Nobody tells of a loss without a word, and of what was starting there.
    const isToldWhy = /^Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$|^Task failed to start$/;
    if (status === "FAILED") assert.match(statusReason!, isToldWhy);
  }
  // In steps: time must not run away while a tick is under way.
  for (let round = 0; round < 12; round += 1) {
    // One that was lost without a word is missed.
    bench.cloud.showInventory();
    await bench.advance(10 * MINUTE);
  }
  const facts = await bench.store.scheduling.load();
  const kept = facts.flatMap((fact) => (fact.kind === "instances" ? fact.instances : []));
  assert.deepEqual([kept, [...bench.cloud.instances()], bench.machine.active()], [[], [], []]);
}

async function disturb(bench: EngineBench, random: Random): Promise<void> {
  if (random.chance(0.1)) bench.server.crash();
  if (bench.server.isDead) await bench.start();
  if (random.chance(0.1)) bench.cloud.showInventory();
  if (random.chance(0.2)) {
    const call = random.pick(["commit", "launch", "terminate", "load", "start"]);
    const faults = ["fails", "fails-after", "crash", "crash-after"] as const;
    bench.faults.push({ call, fault: call === "start" ? random.pick(["crash", "crash-after"]) : random.pick(faults) });
  }
  if (random.chance(0.1)) {
    const running = [...bench.cloud.instances()].filter(({ runningAt }) => runningAt !== undefined);
    if (running.length > 0) bench.cloud.lose(random.pick(running).instance.id, random.chance(0.5));
  }
}

async function submit(bench: EngineBench, random: Random, id: string): Promise<string> {
  const retry = { attempts: random.int(1, 4), evaluateOnExit: [] };
  const kind = random.int(1, 10);
  const single: Partial<Scheduling> = {
    requirements: { vcpuMilli: random.int(1, 8) * 500, memoryMiB: 512, gpus: kind === 1 ? random.int(1, 2) : 0 },
    ...(kind === 2 && { requirements: { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 }, architecture: "ARM64" }),
  };
  await bench.submit(id, { retry, ...(kind > 8 ? gang(random.int(2, 4), random.int(1, 2)) : single) });
  return id;
}

function badBoot(random: Random): Partial<FakeBoot> {
  return {
    bootMs: random.pick([0, 1_000, MINUTE, 4 * MINUTE]),
    shutdownMs: random.pick([0, 1_000, 2 * MINUTE]),
    ...(random.chance(0.2) && { failure: "none left" }),
    ...(random.chance(0.1) && { launchRejects: random.pick(["before", "after"]) }),
    ...(random.chance(0.3) && { loss: { afterMs: random.int(0, 10) * MINUTE, isSilent: random.chance(0.5) } }),
  };
}

/** What an instance really runs, whatever the engine counts: never more than it has, and beside a node nothing. */
function overfull({ cloud }: EngineBench, { spec }: FakeAttempt, machine: FakeMachine, mayShare: boolean): string[] {
  const { instanceId } = spec;
  if (instanceId === undefined) return mayShare ? [] : [`attempt ${spec.attemptId} is on no instance`];
  const found = [...cloud.instances()].find(({ instance }) => instance.id === instanceId);
  if (found === undefined) return [];
  if (found.runningAt === undefined) return [`attempt ${spec.attemptId} starts on ${instanceId}, which does not run`];
  const beside = machine.active().filter((one) => one.spec.instanceId === instanceId);
  const vcpuMilli = beside.reduce((sum, one) => sum + one.spec.vcpuMilli, 0);
  const isNode = beside.some((one) => one.spec.jobId.includes("#"));
  return [
    ...(vcpuMilli > found.instance.type.vcpuMilli ? [`${instanceId} runs ${vcpuMilli} milli-vCPU`] : []),
    ...(isNode && beside.length > 1 ? [`${instanceId} runs a node and ${beside.length - 1} beside it`] : []),
  ];
}

/** What really runs: the instances that have something on them, each whole, and what has a share. And no GPU has two attempts. */
function beyondMachine({ cloud }: EngineBench, running: FakeMachine, machine: Required<Capacity>): string[] {
  const active = running.active();
  const used = new Set(active.map(({ spec }) => spec.instanceId));
  const parts = [...cloud.instances()].filter(({ instance }) => used.has(instance.id));
  const shares = active.filter(({ spec }) => spec.instanceId === undefined);
  const vcpuMilli =
    parts.reduce((sum, { instance }) => sum + instance.type.vcpuMilli, 0) +
    shares.reduce((sum, { spec }) => sum + spec.vcpuMilli, 0);
  const gpuIds = active.flatMap(({ spec }) => spec.gpuIds ?? []);
  return [
    ...(vcpuMilli > machine.vcpuMilli ? [`the machine runs ${vcpuMilli} milli-vCPU`] : []),
    ...(new Set(gpuIds).size < gpuIds.length ? [`GPUs ${gpuIds.join()} are in use`] : []),
    ...(gpuIds.some((id) => Number(id) >= machine.gpus) ? [`there is no GPU ${gpuIds.join()}`] : []),
  ];
}
