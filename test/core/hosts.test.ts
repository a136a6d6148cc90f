import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explain } from "../../src/core/explain/explain.ts";
import type { Host } from "../../src/core/instances/host.ts";
import type { Instance } from "../../src/core/instances/instance.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { Environment } from "../../src/core/resources.ts";
import { host, withHosts } from "../support/instances.ts";
import { QUEUE, WorldBench } from "../support/world.ts";

function bench(hosts: readonly Host[], more: Partial<Environment> = {}): WorldBench {
  return new WorldBench({ environments: [withHosts(hosts, more)], capacity: { vcpuMilli: 0, memoryMiB: 0 } });
}

/** The hosts that are registered from now on. */
function registered(world: WorldBench, hosts: readonly Host[], more: Partial<Environment> = {}): void {
  world.world.apply({ kind: "environments", environments: [withHosts(hosts, more)] });
  world.tick();
}

function instances({ world }: WorldBench): Instance[] {
  return [...world.instances.all()];
}

function shown(world: WorldBench): string[] {
  return instances(world).map(({ host: id, status }) => `${id} ${status}`);
}

/** All that are not yet come into sight. */
function sight(world: WorldBench): void {
  for (const { id, status } of instances(world)) {
    if (status === "launching") world.world.apply({ kind: "instance-running", instanceId: id, at: world.now });
  }
  world.tick();
}

function gone(world: WorldBench, instanceId: string): void {
  world.world.apply({ kind: "instance-gone", instanceId, at: world.now });
  world.tick();
}

function asking(vcpus: number, more: Partial<Scheduling> = {}): Partial<Scheduling> {
  return { requirements: { vcpuMilli: vcpus * 1000, memoryMiB: 512, gpus: 0 }, ...more };
}

function reason(world: WorldBench, id: string) {
  return [...world.tick().blocked.values()].flatMap(({ head, lanes }) =>
    [head, ...lanes.values()].flatMap((one) => (one?.jobId === id ? [one.reason] : [])),
  )[0];
}

function twice(): Partial<Scheduling> {
  return { retry: { attempts: 2, evaluateOnExit: [] } };
}

describe("a registered host", () => {
  test("is an instance, which takes jobs when it has come into sight, by a driver of its own", () => {
    const world = bench([host("a#1", 2), host("b#2", 4)]);
    world.submit("one", asking(2));
    world.submit("two", asking(3));
    world.tick();
    assert.deepEqual(shown(world), ["a#1 launching", "b#2 launching"]);
    assert.equal(world.status("one"), "RUNNABLE");
    sight(world);
    const [a, b] = instances(world);
    const places = ["one", "two"].map((id) => {
      const { driver, instanceIds } = world.state(id).attempts[0]!;
      return { driver, instanceIds };
    });
    assert.deepEqual(places, [
      { driver: "docker@a#1", instanceIds: [a!.id] },
      { driver: "docker@b#2", instanceIds: [b!.id] },
    ]);
  });

  test("nothing is launched beside it, and it stays however idle it is", () => {
    const world = bench([host("a#1", 2)]);
    world.submit("one", asking(2));
    world.submit("two", asking(2));
    world.tick();
    sight(world);
    world.now += 86_400_000;
    world.tick();
    assert.deepEqual(shown(world), ["a#1 running"]);
    world.end("one");
    world.tick();
    world.end("two");
    world.now += 86_400_000;
    const { wakeAt } = world.tick();
    assert.deepEqual([shown(world), wakeAt], [["a#1 running"], undefined]);
  });

  test("that is lost is another instance when it comes back, once its jobs have ended", () => {
    const world = bench([host("a#1", 2)]);
    world.submit("one", { ...asking(1), ...twice() });
    world.tick();
    sight(world);
    world.start("one");
    const [before] = instances(world);
    world.world.apply({ kind: "instance-terminating", instanceId: before!.id, isLost: true });
    world.tick();
    assert.deepEqual(shown(world), ["a#1 terminating"]);
    world.end("one", {});
    world.tick();
    assert.equal(world.state("one").attempts[0]?.statusReason, `Host EC2 (instance ${before!.id}) terminated.`);
    const [after] = instances(world);
    assert.deepEqual([shown(world), after!.id === before!.id], [["a#1 launching"], false]);
    assert.equal(world.status("one"), "RUNNABLE");
    sight(world);
    assert.deepEqual(world.state("one").attempts[1]?.instanceIds, [after!.id]);
  });

  test("whose machine has become another one is another instance, once its jobs have ended", () => {
    const world = bench([host("a#1", 2)]);
    world.submit("one", asking(1));
    world.tick();
    sight(world);
    registered(world, [host("a#1", 4)]);
    assert.deepEqual(shown(world), ["a#1 terminating"]);
    world.end("one");
    const [old] = instances(world);
    gone(world, old!.id);
    assert.deepEqual(
      instances(world).map(({ type, status }) => [type.vcpuMilli, status]),
      [[4000, "launching"]],
    );
  });

  test("that does not answer takes no jobs until it does; those that it has go on", () => {
    const world = bench([host("a#1", 4), host("b#2", 4, { state: "draining" })]);
    world.submit("one", asking(1));
    world.tick();
    sight(world);
    world.start("one");
    const [{ id }] = instances(world) as [Instance];
    world.world.apply({ kind: "instance-silent", instanceId: id, isSilent: true });
    world.submit("two", asking(1));
    const plan = world.tick();
    assert.deepEqual([world.status("one"), world.status("two")], ["RUNNING", "RUNNABLE"]);
    const { blockers } = explain(world.world, plan, "two", world.now)!;
    const [placement] = blockers.flatMap((one) => (one.kind === "placement" ? one.environments : []));
    assert.deepEqual(
      placement!.obstacles.map(({ kind, text }) => [kind, text]),
      [["host-room", "It asks for 1 vCPU and 512 MiB, and no host has any room. These do not answer: a."]],
    );
    world.world.apply({ kind: "instance-silent", instanceId: id, isSilent: false });
    world.tick();
    assert.equal(world.status("two"), "STARTING");
  });

  test("that is drained takes no more jobs, goes on with those that it has, and stays registered", () => {
    const world = bench([host("a#1", 2)]);
    world.submit("one", asking(1));
    world.tick();
    sight(world);
    registered(world, [host("a#1", 2, { state: "draining" })]);
    world.submit("two", asking(1));
    world.tick();
    assert.deepEqual([world.status("one"), world.status("two")], ["STARTING", "RUNNABLE"]);
    world.end("one");
    const [instance] = instances(world);
    gone(world, instance!.id);
    assert.deepEqual([shown(world), world.world.environments.get("environment")?.hosts?.length], [[], 1]);
    registered(world, [host("a#1", 2)]);
    sight(world);
    assert.equal(world.status("two"), "STARTING", "and takes some again when it is made active");
  });

  test("that is removed is forgotten when its last job has ended", () => {
    const world = bench([host("a#1", 2)]);
    world.submit("one", asking(1));
    world.tick();
    sight(world);
    registered(world, [host("a#1", 2, { state: "removing" })]);
    world.start("one");
    const [instance] = instances(world);
    assert.equal(world.state("one").attempts[0]?.stopping, undefined);
    world.end("one");
    gone(world, instance!.id);
    assert.deepEqual(world.changes.at(-1), { kind: "host-deleted", hostId: "a#1", environmentArn: "environment" });
    assert.deepEqual(world.world.environments.get("environment")?.hosts, []);
  });

  test("that is to end its jobs tells them to", () => {
    const world = bench([host("a#1", 2)]);
    world.submit("one", { ...asking(1), ...twice() });
    world.tick();
    sight(world);
    world.start("one");
    const [instance] = instances(world);
    registered(world, [host("a#1", 2, { state: "ending" })]);
    const { stopping } = world.state("one").attempts[0]!;
    assert.deepEqual(stopping, {
      reason: `Host EC2 (instance ${instance!.id}) terminated.`,
      at: world.now,
      hostLost: true,
    });
    world.end("one", { exitCode: 143 });
    world.tick();
    assert.deepEqual([shown(world), world.status("one")], [[], "RUNNABLE"]);
    assert.ok(world.changes.some(({ kind }) => kind === "host-deleted"));
  });

  test("goes with its environment, which waits for its jobs", () => {
    const world = bench([host("a#1", 2), host("b#2", 2, { state: "draining" })]);
    world.submit("one", asking(1));
    world.tick();
    sight(world);
    world.start("one");
    registered(world, [host("a#1", 2), host("b#2", 2, { state: "draining" })], { status: "DELETING" });
    assert.deepEqual([shown(world), world.world.environments.size], [["a#1 terminating"], 1]);
    world.end("one");
    gone(world, instances(world)[0]!.id);
    assert.equal(world.world.environments.size, 0);
  });
});

describe("what can run on hosts", () => {
  test("is what the hosts that take jobs hold", () => {
    const world = bench([host("a#1", 2), host("b#2", 16, { state: "draining" })]);
    world.submit("large", asking(4));
    assert.deepEqual(reason(world, "large"), {
      kind: "above-instance-size",
      largest: { vcpuMilli: 2000, memoryMiB: 8192 },
    });
    registered(world, [host("a#1", 2), host("b#2", 16)]);
    sight(world);
    assert.equal(world.status("large"), "STARTING");
  });

  test("waits for room, whoever might come into sight", () => {
    const world = bench([host("a#1", 2), host("b#2", 2)]);
    world.submit("one", asking(1));
    assert.deepEqual(reason(world, "one"), { kind: "capacity", free: { vcpuMilli: 0, memoryMiB: 0 } });
  });

  test("is nothing where no host takes jobs", () => {
    const world = bench([host("a#1", 2, { state: "draining" })]);
    world.submit("one", asking(1));
    const plan = world.tick();
    assert.deepEqual(reason(world, "one"), { kind: "no-instances" });
    const { blockers } = explain(world.world, plan, "one", world.now)!;
    const [placement] = blockers.flatMap((one) => (one.kind === "placement" ? one.environments : []));
    assert.deepEqual(
      placement!.obstacles.map(({ kind }) => kind),
      ["unmanaged"],
    );
  });

  test("is no job for Fargate", () => {
    const world = bench([host("a#1", 8)]);
    world.submit("fargate", asking(1, { needsFargate: true }));
    assert.deepEqual(reason(world, "fargate"), { kind: "needs-fargate" });
  });

  test("needs no container engine of the server's", () => {
    const world = bench([host("a#1", 2)], { driver: "docker" });
    world.submit("one", asking(1, { needsImage: true }));
    world.tick();
    sight(world);
    assert.equal(world.state("one").attempts[0]?.driver, "docker@a#1");
  });
});

test("a fair-share reservation is a part of what an unmanaged environment is said to have, and of nothing else", () => {
  const policy = { kind: "fair-share", arn: "policy", decaySeconds: 0, reservationPercent: 50, weights: [] } as const;
  for (const [unmanagedVcpuMilli, started] of [
    [undefined, 4],
    [4000, 2],
  ] as const) {
    const environment = withHosts([host("a#1", 4)], {
      ...(unmanagedVcpuMilli !== undefined && { unmanagedVcpuMilli }),
    });
    const world = new WorldBench({ environments: [environment], queues: [{ ...QUEUE, policyArn: "policy" }] });
    world.world.apply({ kind: "scheduling-policies", policies: [policy] });
    for (const id of ["1", "2", "3", "4"]) world.submit(id, asking(1, { share: "red" }));
    world.tick();
    sight(world);
    const running = ["1", "2", "3", "4"].filter((id) => world.status(id) === "STARTING");
    assert.equal(running.length, started, `unmanagedvCpus ${unmanagedVcpuMilli}`);
  }
});
