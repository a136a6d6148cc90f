import type { Fleet } from "../instances/fleet.ts";
import { hasRoom } from "../instances/fleet.ts";
import { hostName } from "../instances/host.ts";
import type { Architecture, Instance } from "../instances/instance.ts";
import { instanceHoldings } from "../holdings.ts";
import { architectureOf, isForJob, needOfInstance } from "../instances/suitable.ts";
import type { Demand, Job, Requirements } from "../job.ts";
import { activeAttempt, demandOf } from "../job.ts";
import { fitsCapacity, freeOfMachine } from "../machine.ts";
import { failedTypes, isMachineFull, largestFree, largestOf, launchingFor, misfitOf, spotIn } from "../placement.ts";
import type { Capacity, Environment } from "../resources.ts";
import type { World } from "../world.ts";
import type { MachineHolder } from "./machine-holders.ts";
import { machineHolders } from "./machine-holders.ts";
import type { Occupant } from "./occupants.ts";
import { activeJobs, toFree } from "./occupants.ts";

/** What keeps an environment with instances from taking a job. */
export type InstanceObstacle =
  /** Its instances run another architecture. */
  | { readonly kind: "no-such-architecture"; readonly architecture: Architecture }
  /** None of its types is the one that the nodes are to be on. */
  | { readonly kind: "no-such-type"; readonly type: string }
  /** The job's definition is for Fargate. */
  | { readonly kind: "needs-fargate" }
  /** Its maxvCpus do not suffice, ever. */
  | { readonly kind: "above-environment-maximum"; readonly maxVcpuMilli: number }
  /** The machine is too small, ever. */
  | { readonly kind: "above-machine"; readonly machine: Capacity }
  /** No type of instance that it may launch is large enough. */
  | { readonly kind: "above-instance-types"; readonly largest: Capacity }
  /** Its nodes take an instance each, all parts of one machine that is too small. */
  | { readonly kind: "above-machine-in-nodes"; readonly count: number; readonly machine: Capacity }
  /** None of its hosts that takes jobs is large enough. */
  | { readonly kind: "above-hosts"; readonly largest: Capacity }
  | HostRoom
  | InstanceRoom;

/** None of its hosts has room: jobs have to end, or hosts to answer. */
export interface HostRoom extends Pick<InstanceRoom, "free" | "toFree"> {
  readonly kind: "host-room";
  /** Names of hosts that take jobs and do not answer. */
  readonly silent: readonly string[];
}

/** None of its running instances has room: others have to be launched, or jobs to end. */
export interface InstanceRoom {
  readonly kind: "instance-room";
  /** On the instance that has most. */
  readonly free: Capacity;
  /** Nobody when all who run there would not be enough. */
  readonly toFree: readonly Occupant[];
  /** Each node takes an instance with nothing on it, all of one type. */
  readonly nodes?: number;
  /** Instances that will do. */
  readonly launching?: number;
  /** What is left of the machine, where the instances are parts of it. */
  readonly machine?: Capacity;
  /** Who holds it, where not enough is left for another instance. */
  readonly machineHolders?: readonly MachineHolder[];
  /** Types that could not be launched the last time. */
  readonly failed?: readonly string[];
}

/** What keeps a job from starting on the instances of an environment: that it never can, or what it waits for. */
export function obstaclesOnInstances(world: World, job: Job, environment: Environment): InstanceObstacle[] {
  const demand = demandOf(job);
  const misfit = misfitOf(world, environment, demand);
  switch (misfit) {
    case "capability":
      return [{ kind: "needs-fargate" }];
    case "architecture":
      return [{ kind: "no-such-architecture", architecture: architectureOf(demand) }];
    case "type":
      return [{ kind: "no-such-type", type: demand.instanceType! }];
    case "maximum":
      return [{ kind: "above-environment-maximum", maxVcpuMilli: environment.maxVcpuMilli }];
    case "size":
      return [aboveSize(world, environment, demand)];
    case "machine":
      return [{ kind: "above-machine-in-nodes", count: demand.nodes!.count, machine: world.capacity }];
    case "service":
    case "nodes":
      return [];
    case undefined:
      return spotIn(world, environment, demand) === undefined ? [waitsFor(world, job, environment)] : [];
  }
}

/** Where instances are parts of the machine, that is what may be too small, whatever types are allowed. */
function aboveSize(world: World, environment: Environment, demand: Demand): InstanceObstacle {
  if (environment.isUnmanaged) return { kind: "above-hosts", largest: largestOf(world, demand, [environment]) };
  const isAboveMachine =
    environment.instances?.areSlices === true && !fitsCapacity(needOfInstance(demand), world.capacity);
  if (isAboveMachine) return { kind: "above-machine", machine: world.capacity };
  return { kind: "above-instance-types", largest: largestOf(world, demand, [environment]) };
}

/** The largest that an attempt can be on an instance, on one of the types that may be launched and on those that run. */
export function largestOnInstance(
  world: World,
  environment: Environment,
  job: Job,
): { readonly ever: Capacity; readonly now: Capacity } {
  const demand = demandOf(job);
  return { ever: largestOf(world, demand, [environment]), now: largestFree(world, environment, demand) };
}

function waitsFor(world: World, job: Job, environment: Environment): InstanceRoom | HostRoom {
  const demand = demandOf(job);
  const fleet = world.instances.of(environment.arn);
  const holders = activeJobs(world, ({ state }) => activeAttempt(state)?.environmentArn === environment.arn);
  if (environment.isUnmanaged) {
    return {
      kind: "host-room",
      free: largestFree(world, environment, demand),
      toFree: toFree(holders, job, (ended) => wouldFit(fleet, demand, ended)),
      silent: silentHosts(fleet, environment),
    };
  }
  const launching = launchingFor(world, environment, demand);
  const failed = failedTypes(world, environment, demand);
  return {
    kind: "instance-room",
    free: largestFree(world, environment, demand),
    toFree: toFree(holders, job, (ended) => wouldFit(fleet, demand, ended)),
    ...(demand.nodes !== undefined && { nodes: demand.nodes.count }),
    ...(launching > 0 && { launching }),
    ...(environment.instances?.areSlices === true && { machine: freeOfMachine(world) }),
    ...(launching === 0 && isMachineFull(world, environment, demand) && { machineHolders: machineHolders(world, job) }),
    ...(failed.length > 0 && { failed }),
  };
}

/** Those that nobody sees have an instance that does not run, or none while the last one's jobs end. */
function silentHosts(fleet: Fleet, { hosts = [] }: Environment): string[] {
  const answering = new Set(
    [...fleet.instances()].flatMap(({ host, status, isSilent }) => (status === "running" && !isSilent ? [host] : [])),
  );
  return hosts.filter(({ id, state }) => state === "active" && !answering.has(id)).map(({ id }) => hostName(id));
}

/** Whether a job would find its instances when these jobs are over. */
function wouldFit(fleet: Fleet, demand: Demand, ended: readonly Job[]): boolean {
  const freed = freedBy(ended);
  const suited = [...fleet.instances()].filter(
    ({ status, isSilent, type }) => status === "running" && isSilent !== true && isForJob(type, demand),
  );
  if (demand.nodes === undefined) {
    return suited.some((instance) => hasRoom(roomWithout(fleet, instance, freed), needOfInstance(demand)));
  }
  const emptyOfType = new Map<string, number>();
  for (const instance of suited) {
    if (!hasRoom(roomWithout(fleet, instance, freed), instance.type)) continue;
    emptyOfType.set(instance.type.name, (emptyOfType.get(instance.type.name) ?? 0) + 1);
  }
  return [...emptyOfType.values()].some((count) => count >= demand.nodes!.count);
}

/** By instance, what these jobs hold of it; undefined: all of it. */
function freedBy(ended: readonly Job[]): Map<string, Requirements | undefined> {
  const freed = new Map<string, Requirements | undefined>();
  for (const job of ended) {
    for (const { id, requirements, isWhole } of instanceHoldings(job, activeAttempt(job.state)!)) {
      freed.set(id, isWhole ? undefined : sum(freed.get(id), requirements));
    }
  }
  return freed;
}

function roomWithout(fleet: Fleet, { id, type }: Instance, freed: ReadonlyMap<string, Requirements | undefined>) {
  const room = fleet.roomOf(id)!;
  if (!freed.has(id)) return room;
  const given = freed.get(id);
  return given === undefined ? type : sum(room, given);
}

function sum(a: Requirements | undefined, b: Requirements): Requirements {
  if (a === undefined) return b;
  return {
    vcpuMilli: a.vcpuMilli + b.vcpuMilli,
    memoryMiB: a.memoryMiB + b.memoryMiB,
    gpus: a.gpus + b.gpus,
  };
}
