import type { ExceededLimit } from "../holdings.ts";
import { exceededLimit, hasShareOfMachine, holdingsOf } from "../holdings.ts";
import type { Job, Requirements } from "../job.ts";
import { activeAttempt, demandOf, requirementsOf } from "../job.ts";
import type { ClusterEnvironment } from "../clusters/room.ts";
import { clusterReason, isInCluster } from "../clusters/room.ts";
import { takesNodesOf } from "../instances/suitable.ts";
import { fitsCapacity, sharedCapacity } from "../machine.ts";
import { freeIn, hasMachines, lacksEngine } from "../placement.ts";
import type { Capacity, Environment, Queue, ResourceStatus } from "../resources.ts";
import type { World } from "../world.ts";
import type { MachineHolder } from "./machine-holders.ts";
import { machineHolders } from "./machine-holders.ts";
import type { InstanceObstacle } from "./on-instances.ts";
import { largestOnInstance, obstaclesOnInstances } from "./on-instances.ts";
import type { Occupant } from "./occupants.ts";
import { activeJobs, occupant, toFree } from "./occupants.ts";

/** What keeps one environment from taking a job. All of an environment's obstacles have to go before it does. */
export type Obstacle =
  | { readonly kind: "gone" }
  | { readonly kind: "disabled" }
  | { readonly kind: "not-valid"; readonly status: ResourceStatus; readonly reason?: string }
  /** It is UNMANAGED, and no host is registered that takes jobs. */
  | { readonly kind: "unmanaged" }
  | { readonly kind: "no-container-engine" }
  /** The job has several nodes, which only managed environments of type EC2 take. */
  | { readonly kind: "no-nodes" }
  | { readonly kind: "no-gpus"; readonly gpus: number }
  /** The service environment never has so many instances. */
  | { readonly kind: "above-service-maximum"; readonly type: string; readonly limit: number }
  /** It has them, but not beside those in use. */
  | ({ readonly kind: "instances"; readonly toFree: readonly Occupant[] } & ExceededLimit)
  /** It would fit, but not beside what runs now. */
  | {
      readonly kind: "capacity";
      readonly free: Capacity;
      readonly toFree: readonly Occupant[];
      /** Who holds the machine, where instances hold a part of it. */
      readonly machineHolders?: readonly MachineHolder[];
      /** vCPUs of the machine that are kept for an instance which a job of a queue before waits for. */
      readonly keptVcpuMilli?: number;
    }
  /** Of an environment in a cluster: beside what runs, its maximum does not suffice. */
  | {
      readonly kind: "cluster-full";
      readonly freeVcpuMilli: number;
      readonly maxVcpuMilli: number;
      readonly toFree: readonly Occupant[];
    }
  /** As many pods wait for a place there as may. */
  | { readonly kind: "cluster-backlog"; readonly pods: number; readonly waiting: readonly Occupant[] }
  | InstanceObstacle;

/** What one environment of a queue has to say to a job. Without obstacles it takes it. */
export interface EnvironmentVerdict {
  readonly environmentArn: string;
  readonly obstacles: readonly Obstacle[];
  /** The largest request for which there is room, when nothing runs, and now. Service environments count instances instead, and only a cluster knows its room. */
  readonly largest?: { readonly ever: Capacity; readonly now: Capacity };
}

/** All environments of a queue, in the order in which they are tried. Each obstacle is looked for whether there are others or not. */
export function verdicts(world: World, job: Job, queue: Queue): EnvironmentVerdict[] {
  return queue.environmentArns.map((arn) => {
    const environment = world.environments.get(arn);
    if (environment === undefined) return { environmentArn: arn, obstacles: [{ kind: "gone" }] };
    const obstacles = [
      ...stateObstacles(world, environment),
      ...(takesNodesOf(demandOf(job), environment) ? [] : [{ kind: "no-nodes" } as const]),
      ...(environment.maxInstances === undefined ? [] : instanceObstacles(world, job, environment)),
      ...capacityObstacles(world, job, environment),
    ];
    if (environment.maxInstances !== undefined || isInCluster(environment)) return { environmentArn: arn, obstacles };
    return { environmentArn: arn, obstacles, largest: largestIn(world, environment, job) };
  });
}

function capacityObstacles(world: World, job: Job, environment: Environment): Obstacle[] {
  if (isInCluster(environment)) return clusterObstacles(world, job, environment);
  if (environment.instances === undefined) return roomObstacles(world, job, environment);
  const obstacles = obstaclesOnInstances(world, job, environment);
  // Of what is not there, nothing else is known.
  return hasMachines(environment) ? obstacles : obstacles.filter(({ kind }) => kind === "needs-fargate");
}

function stateObstacles(world: World, environment: Environment): Obstacle[] {
  const { enabled, status, problem, invalidReason: reason = problem } = environment;
  const isUsable = status === "VALID" || status === "UPDATING";
  return [
    ...(enabled ? [] : [{ kind: "disabled" } as const]),
    ...(isUsable ? [] : [{ kind: "not-valid" as const, status, ...(reason !== undefined && { reason }) }]),
    ...(hasMachines(environment) ? [] : [{ kind: "unmanaged" } as const]),
    ...(lacksEngine(world, environment) ? [{ kind: "no-container-engine" } as const] : []),
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

function clusterObstacles(world: World, job: Job, environment: ClusterEnvironment): Obstacle[] {
  const { arn, maxVcpuMilli } = environment;
  const { vcpuMilli } = requirementsOf(job);
  if (vcpuMilli > maxVcpuMilli) return [{ kind: "above-environment-maximum", maxVcpuMilli }];
  const reason = clusterReason(world, environment, demandOf(job));
  if (reason === undefined) return [];
  const there = activeJobs(world, (one) => environmentOf(one) === arn);
  if (reason.kind === "cluster-full") {
    const freeWithout = (ended: readonly Job[]): number =>
      ended.reduce((sum, one) => sum + requirementsOf(one).vcpuMilli, reason.freeVcpuMilli);
    return [{ ...reason, toFree: toFree(there, job, (ended) => vcpuMilli <= freeWithout(ended)) }];
  }
  const waiting = there.filter(({ state }) => state.status === "STARTING").map((one) => occupant(one, job));
  return [{ ...reason, waiting: waiting.filter(({ jobId }) => jobId !== undefined).slice(0, MAX_WAITING_SHOWN) }];
}

const MAX_WAITING_SHOWN = 10;

function roomObstacles(world: World, job: Job, environment: Environment): Obstacle[] {
  const wanted = requirementsOf(job);
  const { capacity: machine } = world;
  const { maxVcpuMilli } = environment;
  const isAboveMaximum = wanted.vcpuMilli > maxVcpuMilli;
  const isAboveMachine = !fitsCapacity(wanted, machine);
  // What never suffices says nothing about what is free beside it.
  const bounds: Bounds = {
    machine: isAboveMachine ? UNBOUNDED : sharedCapacity(world),
    maxVcpuMilli: isAboveMaximum ? Infinity : maxVcpuMilli,
  };
  return [
    ...(isAboveMaximum ? [{ kind: "above-environment-maximum", maxVcpuMilli } as const] : []),
    ...(isAboveMachine ? [aboveMachine(wanted, machine)] : []),
    ...(fitsCapacity(wanted, freeWithout(world, environment, bounds, []))
      ? []
      : [
          {
            kind: "capacity" as const,
            free: freeIn(world, environment),
            toFree: toFree(
              activeJobs(world, ({ state }) => hasShareOfMachine(activeAttempt(state)!)),
              job,
              (ended) => fitsCapacity(wanted, freeWithout(world, environment, bounds, ended)),
            ),
            ...(world.instances.keptOfMachine.vcpuMilli > 0 && {
              keptVcpuMilli: world.instances.keptOfMachine.vcpuMilli,
            }),
            ...(world.instances.ofMachine.vcpuMilli > 0 && { machineHolders: machineHolders(world, job) }),
          },
        ]),
  ];
}

function aboveMachine(wanted: Requirements, machine: Capacity): Obstacle {
  const isOnlyGpus = machine.gpus === undefined && fitsCapacity({ ...wanted, gpus: 0 }, machine);
  return isOnlyGpus ? { kind: "no-gpus", gpus: wanted.gpus } : { kind: "above-machine", machine };
}

interface Bounds {
  readonly machine: Capacity;
  readonly maxVcpuMilli: number;
}

const UNBOUNDED: Capacity = { vcpuMilli: Infinity, memoryMiB: Infinity, gpus: Infinity };

/** What an environment can take when nothing runs, and now. */
function largestIn(world: World, environment: Environment, job: Job): { ever: Capacity; now: Capacity } {
  if (environment.instances !== undefined) return largestOnInstance(world, environment, job);
  const vcpuMilli = Math.min(world.capacity.vcpuMilli, environment.maxVcpuMilli);
  return { ever: { ...world.capacity, vcpuMilli }, now: freeIn(world, environment) };
}

/** What is free in an environment when these jobs are over. */
function freeWithout(world: World, { arn }: Environment, bounds: Bounds, ended: readonly Job[]): Capacity {
  let { vcpuMilli: used, memoryMiB, gpus } = world.used;
  let usedHere = world.usedVcpuMilli(arn);
  for (const job of ended) {
    const requirements = requirementsOf(job);
    used -= requirements.vcpuMilli;
    memoryMiB -= requirements.memoryMiB;
    gpus -= requirements.gpus;
    if (environmentOf(job) === arn) usedHere -= requirements.vcpuMilli;
  }
  const { machine, maxVcpuMilli } = bounds;
  return {
    vcpuMilli: Math.max(0, Math.min(machine.vcpuMilli - used, maxVcpuMilli - usedHere)),
    memoryMiB: Math.max(0, machine.memoryMiB - memoryMiB),
    gpus: Math.max(0, (machine.gpus ?? 0) - gpus),
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
