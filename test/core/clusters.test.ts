import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { machineInstanceId } from "../../src/core/ecs-names.ts";
import { explain } from "../../src/core/explain/explain.ts";
import { machinesAsInstances } from "../../src/core/clusters/machines.ts";
import type { Scheduling } from "../../src/core/job.ts";
import type { Environment } from "../../src/core/resources.ts";
import { failureOf } from "../../src/core/failure.ts";
import { jobChange } from "../../src/core/job-change.ts";
import { started } from "../../src/core/lifecycle.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const CLUSTER: Environment = {
  ...ENVIRONMENT,
  driver: "kubernetes@prod",
  maxVcpuMilli: 10_000,
  cluster: { namespace: "jobs", pendingPods: 3 },
};

/** A machine of nothing: what runs there, runs elsewhere. */
function bench(more: Partial<Environment> = {}, others: readonly Environment[] = []): WorldBench {
  const environments = [{ ...CLUSTER, ...more }, ...others];
  const queues = [
    { ...QUEUE, environmentArns: ["environment"] },
    { ...QUEUE, arn: "local", environmentArns: others.map(({ arn }) => arn) },
  ];
  return new WorldBench({ environments, queues, capacity: { vcpuMilli: 1_000, memoryMiB: 1_000 } });
}

function asking(vcpus: number, more: Partial<Scheduling> = {}): Partial<Scheduling> {
  return { requirements: { vcpuMilli: vcpus * 1000, memoryMiB: 64_000, gpus: 2 }, ...more };
}

function answer({ world, now }: WorldBench, plan: ReturnType<WorldBench["tick"]>, id: string) {
  const explanation = explain(world, plan, id, now)!;
  return [
    explanation.answer,
    ...explanation.blockers.flatMap((blocker) =>
      blocker.kind === "placement"
        ? blocker.environments.flatMap(({ obstacles }) => obstacles.map(({ text }) => text))
        : [],
    ),
  ];
}

const MACHINE = { name: "node-1", id: "6a3f" };

describe("environments in clusters", () => {
  test("only maxvCpus bounds what runs there, whatever this machine has; it holds nothing of this machine", () => {
    const local = { ...ENVIRONMENT, arn: "here" };
    const world = bench({}, [local]);
    world.submit("a", asking(8));
    world.submit("b", asking(3));
    world.submit("c", {}, "local");
    const plan = world.tick();
    assert.deepEqual([world.status("a"), world.status("b"), world.status("c")], ["STARTING", "RUNNABLE", "STARTING"]);
    assert.equal(world.state("a").attempts[0]?.driver, "kubernetes@prod");
    assert.deepEqual(answer(world, plan, "b"), [
      "Waiting for capacity: it asks for 3 vCPU; 2 of the 10 vCPU of maxvCpus are free.",
      "It asks for 3 vCPU, and 2 of the 10 vCPU of maxvCpus are free.",
    ]);
    assert.deepEqual(world.world.used, { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 });
    world.start("a");
    world.end("a");
    world.tick();
    assert.equal(world.status("b"), "STARTING");
  });

  test("what is above maxvCpus never starts, and says so", () => {
    const world = bench();
    world.submit("a", asking(11));
    const plan = world.tick();
    assert.match(answer(world, plan, "a")[0]!, /COMPUTE_ENVIRONMENT_MAX_RESOURCE/);
  });

  test("so many pods wait there for a place, and no more; the order of the others stays that of the queue", () => {
    const world = bench();
    for (const id of ["a", "b", "c", "d", "e"]) world.submit(id, asking(1));
    const plan = world.tick();
    assert.equal(["a", "b", "c", "d", "e"].map((id) => world.status(id)[0]).join(""), "SSSRR");
    assert.deepEqual(answer(world, plan, "d"), [
      "Waiting for the cluster: 3 pods wait there for a place already, and not more may at a time.",
      "As many pods as may (3) wait in the cluster for a place.",
    ]);
    world.start("b");
    world.tick();
    assert.equal(world.status("d"), "STARTING");
    assert.equal(world.status("e"), "RUNNABLE");
    world.end("a", { reason: "CannotPullContainerError" });
    world.tick();
    assert.equal(world.status("e"), "STARTING");
  });

  test("each node of a multi-node job is a pod; one of more than may wait begins when nothing else does", () => {
    const world = bench();
    const nodes = { nodes: { count: 5, main: 0 }, eachNode: { vcpuMilli: 1000, memoryMiB: 1, gpus: 0 } };
    const units = [0, 1, 2, 3, 4].map((node) => ({ name: "n", node, essential: true, dependsOn: [] }));
    world.submit("a", asking(1));
    world.submit("gang", { ...asking(5), ...nodes, units });
    world.submit("b", asking(1));
    world.tick();
    assert.deepEqual(
      [world.status("a"), world.status("gang"), world.status("b")],
      ["STARTING", "RUNNABLE", "RUNNABLE"],
    );
    world.start("a");
    world.tick();
    assert.deepEqual([world.status("gang"), world.status("b")], ["STARTING", "RUNNABLE"]);
    world.startUnit("gang", 0, "10.0.0.7");
    world.tick();
    assert.equal(world.units("gang"), "rssss");
    assert.equal(world.status("b"), "STARTING");
  });

  test("all containers of a pod begin together: the cluster keeps their order", () => {
    const world = bench();
    const units = [
      { name: "init", essential: true, othersGoOn: true as const, dependsOn: [] },
      {
        name: "main",
        essential: true,
        othersGoOn: true as const,
        dependsOn: [{ unit: 0, condition: "SUCCESS" as const }],
      },
    ];
    world.submit("a", { ...asking(1), units });
    world.tick();
    assert.equal(world.units("a"), "ss");
    world.startUnit("a", 0);
    assert.equal(world.status("a"), "STARTING");
    world.endUnit("a", 0, { exitCode: 7 });
    assert.equal(world.units("a"), "es");
    world.endUnit("a", 1, { reason: "never began" });
    const { status, attempts } = world.state("a");
    assert.deepEqual(
      [status, attempts[0]?.exitCode, attempts[0]?.statusReason],
      ["FAILED", 7, "Essential container in task exited"],
    );
  });

  test("what the cluster took back before it began is lost with its host, and tried again as such", () => {
    const world = bench();
    const retry = {
      attempts: 2,
      evaluateOnExit: [
        { action: "retry" as const, onStatusReason: "Host EC2*" },
        { action: "exit" as const, onReason: "*" },
      ],
    };
    const units = [{ name: "main", essential: true, othersGoOn: true as const, dependsOn: [] }];
    world.submit("pod", { ...asking(1), retry, units });
    world.submit("container", { ...asking(1), retry });
    world.tick();
    const lost = { reason: "OutOfcpu: Node didn't have enough resource", machine: MACHINE, isLost: true as const };
    world.endUnit("pod", 0, lost);
    world.end("container", lost);
    for (const id of ["pod", "container"]) {
      const { status, attempts } = world.state(id);
      const statusReason = `Host EC2 (instance ${machineInstanceId("6a3f")}) terminated.`;
      assert.deepEqual(
        [status, attempts[0]!.statusReason, attempts[0]!.reason],
        ["RUNNABLE", statusReason, lost.reason],
      );
      assert.equal(failureOf(attempts[0]!), "infrastructure");
    }
  });

  test("its machines are instances, with what pods of here leave; who is lost with one is told its name", () => {
    const world = bench();
    world.submit("a", asking(2));
    world.tick();
    const job = world.world.jobs.get("a")!;
    world.world.apply(jobChange(world.world, job, started(job, world.now, MACHINE)));
    const attemptIds = [job.state.attempts[0]!.id];
    const [shown] = machinesAsInstances(world.world, "environment", [
      {
        ...MACHINE,
        capacity: { vcpuMilli: 4_000, memoryMiB: 96_000, gpus: 4 },
        isReady: false,
        takesPods: true,
        architecture: "arm64",
        since: 5,
        attemptIds: [...attemptIds, "not one of ours"],
      },
    ]);
    assert.deepEqual(
      [
        shown!.instance.id,
        shown!.instance.type.architecture,
        shown!.instance.isSilent,
        shown!.free,
        shown!.machineName,
      ],
      [machineInstanceId("6a3f"), "ARM64", true, { vcpuMilli: 2_000, memoryMiB: 32_000, gpus: 2 }, "node-1"],
    );
    world.end("a", {});
    assert.equal(
      world.state("a").attempts[0]?.statusReason,
      `Host EC2 (instance ${machineInstanceId("6a3f")}) terminated.`,
    );
  });
});
