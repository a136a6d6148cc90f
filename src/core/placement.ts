import type { DriverName } from "./driver-name.ts";
import type { ExceededLimit } from "./holdings.ts";
import { exceededLimit } from "./holdings.ts";
import type { Demand, InstanceNeed, Requirements } from "./job.ts";
import type { Capacity, Environment, Queue } from "./resources.ts";
import type { World } from "./world.ts";

export type Placement =
  | { readonly kind: "fits"; readonly environment: Environment }
  | { readonly kind: "blocked"; readonly reason: BlockedReason };

/** Why nothing of a shape can start now. */
export type BlockedReason =
  | { readonly kind: "no-valid-environment" }
  /** Every usable environment is UNMANAGED, and has no instances. */
  | { readonly kind: "no-instances" }
  /** Every usable environment runs containers, and no engine answered when the server started. */
  | { readonly kind: "no-container-engine" }
  /** No environment's maxvCpus suffices, ever. */
  | { readonly kind: "above-environment-maximum"; readonly maxVcpuMilli: number }
  /** The machine is too small, ever. */
  | { readonly kind: "above-instance-size"; readonly largest: Capacity }
  /** No service environment has so many instances, ever. */
  | { readonly kind: "above-service-maximum" }
  /** The service environment has them, but not beside those in use. */
  | ({ readonly kind: "instances" } & ExceededLimit)
  /** It fits, but not beside what runs now. `free`: in the environment that has most. */
  | { readonly kind: "capacity"; readonly free: Capacity };

/** Tries a queue's environments in order (reference 7.2). */
export function place(world: World, { requirements, instances = [] }: Demand, queue: Queue): Placement {
  const usable = environmentsOf(world, queue);
  if (usable.length === 0) return blocked({ kind: "no-valid-environment" });
  const managed = usable.filter(({ isUnmanaged }) => !isUnmanaged);
  if (managed.length === 0) return blocked({ kind: "no-instances" });
  const running = managed.filter(({ driver }) => driver !== "docker" || world.hasDocker);
  if (running.length === 0) return blocked({ kind: "no-container-engine" });
  const maxVcpuMilli = Math.max(...running.map((environment) => environment.maxVcpuMilli));
  if (requirements.vcpuMilli > maxVcpuMilli) return blocked({ kind: "above-environment-maximum", maxVcpuMilli });
  if (requirements.gpus > 0 || !fits(requirements, world.capacity)) {
    return blocked({ kind: "above-instance-size", largest: world.capacity });
  }
  const exceeded = exceededInAll(running, instances, () => 0);
  if (exceeded !== undefined) return blocked({ kind: "above-service-maximum" });
  const inUse = (key: string): number => world.inUse(key);
  const lacking = exceededInAll(running, instances, inUse);
  if (lacking !== undefined) return blocked({ kind: "instances", ...lacking });
  const environment = running.find(
    (one) => exceededLimit(one, instances, inUse) === undefined && fits(requirements, freeIn(world, one)),
  );
  if (environment !== undefined) return { kind: "fits", environment };
  const free = running.map((one) => freeIn(world, one)).reduce((a, b) => (b.vcpuMilli > a.vcpuMilli ? b : a));
  return blocked({ kind: "capacity", free });
}

/** The queue's environments in which a job could run, were nothing else there. */
export function environmentsFor(world: World, { requirements, instances = [] }: Demand, queue: Queue): Environment[] {
  if (requirements.gpus > 0 || !fits(requirements, world.capacity)) return [];
  return environmentsOf(world, queue).filter(
    (one) =>
      requirements.vcpuMilli <= one.maxVcpuMilli &&
      !one.isUnmanaged &&
      (one.driver !== "docker" || world.hasDocker) &&
      exceededLimit(one, instances, () => 0) === undefined,
  );
}

function environmentsOf(world: World, { environmentArns }: Queue): Environment[] {
  return environmentArns.flatMap((arn) => {
    const environment = world.environments.get(arn);
    return environment !== undefined && accepts(environment) ? [environment] : [];
  });
}

/** The limit that keeps instances out of the first environment, when they find no room in any. */
function exceededInAll(
  environments: readonly Environment[],
  instances: readonly InstanceNeed[],
  inUse: (key: string) => number,
): ExceededLimit | undefined {
  const limits = environments.map((one) => exceededLimit(one, instances, inUse));
  return limits.includes(undefined) ? undefined : limits[0];
}

/** What an environment has left: of the machine, and of its own maximum. */
export function freeIn(world: World, { arn, maxVcpuMilli }: Environment): Capacity {
  const free = freeCapacity(world);
  const left = Math.max(0, maxVcpuMilli - world.usedVcpuMilli(arn));
  return { ...free, vcpuMilli: Math.min(free.vcpuMilli, left) };
}

/** What the machine has left beside the active attempts; they may hold more than it has, after a restart with less. */
function freeCapacity(world: World): Capacity {
  return {
    vcpuMilli: Math.max(0, world.capacity.vcpuMilli - world.used.vcpuMilli),
    memoryMiB: Math.max(0, world.capacity.memoryMiB - world.used.memoryMiB),
  };
}

/** `auto` means: in a container if the job names an image and an engine was there when the server started, else a plain process. */
export function driverFor(world: World, environment: Environment, needsImage: boolean): DriverName {
  if (environment.driver !== "auto") return environment.driver;
  return needsImage && world.hasDocker ? "docker" : "process";
}

function accepts(environment: Environment): boolean {
  return environment.enabled && (environment.status === "VALID" || environment.status === "UPDATING");
}

function fits(requirements: Requirements, capacity: Capacity): boolean {
  return requirements.vcpuMilli <= capacity.vcpuMilli && requirements.memoryMiB <= capacity.memoryMiB;
}

function blocked(reason: BlockedReason): Placement {
  return { kind: "blocked", reason };
}
