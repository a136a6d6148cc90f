import { hasRoom } from "./instances/fleet.ts";
import type { Requirements } from "./job.ts";
import type { Capacity } from "./resources.ts";
import type { World } from "./world.ts";

/**
 * What the machine has for environments that are shares of it: all but the instances that are parts of it, and what is kept for such as are waited for. May be
 * less than nothing, after a restart with less.
 */
export function sharedCapacity({ capacity, instances: { ofMachine, keptOfMachine } }: World): Requirements {
  return {
    vcpuMilli: capacity.vcpuMilli - ofMachine.vcpuMilli - keptOfMachine.vcpuMilli,
    memoryMiB: capacity.memoryMiB - ofMachine.memoryMiB - keptOfMachine.memoryMiB,
    gpus: (capacity.gpus ?? 0) - ofMachine.gpus - keptOfMachine.gpus,
  };
}

/** What nobody holds of the machine: no attempt, and no instance that is a part of it. */
export function freeOfMachine({ capacity, used, instances: { ofMachine } }: World): Requirements {
  return {
    vcpuMilli: Math.max(0, capacity.vcpuMilli - ofMachine.vcpuMilli - used.vcpuMilli),
    memoryMiB: Math.max(0, capacity.memoryMiB - ofMachine.memoryMiB - used.memoryMiB),
    gpus: Math.max(0, (capacity.gpus ?? 0) - ofMachine.gpus - used.gpus),
  };
}

/** The same for jobs that take shares of it. */
export function freeForShares(world: World): Requirements {
  const { vcpuMilli, memoryMiB, gpus } = sharedCapacity(world);
  const { used } = world;
  return {
    vcpuMilli: Math.max(0, vcpuMilli - used.vcpuMilli),
    memoryMiB: Math.max(0, memoryMiB - used.memoryMiB),
    gpus: Math.max(0, gpus - used.gpus),
  };
}

export function fitsCapacity(needed: Requirements, { vcpuMilli, memoryMiB, gpus = 0 }: Capacity): boolean {
  return hasRoom({ vcpuMilli, memoryMiB, gpus }, needed);
}
