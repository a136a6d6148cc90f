import assert from "node:assert/strict";
import { test } from "node:test";
import { IDLE_MS, UNAVAILABLE_MS } from "../../../src/core/scaling/scale.ts";
import { instanceType, LARGE, withInstances, XLARGE } from "../../support/instances.ts";
import { QUEUE } from "../../support/world.ts";
import { asks, gang, ScaledWorld } from "./scaled-world.ts";

const MINUTE = 60_000;

test("from nothing to what the jobs need, and back to nothing when they have been over for the delay", () => {
  const world = new ScaledWorld({ environments: [withInstances({ scaleDownDelayMs: 20 * MINUTE })] });
  const { bench } = world;
  bench.submit("array", { arraySize: 6 });
  world.tick();
  assert.deepEqual(world.fleet(), ["1 m.large", "1 m.xlarge"]);
  assert.equal(world.tick(), undefined);
  assert.deepEqual(world.fleet(), ["1 m.large", "1 m.xlarge"]);

  world.boot();
  assert.equal(world.tick(), undefined);
  assert.equal(bench.children("array"), "TTTTTT");

  bench.now += MINUTE;
  for (let child = 0; child < 6; child += 1) bench.end(`array:${child}`);
  const idleSince = bench.now;
  assert.equal(world.tick(), idleSince + 20 * MINUTE);
  bench.now = idleSince + 20 * MINUTE - 1;
  assert.equal(world.tick(), idleSince + 20 * MINUTE);
  assert.equal(world.instances("running").length, 2);
  bench.now += 1;
  assert.equal(world.tick(), undefined);
  assert.equal(world.instances("terminating").length, 2);
});

test("an instance that never had a job goes after five minutes, whatever the delay", () => {
  const world = new ScaledWorld({ environments: [withInstances({ scaleDownDelayMs: 60 * MINUTE })] });
  world.bench.submit("a");
  world.tick();
  world.bench.stop("a", "cancel");
  world.boot();
  assert.equal(world.tick(), world.bench.now + IDLE_MS);
});

test("what a job asks for that waits for instances, and who is before it, decides; arrays count by their children that may run", () => {
  const world = new ScaledWorld({ environments: [withInstances()] });
  world.bench.submit("array", { arraySize: 100, maxActiveChildren: 3, ...asks(2) });
  world.tick();
  assert.deepEqual(world.fleet(), ["1 m.large", "1 m.xlarge"]);
});

test("nothing is launched for jobs that would wait for a consumable resource all the same", () => {
  const world = new ScaledWorld({ environments: [withInstances({ types: [LARGE] })] });
  world.bench.consumables({ arn: "licence", total: 3, isReplenishable: true });
  const consumables = [{ arn: "licence", quantity: 1 }];
  for (const id of ["a", "b", "c", "d", "e"]) world.bench.submit(id, { ...asks(2), consumables });
  world.tick();
  assert.deepEqual(world.fleet(), ["3 m.large"]);
});

test("nothing is launched behind a job that can never start", () => {
  const world = new ScaledWorld({ environments: [withInstances()] });
  world.bench.submit("too-large", asks(64));
  world.bench.submit("small");
  world.tick();
  assert.deepEqual(world.fleet(), []);
});

test("nothing is launched for jobs that were cancelled in the middle of the queue", () => {
  const world = new ScaledWorld({ environments: [withInstances({ types: [LARGE] })] });
  for (const id of ["a", "b", "c", "d"]) world.bench.submit(id, asks(2));
  for (const id of ["b", "c"]) world.bench.stop(id, "cancel");
  world.tick();
  assert.deepEqual(world.fleet(), ["2 m.large"]);
});

test("a type that could not be launched is left alone for five minutes: the next type, then the next environment", () => {
  const [first, second] = [withInstances(), withInstances({ types: [XLARGE] }, { arn: "second" })];
  const queues = [{ ...QUEUE, environmentArns: ["environment", "second"] }];
  const world = new ScaledWorld({ environments: [first, second], queues });
  const { bench } = world;
  bench.submit("a");
  world.tick();
  assert.deepEqual(world.fleet(), ["1 m.large"]);
  world.fail();
  const largeUntil = bench.now + UNAVAILABLE_MS;
  bench.now += MINUTE;
  world.tick();
  assert.deepEqual(world.fleet(), ["1 m.xlarge"]);
  world.fail();
  world.tick();
  assert.deepEqual([world.fleet(), world.fleet("second")], [[], ["1 m.xlarge"]]);
  world.fail();
  for (const { id } of world.instances("launching", "second")) {
    bench.world.apply({ kind: "instance-gone", instanceId: id, at: bench.now, launchFailure: "no capacity" });
  }
  assert.equal(world.tick(), largeUntil);
  bench.now = largeUntil;
  world.tick();
  assert.deepEqual(world.fleet(), ["1 m.large"]);
});

test("a gang comes whole: four instances of one type, or none", () => {
  for (const [maxVcpus, expected] of [
    [7, ["4 m.large"]],
    [6, []],
  ] as const) {
    const environment = withInstances({ types: [LARGE] }, { maxVcpuMilli: maxVcpus * 1000 });
    const world = new ScaledWorld({ environments: [environment] });
    world.bench.submit("gang", gang(4, 2));
    world.tick();
    assert.deepEqual(world.fleet(), expected);
    world.boot();
    world.tick();
    assert.equal(world.bench.state("gang").attempts[0]?.instanceIds?.length ?? 0, expected.length === 0 ? 0 : 4);
  }
});

test("an environment that is deleted keeps nothing; one that is disabled keeps its minimum", () => {
  const settings = { minVcpuMilli: 2000, types: [LARGE] };
  const world = new ScaledWorld({ environments: [withInstances(settings)] });
  world.tick();
  world.boot();
  const disabled = { ...withInstances(settings), enabled: false };
  world.bench.world.apply({ kind: "environments", environments: [disabled] });
  world.bench.now += 60 * MINUTE;
  world.tick();
  assert.deepEqual(world.fleet(), ["1 m.large"]);
  const deleted = { ...disabled, status: "DELETING" } as const;
  world.bench.world.apply({ kind: "environments", environments: [deleted] });
  world.tick();
  assert.deepEqual(world.fleet(), []);
});

test("more instances than fit into one tick are launched in the next ones, at once", () => {
  const world = new ScaledWorld({ environments: [withInstances({ types: [instanceType("m.medium", 1)] })] });
  world.bench.submit("array", { arraySize: 1_500 });
  assert.equal(world.tick(), world.bench.now);
  assert.deepEqual(world.fleet(), ["1000 m.medium"]);
  assert.equal(world.tick(), undefined);
  assert.deepEqual(world.fleet(), ["1500 m.medium"]);
});

test("nothing is launched for more jobs than the queue may run at a time", () => {
  const queues = [{ ...QUEUE, maxRunningJobs: 3 }];
  const world = new ScaledWorld({ environments: [withInstances({ types: [LARGE] })], queues });
  for (let n = 0; n < 10; n += 1) world.bench.submit(`job-${n}`, asks(2));
  world.tick();
  assert.deepEqual(world.fleet(), ["3 m.large"]);
  world.boot();
  world.tick();
  world.tick();
  assert.deepEqual(world.fleet(), ["3 m.large"]);
});

test("nothing is launched that a fair-share policy keeps free for shares that are not active yet", () => {
  const environment = withInstances({ types: [LARGE], strategy: "BEST_FIT" }, { maxVcpuMilli: 16_000 });
  const queues = [{ ...QUEUE, policyArn: "policy" }];
  const world = new ScaledWorld({ environments: [environment], queues });
  const policy = { kind: "fair-share", arn: "policy", decaySeconds: 0, reservationPercent: 50, weights: [] } as const;
  world.bench.world.apply({ kind: "scheduling-policies", policies: [policy] });
  for (let n = 0; n < 10; n += 1) world.bench.submit(`job-${n}`, { ...asks(2), share: "A" });
  world.tick();
  assert.deepEqual(world.fleet(), ["4 m.large"]);
  world.boot();
  world.tick();
  world.tick();
  assert.deepEqual(world.fleet(), ["4 m.large"]);
  // With two shares a quarter is kept free: 12 of 16 vCPUs are for B's job, and for one more of A.
  world.bench.submit("another", { ...asks(2), share: "B" });
  world.tick();
  assert.deepEqual(world.fleet(), ["6 m.large"]);
});
