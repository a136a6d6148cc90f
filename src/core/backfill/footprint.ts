import type { Holding } from "../holdings.ts";
import { holdingsOf, instanceHoldings, NUM_INSTANCES } from "../holdings.ts";
import type { Attempt, Job, Requirements } from "../job.ts";
import { requirementsOf } from "../job.ts";
import { sharedCapacity } from "../machine.ts";
import type { Environment } from "../resources.ts";
import type { World } from "../world.ts";

/** Something limited that a job needs, and how much of it is free now: less than nothing after a restart with less, or when a limit was lowered. */
export interface Need extends Holding {
  readonly free: number;
}

const MACHINE = { vcpu: "machine vcpu", memory: "machine memory", gpus: "machine gpus" } as const;

/** Where an attempt is, or may be. */
export type Place = Pick<Attempt, "environmentArn" | "instanceIds" | "stopping">;

/** All that an attempt of the job takes there, limited or not, as one list. What is on instances, or in a cluster, takes nothing of the machine. */
export function footprintOf(world: World, job: Job, place: Place): Holding[] {
  const { environmentArn, instanceIds } = place;
  const counted = holdingsOf(job, place);
  if (instanceIds !== undefined) {
    return [{ key: someInstance(environmentArn), quantity: 1 }, ...onInstances(world, job, place), ...counted];
  }
  const { vcpuMilli, memoryMiB, gpus } = requirementsOf(job);
  if (world.environments.get(environmentArn)?.cluster !== undefined) {
    return [{ key: vcpusOf(environmentArn), quantity: vcpuMilli }, ...counted];
  }
  return [
    { key: MACHINE.vcpu, quantity: vcpuMilli },
    { key: MACHINE.memory, quantity: memoryMiB },
    ...(gpus > 0 ? [{ key: MACHINE.gpus, quantity: gpus }] : []),
    { key: vcpusOf(environmentArn), quantity: vcpuMilli },
    ...counted,
  ];
}

/** A node of a multi-node job has its instance to itself. */
function onInstances(world: World, job: Job, place: Place): Holding[] {
  const fleet = world.instances.of(place.environmentArn);
  return instanceHoldings(job, place).flatMap(({ id, requirements, isWhole }) => {
    const taken = isWhole ? fleet.get(id)?.type : requirements;
    return taken === undefined ? [] : amountsOn(id, taken);
  });
}

function amountsOn(id: string, { vcpuMilli, memoryMiB, gpus }: Requirements): Holding[] {
  return [
    { key: vcpusOf(id), quantity: vcpuMilli },
    { key: `${id} memory`, quantity: memoryMiB },
    { key: `${id} gpus`, quantity: gpus },
  ];
}

/** What of its footprint is limited. */
export function needsOf(world: World, job: Job, environment: Environment, instanceIds?: readonly string[]): Need[] {
  const place = { environmentArn: environment.arn, ...(instanceIds !== undefined && { instanceIds }) };
  const rooms = new Map(instanceIds?.flatMap((id) => roomOn(world, environment, id)));
  return footprintOf(world, job, place).flatMap((holding) => {
    const free = rooms.get(holding.key) ?? freeOf(world, environment, holding.key);
    return free === undefined ? [] : [{ ...holding, free }];
  });
}

function roomOn(world: World, environment: Environment, id: string): (readonly [string, number])[] {
  const room = world.instances.of(environment.arn).roomOf(id)!;
  return amountsOn(id, room).map(({ key, quantity }) => [key, quantity]);
}

/** Whether it is of one of these instances, and not of all that the environment has. */
export function isOfInstance({ key }: Holding, instanceIds: readonly string[] = []): boolean {
  return instanceIds.some((id) => key.startsWith(`${id} `));
}

/** That nothing is to be had on any instance of the environment. */
export function allInstances(environment: Environment): Need {
  return { key: someInstance(environment.arn), quantity: 0, free: 0 };
}

function freeOf(world: World, environment: Environment, key: string): number | undefined {
  const { used } = world;
  if (key === MACHINE.vcpu) return sharedCapacity(world).vcpuMilli - used.vcpuMilli;
  if (key === MACHINE.memory) return sharedCapacity(world).memoryMiB - used.memoryMiB;
  if (key === MACHINE.gpus) return sharedCapacity(world).gpus - used.gpus;
  if (key === vcpusOf(environment.arn)) return environment.maxVcpuMilli - world.usedVcpuMilli(environment.arn);
  const total = instanceLimit(environment, key) ?? world.consumables.get(key)?.total;
  return total === undefined ? undefined : total - world.inUse(key);
}

/** Of a service environment. Where there is a limit of all types together, it is the only one (reference 3.8). */
function instanceLimit({ arn, maxInstances }: Environment, key: string): number | undefined {
  if (maxInstances === undefined || !key.startsWith(`${arn} `)) return undefined;
  const type = key.slice(arn.length + 1);
  return maxInstances.has(NUM_INSTANCES) && type !== NUM_INSTANCES ? undefined : maxInstances.get(type);
}

/** Of an environment, or of an instance. */
function vcpusOf(arnOrId: string): string {
  return `${arnOrId} vcpu`;
}

function someInstance(environmentArn: string): string {
  return `${environmentArn} some instance`;
}
