import type { Holding } from "./holdings.ts";
import { holdingsOf, NUM_INSTANCES } from "./holdings.ts";
import type { Attempt, Job } from "./job.ts";
import { requirementsOf } from "./job.ts";
import type { Environment } from "./resources.ts";
import type { World } from "./world.ts";

/** Something limited that a job needs, and how much of it is free now: less than nothing after a restart with less, or when a limit was lowered. */
export interface Need extends Holding {
  readonly free: number;
}

const MACHINE = { vcpu: "machine vcpu", memory: "machine memory" } as const;

/** Where an attempt is, or may be. */
export type Place = Pick<Attempt, "environmentArn" | "instanceIds">;

/** All that an attempt of the job takes there, limited or not, as one list. What is on instances takes nothing of the machine. */
export function footprintOf(job: Job, place: Place): Holding[] {
  const { vcpuMilli, memoryMiB } = requirementsOf(job);
  const ofMachine = [
    { key: MACHINE.vcpu, quantity: vcpuMilli },
    { key: MACHINE.memory, quantity: memoryMiB },
    { key: vcpusOf(place.environmentArn), quantity: vcpuMilli },
  ];
  return [...(place.instanceIds === undefined ? ofMachine : []), ...holdingsOf(job, place)];
}

/** What of its footprint is limited. */
export function needsOf(world: World, job: Job, environment: Environment): Need[] {
  return footprintOf(job, { environmentArn: environment.arn }).flatMap((holding) => {
    const free = freeOf(world, environment, holding.key);
    return free === undefined ? [] : [{ ...holding, free }];
  });
}

function freeOf(world: World, environment: Environment, key: string): number | undefined {
  const { capacity, used } = world;
  if (key === MACHINE.vcpu) return capacity.vcpuMilli - used.vcpuMilli;
  if (key === MACHINE.memory) return capacity.memoryMiB - used.memoryMiB;
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

function vcpusOf(environmentArn: string): string {
  return `${environmentArn} vcpu`;
}
