import type { Job } from "./job.ts";
import { activeAttempt } from "./job.ts";
import { freeIn } from "./placement.ts";
import type { Capacity } from "./resources.ts";
import type { World } from "./world.ts";

/** What becomes of an environment's share of this machine, or of its instances together. */
export interface Occupancy {
  /** What the environment can use, when nothing runs. */
  readonly capacity: Capacity;
  /** What is left of it for new attempts; other environments use the same machine. */
  readonly free: Capacity;
  /** Those whose attempt runs in the environment, in no order. */
  readonly jobs: readonly Job[];
}

/** Undefined for an environment that the world does not have. Costs in the number of active attempts. */
export function occupancyOf(world: World, environmentArn: string): Occupancy | undefined {
  const environment = world.environments.get(environmentArn);
  if (environment === undefined) return undefined;
  const jobs = new Set<Job>();
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    if (activeAttempt(job.state)?.environmentArn === environmentArn) jobs.add(job);
  }
  if (environment.instances !== undefined) return { ...occupiedInstances(world, environmentArn), jobs: [...jobs] };
  const vcpuMilli = Math.min(world.capacity.vcpuMilli, environment.maxVcpuMilli);
  return { capacity: { ...world.capacity, vcpuMilli }, free: freeIn(world, environment), jobs: [...jobs] };
}

/** All that run, and what is free on them: no single job can have it. */
function occupiedInstances(world: World, environmentArn: string): Pick<Occupancy, "capacity" | "free"> {
  const fleet = world.instances.of(environmentArn);
  const running = [...fleet.instances()].filter(({ status }) => status === "running");
  return { capacity: sumOf(running.map(({ type }) => type)), free: sumOf(running.map(({ id }) => fleet.roomOf(id)!)) };
}

function sumOf(capacities: readonly Capacity[]): Capacity {
  const sum = { vcpuMilli: 0, memoryMiB: 0 };
  for (const { vcpuMilli, memoryMiB } of capacities) {
    sum.vcpuMilli += vcpuMilli;
    sum.memoryMiB += memoryMiB;
  }
  return sum;
}
