import type { Instance } from "../../../src/core/instances/instance.ts";
import type { Scheduling } from "../../../src/core/job.ts";
import type { WorldOptions } from "../../support/world.ts";
import { WorldBench } from "../../support/world.ts";

/** A world with scaling, of which the test is the clock and the provisioner. */
export class ScaledWorld {
  readonly bench: WorldBench;

  constructor(options: WorldOptions) {
    this.bench = new WorldBench(options);
  }

  /** One tick. When time alone changes something again. */
  tick(): number | undefined {
    return this.bench.tick().wakeAt;
  }

  /** What was launched runs. */
  boot(): void {
    for (const { id } of this.#launching()) {
      this.bench.world.apply({ kind: "instance-running", instanceId: id, at: this.bench.now });
    }
  }

  /** What was launched could not be. */
  fail(): void {
    for (const { id } of this.#launching()) {
      const { now } = this.bench;
      this.bench.world.apply({ kind: "instance-gone", instanceId: id, at: now, launchFailure: "no capacity" });
    }
  }

  #launching(): Instance[] {
    return [...this.bench.world.instances.all()].filter(({ status }) => status === "launching");
  }

  instances(status: Instance["status"], arn = "environment"): Instance[] {
    return [...this.bench.world.instances.of(arn).instances()].filter((one) => one.status === status);
  }

  /** Such as `3 m.large`, of all that are launching or run. */
  fleet(arn = "environment"): string[] {
    const counts = new Map<string, number>();
    for (const { status, type } of this.bench.world.instances.of(arn).instances()) {
      if (status !== "terminating") counts.set(type.name, (counts.get(type.name) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => `${count} ${name}`).toSorted();
  }
}

/** A job of one container. */
export function asks(vcpus: number, memoryMiB = 512, gpus = 0): Pick<Scheduling, "requirements"> {
  return { requirements: { vcpuMilli: vcpus * 1000, memoryMiB, gpus } };
}

/** A job of several nodes, with one container each. */
export function gang(count: number, vcpus: number): Partial<Scheduling> {
  const each = { vcpuMilli: vcpus * 1000, memoryMiB: 512, gpus: 0 };
  const units = Array.from({ length: count }, (_, node) => ({ name: "n", node, essential: true, dependsOn: [] }));
  const requirements = { vcpuMilli: count * each.vcpuMilli, memoryMiB: count * each.memoryMiB, gpus: 0 };
  return { requirements, nodes: { count, main: 0 }, eachNode: each, units };
}
