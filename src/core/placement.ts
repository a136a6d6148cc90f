import type { DriverName } from "./driver-name.ts";
import { driverOfHost } from "./driver-name.ts";
import type { ClusterReason } from "./clusters/room.ts";
import { clusterReason, isInCluster } from "./clusters/room.ts";
import type { ExceededLimit } from "./holdings.ts";
import { exceededLimit } from "./holdings.ts";
import type { Architecture, InstanceType, Launching } from "./instances/instance.ts";
import { hasRoom } from "./instances/fleet.ts";
import {
  architectureOf,
  countOfInstances,
  instancesFor,
  isForJob,
  isOfKind,
  mayExceedMaximum,
  needOfInstance,
  takesNodesOf,
  typesFor,
} from "./instances/suitable.ts";
import type { Demand, InstanceNeed, Requirements } from "./job.ts";
import { fitsCapacity, freeForShares, freeOfMachine } from "./machine.ts";
import type { QuotaReason } from "./quota/reasons.ts";
import type { Capacity, Environment, Queue } from "./resources.ts";
import type { World } from "./world.ts";

export type Placement =
  | ({ readonly kind: "fits" } & Spot)
  | { readonly kind: "blocked"; readonly reason: BlockedReason };

/** Where an attempt can start. */
export interface Spot {
  readonly environment: Environment;
  /** One, or one for each node; absent where the environment has no instances. */
  readonly instanceIds?: readonly string[];
}

/** Why nothing of a shape can start now. */
export type BlockedReason =
  | { readonly kind: "no-valid-environment" }
  /** Every usable environment is UNMANAGED, and no host is registered that takes jobs. */
  | { readonly kind: "no-instances" }
  /** Every usable environment runs containers, and no engine answered when the server started. */
  | { readonly kind: "no-container-engine" }
  /** No environment has instances of this architecture. */
  | { readonly kind: "no-such-architecture"; readonly architecture: Architecture }
  /** No environment may launch instances of this type, which the nodes are to be on. */
  | { readonly kind: "no-such-type"; readonly type: string }
  /** It has several nodes, which no usable environment takes. */
  | { readonly kind: "no-nodes" }
  /** Its definition is for Fargate, and every usable environment has instances. */
  | { readonly kind: "needs-fargate" }
  /** No environment's maxvCpus suffices, ever. */
  | { readonly kind: "above-environment-maximum"; readonly maxVcpuMilli: number }
  /** The machine, or any type of instance, is too small, ever. */
  | { readonly kind: "above-instance-size"; readonly largest: Capacity }
  /** Its nodes take an instance each, and so many are not to be had of the machine, ever. */
  | {
      readonly kind: "above-machine-in-nodes";
      readonly count: number;
      readonly each: Requirements;
      readonly machine: Capacity;
    }
  /** No service environment has so many instances, ever. */
  | { readonly kind: "above-service-maximum" }
  /** The service environment has them, but not beside those in use. */
  | ({ readonly kind: "instances" } & ExceededLimit)
  | QuotaReason
  | ClusterReason
  /** So much is kept free for shares that are not active yet. */
  | { readonly kind: "reservation"; readonly reservedVcpuMilli: number; readonly activeShares: number }
  /** As many jobs of the queue hold capacity as may. */
  | { readonly kind: "queue-limit"; readonly limit: number }
  /** No environment could launch an instance for it the last time that it tried. */
  | { readonly kind: "launch-failed"; readonly types: readonly string[] }
  /** Each node takes an instance of its own, all of one type; there are not so many empty ones. */
  | { readonly kind: "nodes"; readonly count: number; readonly each: Requirements; readonly launching?: number }
  /**
   * It fits, but not beside what runs now. `free`: in the environment, or on the instance, that has most. `launching`: instances that will do. `machine`:
   * what is left of it for instances that are parts of it, where another one is not to be had of that.
   */
  | { readonly kind: "capacity"; readonly free: Capacity; readonly launching?: number; readonly machine?: Capacity };

/**
 * Tries a queue's environments in order (reference 7.2). What is free somewhere is used before anything is launched elsewhere, whatever the order. Why
 * nothing fits is looked for only when nothing does: this is done for each job that starts.
 */
export function place(world: World, demand: Demand, queue: Queue): Placement {
  const usable = environmentsOf(world, queue);
  if (usable.length === 0) return blocked({ kind: "no-valid-environment" });
  const equipped = usable.filter(hasMachines);
  if (equipped.length === 0) return blocked({ kind: "no-instances" });
  const running = equipped.filter((one) => !lacksEngine(world, one));
  if (running.length === 0) return blocked({ kind: "no-container-engine" });
  for (const environment of running) {
    const spot = spotIn(world, environment, demand);
    if (spot !== undefined) return { kind: "fits", ...spot };
  }
  return blocked(reasonOf(world, demand, running));
}

/** Where in one environment a job could start now, one place after the other: of instances the oldest first. Costs in what is asked for. */
export function* spotsIn(world: World, environment: Environment, demand: Demand): Iterable<Spot> {
  const first = spotIn(world, environment, demand);
  if (first !== undefined) yield first;
  const [id] = first?.instanceIds ?? [];
  if (id === undefined || demand.nodes !== undefined) return;
  const fleet = world.instances.of(environment.arn);
  const next = (after: string) => fleet.firstWithRoom(needOfInstance(demand), architectureOf(demand), after);
  for (let instance = next(id); instance !== undefined; instance = next(instance.id)) {
    yield { environment, instanceIds: [instance.id] };
  }
}

/** Where in one environment a job could start now. */
export function spotIn(world: World, environment: Environment, demand: Demand): Spot | undefined {
  const { requirements, instances: needs = [] } = demand;
  if (!takesNodesOf(demand, environment)) return undefined;
  if (exceededLimit(environment, needs, (key) => world.inUse(key)) !== undefined) return undefined;
  if (isInCluster(environment))
    return clusterReason(world, environment, demand) === undefined ? { environment } : undefined;
  if (environment.instances === undefined) {
    const isFree = fitsCapacity(requirements, freeIn(world, environment));
    return isFree ? { environment } : undefined;
  }
  if (demand.needsFargate === true) return undefined;
  const instances = instancesFor(world.instances.of(environment.arn), demand);
  return instances && { environment, instanceIds: instances.map(({ id }) => id) };
}

/** Why a job starts in none of these environments: that it never can, if that is so, and otherwise what it waits for. */
function reasonOf(world: World, demand: Demand, environments: readonly Environment[]): BlockedReason {
  const misfits = environments.map((one) => misfitOf(world, one, demand));
  const possible = environments.filter((_, index) => misfits[index] === undefined);
  if (possible.length === 0) return neverReason(world, demand, environments, new Set(misfits));
  const lacking = exceededInAll(possible, demand.instances ?? [], (key) => world.inUse(key));
  if (lacking !== undefined) return { kind: "instances", ...lacking };
  return waitReason(world, demand, possible);
}

/** Why a job could not start in an environment that has nothing else to do. */
type Misfit = "capability" | "nodes" | "architecture" | "type" | "maximum" | "size" | "machine" | "service";

export function misfitOf(world: World, environment: Environment, demand: Demand): Misfit | undefined {
  const { requirements, instances: needs = [] } = demand;
  if (!takesNodesOf(demand, environment)) return "nodes";
  if (environment.instances === undefined) {
    if (requirements.vcpuMilli > environment.maxVcpuMilli) return "maximum";
    if (!isInCluster(environment) && !fitsCapacity(requirements, world.capacity)) return "size";
  } else {
    const misfit = instanceMisfit(world, environment, environment.instances, demand);
    if (misfit !== undefined) return misfit;
  }
  return exceededLimit(environment, needs, () => 0) && "service";
}

function instanceMisfit(
  world: World,
  { maxVcpuMilli }: Environment,
  launching: Launching,
  demand: Demand,
): Misfit | undefined {
  if (demand.needsFargate === true) return "capability";
  if (launching.types.every(({ architecture }) => architecture !== architectureOf(demand))) return "architecture";
  if (!launching.types.some((type) => isOfKind(type, demand))) return "type";
  const types = typesFor(launching, demand);
  if (types.length === 0) return demand.requirements.vcpuMilli > maxVcpuMilli ? "maximum" : "size";
  const count = countOfInstances(demand);
  if (launching.areSlices === true && !types.some((type) => fitsCapacity(times(count, type), world.capacity))) {
    return "machine";
  }
  const isBelowMaximum = ({ vcpuMilli }: InstanceType): boolean => {
    const last = mayExceedMaximum(launching) ? vcpuMilli - 1 : 0;
    return count * vcpuMilli <= maxVcpuMilli + last;
  };
  return maxVcpuMilli > 0 && types.some(isBelowMaximum) ? undefined : "maximum";
}

/** Of several reasons the one of the environment that comes closest to what is asked for. */
function neverReason(
  world: World,
  demand: Demand,
  environments: readonly Environment[],
  misfits: ReadonlySet<Misfit | undefined>,
): BlockedReason {
  if (misfits.has("service")) return { kind: "above-service-maximum" };
  if (misfits.has("machine")) {
    const { count } = demand.nodes!;
    return { kind: "above-machine-in-nodes", count, each: needOfInstance(demand), machine: world.capacity };
  }
  if (misfits.has("size")) return { kind: "above-instance-size", largest: largestOf(world, demand, environments) };
  if (misfits.has("maximum")) {
    return {
      kind: "above-environment-maximum",
      maxVcpuMilli: Math.max(...environments.map((one) => one.maxVcpuMilli)),
    };
  }
  if (misfits.has("type")) return { kind: "no-such-type", type: demand.instanceType! };
  if (misfits.has("architecture")) return { kind: "no-such-architecture", architecture: architectureOf(demand) };
  return { kind: misfits.has("nodes") ? "no-nodes" : "needs-fargate" };
}

/** The largest that an attempt, or a node of one, can have: of what comes closest to what is asked for. */
export function largestOf(world: World, demand: Demand, environments: readonly Environment[]): Capacity {
  const need = needOfInstance(demand);
  const capacities: Capacity[] = environments.flatMap(({ instances }) =>
    instances === undefined ? [world.capacity] : instances.types.filter((type) => isOfKind(type, demand)),
  );
  const { vcpuMilli, memoryMiB, gpus = 0 } = capacities.reduce((a, b) => (isCloser(b, a, need) ? b : a), NOTHING);
  return { vcpuMilli, memoryMiB, ...(gpus > 0 && { gpus }) };
}

const NOTHING: Capacity = { vcpuMilli: 0, memoryMiB: 0 };

/** GPUs are what fewest types have. */
function isCloser(a: Capacity, b: Capacity, need: Requirements): boolean {
  const gpus = Number((a.gpus ?? 0) >= need.gpus) - Number((b.gpus ?? 0) >= need.gpus);
  const met = ({ vcpuMilli, memoryMiB }: Capacity): number =>
    Number(vcpuMilli >= need.vcpuMilli) + Number(memoryMiB >= need.memoryMiB);
  return (gpus || met(a) - met(b) || a.vcpuMilli - b.vcpuMilli || a.memoryMiB - b.memoryMiB) > 0;
}

/** It could start in any of these environments, beside less than runs there now. */
function waitReason(world: World, demand: Demand, environments: readonly Environment[]): BlockedReason {
  const inCluster = environments.filter(isInCluster).map((one) => clusterReason(world, one, demand));
  if (inCluster.length === environments.length && inCluster[0] !== undefined) return inCluster[0];
  const failed = environments.map((one) => failedTypes(world, one, demand));
  if (failed.every((types) => types.length > 0)) return { kind: "launch-failed", types: [...new Set(failed.flat())] };
  const launching = environments.reduce((sum, one) => sum + launchingFor(world, one, demand), 0);
  const more = launching > 0 && { launching };
  if (demand.nodes !== undefined && environments.every(({ instances }) => instances !== undefined)) {
    return { kind: "nodes", count: demand.nodes.count, each: needOfInstance(demand), ...more };
  }
  const free = environments
    .filter((one) => !isInCluster(one))
    .map((one) => largestFree(world, one, demand))
    .reduce((a, b) => (b.vcpuMilli > a.vcpuMilli ? b : a));
  const machine = launching === 0 && environments.every((one) => isMachineFull(world, one, demand));
  return { kind: "capacity", free, ...more, ...(machine && { machine: freeOfMachine(world) }) };
}

/** The smallest part of the machine that could be launched for a job, as far as its environments' maxima go. */
export function instanceWaitedFor(world: World, queue: Queue, demand: Demand): InstanceType | undefined {
  const types = environmentsFor(world, demand, queue).flatMap(({ arn, instances, maxVcpuMilli }) => {
    const mayLaunch = instances?.areSlices === true && world.instances.of(arn).vcpuMilli < maxVcpuMilli;
    return mayLaunch ? typesFor(instances, demand) : [];
  });
  return types.length === 0 ? undefined : types.reduce((a, b) => (b.vcpuMilli < a.vcpuMilli ? b : a));
}

/** Whether its instances are parts of the machine, of which not enough is left for another one that would do. */
export function isMachineFull(world: World, { instances }: Environment, demand: Demand): boolean {
  if (instances?.areSlices !== true) return false;
  return !typesFor(instances, demand).some((type) => hasRoom(freeOfMachine(world), type));
}

function times(count: number, { vcpuMilli, memoryMiB, gpus }: Requirements): Requirements {
  return { vcpuMilli: count * vcpuMilli, memoryMiB: count * memoryMiB, gpus: count * gpus };
}

/**
 * Names of the types that could not be launched for a job the last time, when no other is being launched for it. One that is tried again has failed until it
 * runs: the reason does not come and go with each try.
 */
export function failedTypes(world: World, { arn, instances }: Environment, demand: Demand): string[] {
  if (instances === undefined) return [];
  const fleet = world.instances.of(arn);
  const failed = [...fleet.failures()].map(({ type }) => type);
  if (failed.length === 0) return [];
  const isComing = [...fleet.launching()].some(({ type }) => isForJob(type, demand) && !failed.includes(type.name));
  const names = new Set(typesFor(instances, demand).map(({ name }) => name));
  return isComing ? [] : failed.filter((name) => names.has(name));
}

export function launchingFor(world: World, { arn, isUnmanaged }: Environment, demand: Demand): number {
  // Hosts that are out of sight may stay so.
  if (isUnmanaged) return 0;
  let count = 0;
  for (const { type } of world.instances.of(arn).launching()) if (isForJob(type, demand)) count += 1;
  return count;
}

/** Of one instance, where there are some. */
export function largestFree(world: World, environment: Environment, demand: Demand): Capacity {
  if (environment.instances === undefined) return freeIn(world, environment);
  return world.instances.of(environment.arn).mostFree(architectureOf(demand)) ?? NOTHING;
}

/** The queue's environments in which a job could run, were nothing else there. */
export function environmentsFor(world: World, demand: Demand, queue: Queue): Environment[] {
  return environmentsOf(world, queue).filter(
    (one) => hasMachines(one) && !lacksEngine(world, one) && misfitOf(world, one, demand) === undefined,
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
  const { gpus, ...free } = freeForShares(world);
  const left = Math.max(0, maxVcpuMilli - world.usedVcpuMilli(arn));
  return { ...free, vcpuMilli: Math.min(free.vcpuMilli, left), ...(gpus > 0 && { gpus }) };
}

/** Whether there is anything to run jobs on: nobody but the user brings what an UNMANAGED environment has. */
export function hasMachines({ isUnmanaged, instances, cluster }: Environment): boolean {
  if (cluster !== undefined) return true;
  return !isUnmanaged || (instances !== undefined && instances.types.length > 0);
}

/** Whether its jobs are to be containers of this machine, and no engine was there when the server started. */
export function lacksEngine(world: World, { driver, isUnmanaged }: Environment): boolean {
  return driver === "docker" && !world.hasDocker && !isUnmanaged;
}

/** `auto` means: in a container if the job names an image and an engine was there when the server started, else a plain process. */
export function driverFor(world: World, { environment, instanceIds }: Spot, needsImage: boolean): DriverName {
  const host = instanceIds && world.instances.get(instanceIds[0]!)?.host;
  if (host !== undefined) return driverOfHost(host);
  if (environment.driver !== "auto") return environment.driver;
  return needsImage && world.hasDocker ? "docker" : "process";
}

const PASSING: ReadonlySet<BlockedReason["kind"]> = new Set([
  "cluster-full",
  "cluster-backlog",
  "capacity",
  "instances",
  "nodes",
  "launch-failed",
  "queue-limit",
]);

/** Whether it passes as soon as others end or instances run: who waits for that only, waits at the head of everybody. */
export function isPassing({ kind }: BlockedReason): boolean {
  return PASSING.has(kind);
}

/** Whether new attempts may begin there. */
export function accepts(environment: Environment): boolean {
  return environment.enabled && (environment.status === "VALID" || environment.status === "UPDATING");
}

function blocked(reason: BlockedReason): Placement {
  return { kind: "blocked", reason };
}
