import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explain } from "../../../src/core/explain/explain.ts";
import type { Environment } from "../../../src/core/resources.ts";
import { LARGE, withInstances, XLARGE } from "../../support/instances.ts";
import { ENVIRONMENT, QUEUE } from "../../support/world.ts";
import { asks, gang, ScaledWorld } from "./scaled-world.ts";

/** Instances as parts of a machine of 6 vCPUs and 24 GiB: an m.large takes 2 vCPUs and 8 GiB of it, an m.xlarge 4 and 16. */
const MACHINE = { vcpuMilli: 6_000, memoryMiB: 24_576 };

function slices(arn: string, more: Partial<Environment> = {}): Environment {
  return withInstances({ areSlices: true }, { arn, ...more });
}

const SHARE: Environment = { ...ENVIRONMENT, arn: "share" };

/** Each environment has a queue of its own, in order of priority. */
function worldOf(environments: readonly Environment[], capacity: object = MACHINE): ScaledWorld {
  const queues = environments.map(({ arn }, index) => ({
    ...{ ...QUEUE, arn: `queue of ${arn}`, environmentArns: [arn] },
    priority: environments.length - index,
  }));
  return new ScaledWorld({ capacity: { ...MACHINE, ...capacity }, environments, queues });
}

function submit(world: ScaledWorld, arn: string, ids: readonly string[], what = asks(1)): void {
  for (const id of ids) world.bench.submit(id, what, `queue of ${arn}`);
}

function statuses(world: ScaledWorld, ids: readonly string[]): string[] {
  return ids.map((id) => world.bench.status(id));
}

describe("the machine bounds its parts", () => {
  test("however many jobs wait, and whatever the maximum, no more is launched than it holds", () => {
    const world = worldOf([slices("a")]);
    const ids = Array.from({ length: 20 }, (_, index) => `job ${index}`);
    submit(world, "a", ids);
    world.tick();
    world.boot();
    world.tick();
    assert.deepEqual(world.fleet("a"), ["1 m.large", "1 m.xlarge"]);
    assert.deepEqual([...new Set(statuses(world, ids.slice(0, 6)))], ["STARTING"]);
    assert.equal(world.bench.status("job 6"), "RUNNABLE");
  });

  test("a small type goes where there is no room for a large one", () => {
    const world = worldOf([slices("a"), SHARE]);
    submit(world, "share", ["holder"], asks(3));
    world.tick();
    submit(world, "a", ["one", "two", "three"]);
    world.tick();
    assert.deepEqual(world.fleet("a"), ["1 m.large"]);
  });

  test("memory counts as vCPUs do", () => {
    const world = worldOf([slices("a")], { memoryMiB: 9_000 });
    submit(world, "a", ["one", "two", "three"]);
    world.tick();
    assert.deepEqual(world.fleet("a"), ["1 m.large"]);
  });

  test("a minimum that is more than the machine has is kept as far as it goes", () => {
    const world = worldOf([withInstances({ areSlices: true, minVcpuMilli: 64_000 }, { arn: "a" })]);
    world.tick();
    assert.deepEqual(world.fleet("a"), ["1 m.large", "1 m.xlarge"]);
  });

  test("a job of several nodes for which the machine never has so many says so", () => {
    const world = worldOf([slices("a")]);
    submit(world, "a", ["gang"], gang(4, 1) as ReturnType<typeof asks>);
    const { blocked } = world.bench.tick();
    assert.deepEqual(blocked.get("queue of a")?.head?.reason.kind, "above-machine-in-nodes");
    submit(world, "a", ["smaller"], gang(3, 1) as ReturnType<typeof asks>);
    world.bench.stop("gang", "cancel");
    world.tick();
    assert.deepEqual(world.fleet("a"), ["3 m.large"]);
  });

  test("who waits is told what is left of the machine", () => {
    const world = worldOf([SHARE, slices("a")]);
    submit(world, "share", ["holder"], asks(5));
    world.tick();
    submit(world, "a", ["waits"]);
    const { blocked } = world.bench.tick();
    assert.deepEqual(blocked.get("queue of a")?.head?.reason, {
      kind: "capacity",
      free: { vcpuMilli: 0, memoryMiB: 0 },
      machine: { vcpuMilli: 1_000, memoryMiB: MACHINE.memoryMiB - 512, gpus: 0 },
    });
  });
});

test("jobs that take shares leave the machine room for the instance that a job of a queue before theirs waits for", () => {
  const world = worldOf([slices("a"), SHARE]);
  const holders = Array.from({ length: 6 }, (_, index) => `share ${index}`);
  submit(world, "share", [...holders, "later"]);
  world.tick();
  submit(world, "a", ["waits"], asks(2));
  world.tick();
  const told = explain(world.bench.world, world.bench.tick(), "later", world.bench.now);
  assert.match(JSON.stringify(told), /2 vCPU are kept for an instance that a job of a queue before waits for/);
  for (const id of ["share 0", "share 1"]) {
    world.bench.start(id);
    world.bench.end(id);
    world.tick();
  }
  assert.deepEqual([world.bench.status("later"), world.fleet("a")], ["RUNNABLE", ["1 m.large"]]);
  world.bench.start("share 2");
  world.bench.end("share 2");
  world.tick();
  assert.equal(world.bench.status("later"), "STARTING", "what is left is theirs");
});

describe("idle parts make room", () => {
  function idle(world: ScaledWorld, arn: string): void {
    submit(world, arn, ["before"], asks(4));
    world.tick();
    world.boot();
    world.tick();
    world.bench.start("before");
    world.bench.end("before");
    world.tick();
    assert.deepEqual(world.fleet(arn), ["1 m.xlarge"]);
  }

  test("for those of another environment", () => {
    const world = worldOf([slices("a"), slices("b")]);
    idle(world, "a");
    submit(world, "b", ["one", "two"], asks(3));
    world.tick();
    assert.deepEqual([world.fleet("a"), world.fleet("b")], [[], ["1 m.xlarge"]]);
  });

  test("for shares of the machine", () => {
    const world = worldOf([slices("a"), SHARE]);
    idle(world, "a");
    submit(world, "share", ["large"], asks(5));
    world.tick();
    assert.deepEqual(world.fleet("a"), []);
    world.tick();
    assert.equal(world.bench.status("large"), "STARTING");
  });

  test("not where it would not be enough", () => {
    const world = worldOf([slices("a"), SHARE]);
    submit(world, "share", ["holder"], asks(2));
    world.tick();
    idle(world, "a");
    submit(world, "share", ["large"], asks(5));
    world.tick();
    assert.deepEqual(world.fleet("a"), ["1 m.xlarge"]);
  });

  test("not those that the other environment is to keep", () => {
    const world = worldOf([withInstances({ areSlices: true, minVcpuMilli: 4_000 }, { arn: "a" }), slices("b")]);
    world.tick();
    world.boot();
    submit(world, "b", ["one"], asks(4));
    world.tick();
    assert.deepEqual([world.fleet("a"), world.fleet("b")], [["1 m.xlarge"], []]);
  });

  test("one that is going holds no more than its jobs do", () => {
    const world = worldOf([slices("a"), SHARE]);
    submit(world, "a", ["on it"]);
    world.tick();
    world.boot();
    world.tick();
    const [only] = world.instances("running", "a");
    world.bench.world.apply({ kind: "instance-terminating", instanceId: only!.id });
    assert.deepEqual({ ...world.bench.world.instances.ofMachine }, { vcpuMilli: 1_000, memoryMiB: 512, gpus: 0 });
    world.bench.start("on it");
    world.bench.end("on it");
    assert.deepEqual({ ...world.bench.world.instances.ofMachine }, { vcpuMilli: 0, memoryMiB: 0, gpus: 0 });
  });
});

test("nothing is planned on instances of an environment that takes no jobs: others are launched", () => {
  const environments = [slices("a"), slices("b")];
  const queue = { ...QUEUE, environmentArns: ["a", "b"] };
  const world = new ScaledWorld({ capacity: MACHINE, environments, queues: [queue] });
  world.bench.submit("first");
  world.tick();
  world.boot();
  world.tick();
  world.bench.start("first");
  world.bench.end("first");
  const invalid = { ...environments[0]!, status: "INVALID" as const };
  world.bench.world.apply({ kind: "environments", environments: [invalid, environments[1]!] });
  world.bench.submit("second");
  world.tick();
  assert.deepEqual(world.fleet("b"), ["1 m.large"]);
});

describe("an infrastructure update", () => {
  function updated(jobsEndAfterMs: number): ScaledWorld {
    const world = worldOf([slices("a")]);
    submit(world, "a", ["old"], { ...asks(4), retry: { attempts: 2, evaluateOnExit: [] } } as ReturnType<typeof asks>);
    world.tick();
    world.boot();
    world.tick();
    world.bench.start("old");
    const { now } = world.bench;
    const replacement = { at: now, jobsEndAt: now + jobsEndAfterMs };
    const update = slices("a", { version: 2, status: "UPDATING", replacement });
    world.bench.world.apply({ kind: "environments", environments: [update] });
    world.bench.now += 1;
    return world;
  }

  const jobsEndAt = (world: ScaledWorld): number | undefined =>
    world.bench.world.environments.get("a")?.replacement?.jobsEndAt;
  const statusOf = (world: ScaledWorld): string | undefined => world.bench.world.environments.get("a")?.status;

  test("old instances take no more jobs and go when theirs have ended; new jobs get new ones; then it is over", () => {
    const world = updated(60_000);
    submit(world, "a", ["new"]);
    assert.equal(world.tick(), jobsEndAt(world));
    assert.deepEqual([statusOf(world), world.instances("terminating", "a").length], ["UPDATING", 1]);
    world.boot();
    world.tick();
    assert.equal(world.bench.status("new"), "STARTING");
    world.bench.end("old");
    for (const { id } of world.instances("terminating", "a")) {
      world.bench.world.apply({ kind: "instance-gone", instanceId: id, at: world.bench.now });
    }
    world.tick();
    assert.equal(statusOf(world), "VALID");
  });

  test("when the time is over, the jobs that still run are told to end, and may be retried elsewhere", () => {
    const world = updated(60_000);
    world.tick();
    world.bench.now += 60_000;
    world.tick();
    const [old] = world.instances("terminating", "a");
    assert.equal(world.bench.state("old").attempts[0]?.stopping?.reason, `Host EC2 (instance ${old!.id}) terminated.`);
    world.bench.end("old", { exitCode: 143 });
    assert.equal(world.bench.status("old"), "RUNNABLE");
  });
});

test("a GPU is one attempt's alone, whether it has an instance or a share of the machine", () => {
  const gpu = { ...LARGE, name: "g.large", gpus: 1 };
  const environments = [withInstances({ areSlices: true, types: [gpu, XLARGE] }, { arn: "a" }), SHARE];
  const world = worldOf(environments, { gpus: 2 });
  submit(world, "a", ["one"], asks(1, 512, 1));
  world.tick();
  world.boot();
  world.tick();
  submit(world, "share", ["two", "three"], asks(1, 512, 1));
  world.tick();
  const gpusOf = (id: string) => world.bench.state(id).attempts.at(-1)?.gpuIds;
  assert.deepEqual([gpusOf("one"), gpusOf("two"), gpusOf("three")], [["0"], ["1"], undefined]);
  world.bench.start("two");
  world.bench.end("two");
  world.tick();
  assert.deepEqual(gpusOf("three"), ["1"]);
});
