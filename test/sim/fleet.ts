import type { Change } from "../../src/core/changes.ts";
import { parseNodeId } from "../../src/core/ids.ts";
import type { Instance, InstanceType } from "../../src/core/instances/instance.ts";
import type { Attempt, Scheduling } from "../../src/core/job.ts";
import type { FakeBoot, FakeCloud } from "../../src/drivers/fake/cloud.ts";
import type { FakeAttempt, FakeMachine } from "../../src/drivers/fake/machine.ts";
import type { Random } from "./random.ts";

type Violations = Iterable<string>;

/** Each of them has room for the largest job of one node. */
export const TYPES: readonly InstanceType[] = [
  instanceType("m.xlarge", 4, 8192),
  instanceType("m.2xlarge", 8, 16_384),
  instanceType("r.xlarge", 4, 32_768),
];

function instanceType(name: string, vcpus: number, memoryMiB: number): InstanceType {
  const price = vcpus * 40_000 + memoryMiB;
  return { name, vcpuMilli: vcpus * 1000, memoryMiB, gpus: 0, architecture: "X86_64", microUsdPerHour: price };
}

/** `faults`: how often an instance is slow, cannot be launched, or is lost, 0 to 1. */
export function randomBoot(random: Random, faults: number): FakeBoot {
  const isFaulty = (): boolean => random.chance(faults);
  return {
    bootMs: random.int(1_000, isFaulty() ? 300_000 : 60_000),
    shutdownMs: random.int(0, 30_000),
    ...(isFaulty() && { failure: "InsufficientInstanceCapacity" }),
    ...(isFaulty() && { launchRejects: random.pick(["before", "after"] as const) }),
    ...(isFaulty() && { loss: { afterMs: random.int(0, 120_000), isSilent: random.chance(0.3) } }),
  };
}

interface Known {
  readonly instance: Instance;
  status: Instance["status"];
}

/** The instances, told by the commits alone. */
export class Fleet {
  readonly #known = new Map<string, Known>();

  /** `maxvCpus`: the most that an environment may have, as far as the engine knows. */
  *committed(changes: readonly Change[], maxvCpus: (environmentArn: string) => number): Violations {
    for (const change of changes) {
      if (change.kind === "instance-launched") yield* this.#launched(change.instance, maxvCpus);
      else if (change.kind === "instance-running") yield* this.#running(change.instanceId);
      else if (change.kind === "instance-gone") this.#known.delete(change.instanceId);
      else if (change.kind === "instance-terminating") {
        const known = this.#known.get(change.instanceId);
        if (known === undefined) yield `instance ${change.instanceId} is terminated and was never launched`;
        else known.status = "terminating";
      }
    }
  }

  /** An attempt is on instances of its environment that run; a gang is whole, on instances of one type. */
  *placed(jobId: string, { nodes }: Scheduling, { instanceIds = [], environmentArn }: Attempt): Violations {
    const found = instanceIds.map((id) => this.#known.get(id));
    const wanted = nodes?.count ?? 1;
    if (new Set(instanceIds).size !== wanted) yield `${jobId} is on ${instanceIds.length} instances, not on ${wanted}`;
    for (const [at, one] of found.entries()) {
      if (one?.status !== "running")
        yield `${jobId} starts on ${instanceIds[at]}, which is ${one?.status ?? "not there"}`;
      if (one !== undefined && one.instance.environmentArn !== environmentArn)
        yield `${jobId} is on an instance of another environment`;
    }
    if (new Set(found.map((one) => one?.instance.type.name)).size > 1)
      yield `${jobId} is on instances of several types`;
  }

  /** Those of an environment on which jobs may be placed. */
  running(environmentArn: string): Instance[] {
    return [...this.#known.values()]
      .filter(({ instance, status }) => status === "running" && instance.environmentArn === environmentArn)
      .map(({ instance }) => instance);
  }

  /** Ids of all that were launched and are not gone. */
  ids(): Iterable<string> {
    return this.#known.keys();
  }

  *#launched(instance: Instance, maxvCpus: (environmentArn: string) => number): Violations {
    if (this.#known.has(instance.id)) yield `instance ${instance.id} is launched twice`;
    const { environmentArn } = instance;
    const before = [...this.#known.values()].filter(
      (one) => one.instance.environmentArn === environmentArn && one.status !== "terminating",
    );
    const vcpuMilli = before.reduce((sum, one) => sum + one.instance.type.vcpuMilli, 0);
    // By one instance at most it may be more (reference 6.5).
    if (vcpuMilli >= maxvCpus(environmentArn) * 1000)
      yield `${environmentArn} has ${vcpuMilli} milli-vCPU, and launches more`;
    this.#known.set(instance.id, { instance, status: instance.status });
  }

  *#running(id: string): Violations {
    const known = this.#known.get(id);
    if (known === undefined) yield `instance ${id} runs and was never launched`;
    else if (known.status === "launching") known.status = "running";
  }
}

/** When an attempt begins on an instance: that one runs, and has room for it; a node has it for itself. */
export function* checkRoom({ spec, behaviour }: FakeAttempt, machine: FakeMachine, cloud: FakeCloud): Violations {
  if (behaviour.loss?.afterMs === 0) return; // it has come too late: the instance is gone
  const fake = [...cloud.instances()].find(({ instance }) => instance.id === spec.instanceId);
  if (fake?.runningAt === undefined) return yield `attempt ${spec.attemptId} begins on an instance that does not run`;
  const here = machine.active().filter((one) => one.spec.instanceId === spec.instanceId);
  const { type } = fake.instance;
  const vcpuMilli = here.reduce((sum, one) => sum + one.spec.vcpuMilli, 0);
  const memoryMiB = here.reduce((sum, one) => sum + one.spec.memoryMiB, 0);
  if (vcpuMilli > type.vcpuMilli || memoryMiB > type.memoryMiB)
    yield `instance ${fake.instance.id}, a ${type.name}, runs ${vcpuMilli} milli-vCPU, ${memoryMiB} MiB`;
  const tenants = new Set(here.map((one) => one.spec.jobId));
  if (tenants.size > 1 && [...tenants].some((id) => parseNodeId(id) !== undefined))
    yield `a node shares instance ${fake.instance.id}: ${[...tenants].join()}`;
}
