import type { ExceededLimit } from "../holdings.ts";
import { exceededLimit, holdingsOf } from "../holdings.ts";
import type { Job, Requirements } from "../job.ts";
import { activeAttempt, demandOf, requirementsOf } from "../job.ts";
import { freeIn } from "../placement.ts";
import type { Capacity, Environment, Queue, ResourceStatus } from "../resources.ts";
import type { World } from "../world.ts";
import type { InstanceObstacle } from "./on-instances.ts";
import { largestOnInstance, obstaclesOnInstances } from "./on-instances.ts";
import type { Occupant } from "./occupants.ts";
import { activeJobs, toFree } from "./occupants.ts";

/** What keeps one environment from taking a job. All of an environment's obstacles have to go before it does. */
export type Obstacle =
  | { readonly kind: "gone" }
  | { readonly kind: "disabled" }
  | { readonly kind: "not-valid"; readonly status: ResourceStatus; readonly problem?: string }
  /** It has no instances of its own, and nobody brings any. */
  | { readonly kind: "unmanaged" }
  | { readonly kind: "no-container-engine" }
  /** The machine is too small, ever. */
  | { readonly kind: "above-machine"; readonly machine: Capacity }
  | { readonly kind: "no-gpus"; readonly gpus: number }
  /** The service environment never has so many instances. */
  | { readonly kind: "above-service-maximum"; readonly type: string; readonly limit: number }
  /** It has them, but not beside those in use. */
  | ({ readonly kind: "instances"; readonly toFree: readonly Occupant[] } & ExceededLimit)
  /** It would fit, but not beside what runs now. */
  | { readonly kind: "capacity"; readonly free: Capacity; readonly toFree: readonly Occupant[] }
  | InstanceObstacle;

/** What one environment of a queue has to say to a job. Without obstacles it takes it. */
export interface EnvironmentVerdict {
  readonly environmentArn: string;
  readonly obstacles: readonly Obstacle[];
  /** The largest request for which there is room, when nothing runs, and now. Service environments count instances instead. */
  readonly largest?: { readonly ever: Capacity; readonly now: Capacity };
}

/** All environments of a queue, in the order in which they are tried. Each obstacle is looked for whether there are others or not. */
export function verdicts(world: World, job: Job, queue: Queue): EnvironmentVerdict[] {
  return queue.environmentArns.map((arn) => {
    const environment = world.environments.get(arn);
    if (environment === undefined) return { environmentArn: arn, obstacles: [{ kind: "gone" }] };
    const obstacles = [
      ...stateObstacles(world, environment),
      ...(environment.maxInstances === undefined ? [] : instanceObstacles(world, job, environment)),
      ...(environment.instances === undefined
        ? roomObstacles(world, job, environment)
        : obstaclesOnInstances(world, job, environment)),
    ];
    if (environment.maxInstances !== undefined) return { environmentArn: arn, obstacles };
    return { environmentArn: arn, obstacles, largest: largestIn(world, environment, job) };
  });
}

function stateObstacles(world: World, { enabled, status, problem, isUnmanaged, driver }: Environment): Obstacle[] {
  const isUsable = status === "VALID" || status === "UPDATING";
  return [
    ...(enabled ? [] : [{ kind: "disabled" } as const]),
    ...(isUsable ? [] : [{ kind: "not-valid" as const, status, ...(problem !== undefined && { problem }) }]),
    ...(isUnmanaged ? [{ kind: "unmanaged" } as const] : []),
    ...(driver === "docker" && !world.hasDocker ? [{ kind: "no-container-engine" } as const] : []),
  ];
}

function instanceObstacles(world: World, job: Job, environment: Environment): Obstacle[] {
  const { instances = [] } = demandOf(job);
  const never = exceededLimit(environment, instances, () => 0);
  if (never !== undefined) return [{ kind: "above-service-maximum", type: never.type, limit: never.left }];
  const exceeded = exceededLimit(environment, instances, (key) => world.inUse(key));
  if (exceeded === undefined) return [];
  const holders = activeJobs(world, (one) => environmentOf(one) === environment.arn);
  const ending = toFree(holders, job, (ended) => {
    const released = heldBy(ended);
    return exceededLimit(environment, instances, (key) => world.inUse(key) - (released.get(key) ?? 0)) === undefined;
  });
  return [{ kind: "instances", ...exceeded, toFree: ending }];
}

function roomObstacles(world: World, job: Job, environment: Environment): Obstacle[] {
  const wanted = requirementsOf(job);
  const { capacity: machine } = world;
  const { maxVcpuMilli } = environment;
  const isAboveMaximum = wanted.vcpuMilli > maxVcpuMilli;
  const isAboveMachine = !fits(wanted, machine);
  // What never suffices says nothing about what is free beside it.
  const bounds: Bounds = {
    machine: isAboveMachine ? UNBOUNDED : machine,
    maxVcpuMilli: isAboveMaximum ? Infinity : maxVcpuMilli,
  };
  return [
    ...(isAboveMaximum ? [{ kind: "above-environment-maximum", maxVcpuMilli } as const] : []),
    ...(isAboveMachine ? [{ kind: "above-machine", machine } as const] : []),
    ...(wanted.gpus > 0 ? [{ kind: "no-gpus", gpus: wanted.gpus } as const] : []),
    ...(fits(wanted, freeWithout(world, environment, bounds, []))
      ? []
      : [
          {
            kind: "capacity" as const,
            free: freeIn(world, environment),
            toFree: toFree(
              activeJobs(world, ({ state }) => activeAttempt(state)?.instanceIds === undefined),
              job,
              (ended) => fits(wanted, freeWithout(world, environment, bounds, ended)),
            ),
          },
        ]),
  ];
}

interface Bounds {
  readonly machine: Capacity;
  readonly maxVcpuMilli: number;
}

const UNBOUNDED: Capacity = { vcpuMilli: Infinity, memoryMiB: Infinity };

/** What an environment can take when nothing runs, and now. */
function largestIn(world: World, environment: Environment, job: Job): { ever: Capacity; now: Capacity } {
  if (environment.instances !== undefined) return largestOnInstance(world, environment, job);
  const vcpuMilli = Math.min(world.capacity.vcpuMilli, environment.maxVcpuMilli);
  return { ever: { vcpuMilli, memoryMiB: world.capacity.memoryMiB }, now: freeIn(world, environment) };
}

/** What is free in an environment when these jobs are over. */
function freeWithout(world: World, { arn }: Environment, bounds: Bounds, ended: readonly Job[]): Capacity {
  let { vcpuMilli: used, memoryMiB } = world.used;
  let usedHere = world.usedVcpuMilli(arn);
  for (const job of ended) {
    const requirements = requirementsOf(job);
    used -= requirements.vcpuMilli;
    memoryMiB -= requirements.memoryMiB;
    if (environmentOf(job) === arn) usedHere -= requirements.vcpuMilli;
  }
  const { machine, maxVcpuMilli } = bounds;
  return {
    vcpuMilli: Math.max(0, Math.min(machine.vcpuMilli - used, maxVcpuMilli - usedHere)),
    memoryMiB: Math.max(0, machine.memoryMiB - memoryMiB),
  };
}

function heldBy(jobs: readonly Job[]): Map<string, number> {
  const held = new Map<string, number>();
  for (const job of jobs) {
    for (const { key, quantity } of holdingsOf(job, activeAttempt(job.state)!)) {
      held.set(key, (held.get(key) ?? 0) + quantity);
    }
  }
  return held;
}

function environmentOf(job: Job): string | undefined {
  return activeAttempt(job.state)?.environmentArn;
}

function fits(wanted: Requirements, { vcpuMilli, memoryMiB }: Capacity): boolean {
  return wanted.vcpuMilli <= vcpuMilli && wanted.memoryMiB <= memoryMiB;
}
