import type { Fleet } from "../instances/fleet.ts";
import { hasRoom } from "../instances/fleet.ts";
import type { Architecture, Instance } from "../instances/instance.ts";
import { instanceHoldings } from "../holdings.ts";
import { architectureOf, isForJob, needOfInstance } from "../instances/suitable.ts";
import type { Demand, Job, Requirements } from "../job.ts";
import { activeAttempt, demandOf } from "../job.ts";
import { failedTypes, largestFree, largestOf, launchingFor, misfitOf, spotIn } from "../placement.ts";
import type { Capacity, Environment } from "../resources.ts";
import type { World } from "../world.ts";
import type { Occupant } from "./occupants.ts";
import { activeJobs, toFree } from "./occupants.ts";

/** What keeps an environment with instances from taking a job. */
export type InstanceObstacle =
  /** Its instances run another architecture. */
  | { readonly kind: "no-such-architecture"; readonly architecture: Architecture }
  /** The job's definition is for Fargate. */
  | { readonly kind: "needs-fargate" }
  /** Its maxvCpus do not suffice, ever. */
  | { readonly kind: "above-environment-maximum"; readonly maxVcpuMilli: number }
  /** No type of instance that it may launch is large enough. */
  | { readonly kind: "above-instance-types"; readonly largest: Capacity }
  | InstanceRoom;

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
    case "maximum":
      return [{ kind: "above-environment-maximum", maxVcpuMilli: environment.maxVcpuMilli }];
    case "size":
      return [{ kind: "above-instance-types", largest: largestOf(world, demand, [environment]) }];
    case "service":
      return [];
    case undefined:
      return spotIn(world, environment, demand) === undefined ? [waitsFor(world, job, environment)] : [];
  }
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

function waitsFor(world: World, job: Job, environment: Environment): InstanceRoom {
  const demand = demandOf(job);
  const fleet = world.instances.of(environment.arn);
  const holders = activeJobs(world, ({ state }) => activeAttempt(state)?.environmentArn === environment.arn);
  const launching = launchingFor(world, environment, demand);
  const failed = failedTypes(world, environment, demand);
  return {
    kind: "instance-room",
    free: largestFree(world, environment, demand),
    toFree: toFree(holders, job, (ended) => wouldFit(fleet, demand, ended)),
    ...(demand.nodes !== undefined && { nodes: demand.nodes.count }),
    ...(launching > 0 && { launching }),
    ...(failed.length > 0 && { failed }),
  };
}

/** Whether a job would find its instances when these jobs are over. */
function wouldFit(fleet: Fleet, demand: Demand, ended: readonly Job[]): boolean {
  const freed = freedBy(ended);
  const suited = [...fleet.instances()].filter(({ status, type }) => status === "running" && isForJob(type, demand));
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
