import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { waitingText } from "../../src/core/explain/waiting-reason.ts";
import { launch } from "../../src/core/instances/launch.ts";
import type { InstanceType } from "../../src/core/instances/instance.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { BlockedReason } from "../../src/core/placement.ts";
import type { Environment } from "../../src/core/resources.ts";
import { gang } from "../support/gang.ts";
import { instanceType, LARGE, runInstances, withInstances, XLARGE } from "../support/instances.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const GPU = instanceType("g.xlarge", 4, { gpus: 1, microUsdPerHour: 900_000 });
const ARM = instanceType("a.large", 2, { architecture: "ARM64" });

interface Cluster {
  readonly bench: WorldBench;
  readonly ids: readonly string[];
}

function cluster(types: readonly InstanceType[], environment: Environment = withInstances()): Cluster {
  const bench = new WorldBench({ environments: [environment] });
  return { bench, ids: runInstances(bench.world, types) };
}

function asks(vcpus: number, memoryMiB = 512, gpus = 0): Pick<Scheduling, "requirements"> {
  return { requirements: { vcpuMilli: vcpus * 1000, memoryMiB, gpus } };
}

/** Places of the instances that a job is on, in order of age; undefined while it waits. */
function placesOf({ bench, ids }: Cluster, jobId: string): number[] | undefined {
  return bench
    .state(jobId)
    .attempts.at(-1)
    ?.instanceIds?.map((id) => ids.indexOf(id));
}

function reasonOf({ bench }: Cluster): BlockedReason | undefined {
  return bench.tick().blocked.get("queue")?.head?.reason;
}

describe("packing", () => {
  test("the oldest instance with room takes a job, and what its jobs leave is for the next", () => {
    const one = cluster([LARGE, XLARGE]);
    for (const id of ["a", "b", "c"]) one.bench.submit(id, asks(1));
    one.bench.submit("d", asks(3));
    one.bench.tick();
    assert.deepEqual(
      ["a", "b", "c", "d"].map((id) => placesOf(one, id)),
      [[0], [0], [1], [1]],
    );
  });

  test("memory counts as vCPUs do", () => {
    const one = cluster([LARGE, LARGE]);
    one.bench.submit("a", asks(1, 8_000));
    one.bench.submit("b", asks(1, 200));
    one.bench.tick();
    assert.deepEqual([placesOf(one, "a"), placesOf(one, "b")], [[0], [1]]);
  });

  test("a job's end makes room on its own instance", () => {
    const one = cluster([LARGE, LARGE]);
    for (const id of ["a", "b", "c"]) one.bench.submit(id, asks(2));
    one.bench.tick();
    assert.deepEqual(placesOf(one, "c"), undefined);
    one.bench.end("b");
    one.bench.tick();
    assert.deepEqual(placesOf(one, "c"), [1]);
  });

  test("GPUs are given out one by one; who asks for none may use the rest of the instance", () => {
    const one = cluster([LARGE, GPU], withInstances({ types: [LARGE, GPU] }));
    one.bench.submit("a", asks(1, 512, 1));
    one.bench.submit("b", asks(1, 512, 1));
    one.bench.tick();
    assert.deepEqual([placesOf(one, "a"), placesOf(one, "b")], [[1], undefined]);
    one.bench.stop("b", "cancel");
    one.bench.submit("c", asks(3));
    one.bench.tick();
    assert.deepEqual(placesOf(one, "c"), [1]);
  });

  test("launching and terminating instances take no jobs", () => {
    const one = cluster([LARGE]);
    one.bench.world.apply({ kind: "instance-terminating", instanceId: one.ids[0]! });
    const launched = launch(one.bench.world, "environment", LARGE, 5);
    one.bench.world.apply(launched);
    one.bench.submit("a", asks(1));
    assert.deepEqual(reasonOf(one), { kind: "capacity", free: { vcpuMilli: 0, memoryMiB: 0 }, launching: 1 });
    one.bench.world.apply({ kind: "instance-running", instanceId: launched.instanceId, at: 6 });
    one.bench.tick();
    assert.deepEqual(one.bench.state("a").attempts[0]?.instanceIds, [launched.instanceId]);
  });

  test("room on a running instance is used before anything else, in the order of environments", () => {
    const second = withInstances({}, { arn: "second" });
    const bench = new WorldBench({
      environments: [withInstances(), second],
      queues: [{ ...QUEUE, environmentArns: ["environment", "second"] }],
    });
    const [later] = runInstances(bench.world, [LARGE], "second");
    bench.submit("a", asks(1));
    bench.tick();
    const [first] = runInstances(bench.world, [LARGE]);
    bench.submit("b", asks(1));
    bench.tick();
    assert.deepEqual(
      [bench.state("a").attempts[0]?.instanceIds, bench.state("b").attempts[0]?.instanceIds],
      [[later], [first]],
    );
  });

  test("instances that come and go leave the order of age as it is", () => {
    const one = cluster(Array.from({ length: 40 }, () => LARGE));
    for (const id of one.ids.slice(0, 39)) one.bench.world.apply({ kind: "instance-gone", instanceId: id, at: 2 });
    const more = runInstances(
      one.bench.world,
      Array.from({ length: 40 }, () => LARGE),
    );
    for (let n = 0; n < 3; n += 1) one.bench.submit(`job-${n}`, asks(2));
    one.bench.tick();
    const used = [0, 1, 2].map((n) => one.bench.state(`job-${n}`).attempts[0]?.instanceIds?.[0]);
    assert.deepEqual(used, [one.ids[39], more[0], more[1]]);
  });

  test("what runs on instances takes nothing of the machine", () => {
    const bench = new WorldBench({
      capacity: { vcpuMilli: 1000, memoryMiB: 512 },
      environments: [withInstances({}, { arn: "fleet" }), ENVIRONMENT],
      queues: [{ ...QUEUE, environmentArns: ["fleet", "environment"] }],
    });
    runInstances(bench.world, [LARGE], "fleet");
    for (const id of ["a", "b", "c"]) bench.submit(id, asks(1));
    bench.tick();
    assert.deepEqual(
      ["a", "b", "c"].map((id) => bench.state(id).attempts[0]?.environmentArn),
      ["fleet", "fleet", "environment"],
    );
  });
});

describe("architecture and capability", () => {
  const cases: [what: string, scheduling: Partial<Scheduling>, places: number[] | undefined][] = [
    ["unknown is X86_64", {}, [1]],
    ["X86_64", { architecture: "X86_64" }, [1]],
    ["ARM64", { architecture: "ARM64" }, [0]],
    ["for Fargate", { needsFargate: true }, undefined],
  ];
  for (const [what, scheduling, places] of cases) {
    test(what, () => {
      const one = cluster([ARM, LARGE], withInstances({ types: [ARM, LARGE] }));
      one.bench.submit("a", { ...asks(1), ...scheduling });
      one.bench.tick();
      assert.deepEqual(placesOf(one, "a"), places);
    });
  }

  test("a share of the machine takes any", () => {
    const bench = new WorldBench();
    bench.submit("a", { architecture: "ARM64" });
    bench.submit("b", { needsFargate: true });
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.status("b")], ["STARTING", "STARTING"]);
  });
});

describe("why nothing fits", () => {
  const big = withInstances({ types: [LARGE, XLARGE] }, { maxVcpuMilli: 16_000 });
  const cases: [what: string, Environment, Partial<Scheduling>, BlockedReason][] = [
    [
      "more memory than the largest type has",
      big,
      asks(1, 20_000),
      { kind: "above-instance-size", largest: { vcpuMilli: 4000, memoryMiB: 16_384 } },
    ],
    [
      "GPUs where no type has any",
      big,
      asks(1, 512, 1),
      { kind: "above-instance-size", largest: { vcpuMilli: 4000, memoryMiB: 16_384 } },
    ],
    [
      "the largest is that of what comes closest: with the GPU",
      withInstances({ types: [GPU, instanceType("m.16xlarge", 64)] }),
      asks(8, 512, 1),
      { kind: "above-instance-size", largest: { vcpuMilli: 4000, memoryMiB: 16_384, gpus: 1 } },
    ],
    ["more vCPUs than maxvCpus", big, asks(17), { kind: "above-environment-maximum", maxVcpuMilli: 16_000 }],
    [
      "more nodes than maxvCpus allows instances",
      big,
      gang(10, 2),
      { kind: "above-environment-maximum", maxVcpuMilli: 16_000 },
    ],
    [
      "no type of its architecture",
      big,
      { architecture: "ARM64" },
      { kind: "no-such-architecture", architecture: "ARM64" },
    ],
    [
      "nodes on a type that is not allowed",
      big,
      { ...gang(2, 2), instanceType: "m.2xlarge" },
      { kind: "no-such-type", type: "m.2xlarge" },
    ],
    [
      "nodes that are too large for the type that they are to be on",
      big,
      { ...gang(2, 3), instanceType: "m.large" },
      { kind: "above-instance-size", largest: { vcpuMilli: 2000, memoryMiB: 8192 } },
    ],
    ["nodes in Spot", { ...big, takesNoNodes: true }, gang(2, 1), { kind: "no-nodes" }],
    ["a definition for Fargate", big, { needsFargate: true }, { kind: "needs-fargate" }],
    ["nothing runs yet", big, asks(1), { kind: "capacity", free: { vcpuMilli: 0, memoryMiB: 0 } }],
  ];
  for (const [what, environment, scheduling, expected] of cases) {
    test(what, () => {
      const one = cluster([], environment);
      one.bench.submit("a", scheduling);
      assert.deepEqual(reasonOf(one), expected);
    });
  }

  test("with BEST_FIT on demand the last instance does not go beyond maxvCpus either; with other strategies it does", () => {
    for (const [strategy, kind] of [
      ["BEST_FIT", "above-environment-maximum"],
      ["BEST_FIT_PROGRESSIVE", "capacity"],
    ] as const) {
      const one = cluster([], withInstances({ types: [XLARGE], strategy }, { maxVcpuMilli: 3_000 }));
      one.bench.submit("a", asks(3));
      assert.equal(reasonOf(one)?.kind, kind);
    }
  });

  test("every launch failed: AWS's words, until one of another type is on its way", () => {
    const one = cluster([], withInstances({ types: [LARGE] }));
    const failing = launch(one.bench.world, "environment", LARGE, one.bench.now);
    one.bench.world.apply(failing);
    const gone = { kind: "instance-gone", instanceId: failing.instanceId, at: one.bench.now } as const;
    one.bench.world.apply({ ...gone, launchFailure: "none left" });
    one.bench.submit("a", asks(1));
    const reason = reasonOf(one)!;
    assert.equal(
      waitingText(reason, asks(1).requirements),
      "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [m.large]",
    );
    one.bench.world.apply(launch(one.bench.world, "environment", XLARGE, 2));
    assert.deepEqual(reasonOf(one), { kind: "capacity", free: { vcpuMilli: 0, memoryMiB: 0 }, launching: 1 });
  });

  test("what is free is told of the instance with most vCPUs free", () => {
    const one = cluster([LARGE, XLARGE]);
    one.bench.submit("a", asks(2));
    one.bench.submit("b", asks(1));
    one.bench.submit("c", asks(4));
    assert.deepEqual(reasonOf(one), { kind: "capacity", free: { vcpuMilli: 3000, memoryMiB: 16_384 - 512, gpus: 0 } });
  });
});

describe("several nodes", () => {
  test("each gets an instance of its own, empty, all of one type: the cheapest of which there are enough", () => {
    const one = cluster([XLARGE, LARGE, XLARGE, LARGE]);
    one.bench.submit("a", gang(2, 1));
    one.bench.tick();
    assert.deepEqual(placesOf(one, "a"), [1, 3]);
    one.bench.submit("b", asks(1));
    one.bench.tick();
    assert.deepEqual(placesOf(one, "b"), [0], "the instances of the nodes take nothing else");
  });

  test("an instance with anything on it is no node's", () => {
    const one = cluster([LARGE, LARGE]);
    one.bench.submit("a", asks(1));
    one.bench.submit("b", gang(2, 1));
    assert.deepEqual(reasonOf(one), {
      kind: "nodes",
      count: 2,
      each: { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 },
    });
    one.bench.end("a");
    one.bench.tick();
    assert.deepEqual(placesOf(one, "b"), [0, 1]);
  });

  test("instances of two types are not one gang's", () => {
    const one = cluster([LARGE, XLARGE]);
    one.bench.submit("a", gang(2, 1));
    assert.equal(reasonOf(one)?.kind, "nodes");
    const [third] = runInstances(one.bench.world, [XLARGE]);
    one.bench.tick();
    assert.deepEqual(one.bench.state("a").attempts[0]?.instanceIds, [one.ids[1], third]);
  });

  test("a gang that names a type is on instances of that type, however many others are empty", () => {
    const one = cluster([LARGE, XLARGE, LARGE, XLARGE]);
    one.bench.submit("a", { ...gang(2, 1), instanceType: "m.xlarge" });
    one.bench.tick();
    assert.deepEqual(placesOf(one, "a"), [1, 3]);
  });

  test("a gang goes past an environment that takes no nodes", () => {
    const spot = withInstances({}, { arn: "spot", takesNoNodes: true });
    const bench = new WorldBench({
      environments: [spot, { ...ENVIRONMENT, takesNoNodes: true }, withInstances({}, { arn: "on-demand" })],
      queues: [{ ...QUEUE, environmentArns: ["spot", "environment", "on-demand"] }],
    });
    runInstances(bench.world, [LARGE, LARGE], "spot");
    const ids = runInstances(bench.world, [LARGE, LARGE], "on-demand");
    bench.submit("a", gang(2, 1));
    bench.tick();
    assert.deepEqual(bench.state("a").attempts[0]?.instanceIds, ids);
  });

  test("two gangs, each with room for itself and not beside the other: neither holds anything while it waits", () => {
    const bench = new WorldBench({
      environments: [withInstances()],
      queues: [
        { ...QUEUE, priority: 2 },
        { ...QUEUE, arn: "second" },
      ],
    });
    const ids = runInstances(bench.world, [LARGE, LARGE, LARGE]);
    bench.submit("busy", asks(1));
    bench.tick();
    bench.submit("a", gang(3, 2));
    bench.submit("b", gang(3, 2), "second");
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.status("b")], ["RUNNABLE", "RUNNABLE"]);
    assert.equal([...bench.world.instances.of("environment").idle()].length, 2, "half a gang holds nothing");
    bench.end("busy");
    bench.tick();
    assert.deepEqual(bench.state("a").attempts[0]?.instanceIds, ids);
    assert.equal(bench.status("b"), "RUNNABLE");
    bench.startUnit("a", 0);
    for (const node of [0, 1, 2]) bench.endUnit("a", node);
    bench.tick();
    assert.deepEqual(bench.state("b").attempts[0]?.instanceIds, ids);
  });

  test("in a share of the machine the nodes take what they ask for together", () => {
    const bench = new WorldBench({ capacity: { vcpuMilli: 4000, memoryMiB: 4096 } });
    bench.submit("a", gang(3, 1));
    bench.tick();
    assert.deepEqual([bench.status("a"), bench.state("a").attempts[0]?.instanceIds], ["STARTING", undefined]);
    assert.equal(bench.world.used.vcpuMilli, 3000);
  });
});

describe("idle", () => {
  test("from the end of its last job on; while it has one, it is not", () => {
    const one = cluster([LARGE, LARGE]);
    const { instances } = one.bench.world;
    const idle = () => [...instances.of("environment").idle()].map(({ id }) => one.ids.indexOf(id));
    one.bench.submit("a", asks(1));
    one.bench.submit("b", asks(1));
    one.bench.tick();
    assert.deepEqual(idle(), [1]);
    one.bench.now += 5_000;
    one.bench.end("a");
    assert.deepEqual([idle(), instances.idled.size], [[1], 0]);
    one.bench.end("b");
    assert.deepEqual([idle(), [...instances.idled]], [[1, 0], [[one.ids[0], one.bench.now]]]);
  });
});
