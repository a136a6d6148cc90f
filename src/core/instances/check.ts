import { driverOfHost } from "../driver-name.ts";
import type { InstanceHolding } from "../holdings.ts";
import { instanceHoldings } from "../holdings.ts";
import type { Job, Requirements } from "../job.ts";
import { activeAttempt } from "../job.ts";
import type { World } from "../world.ts";
import { NO_ROOM } from "./fleet.ts";
import type { Instance } from "./instance.ts";

interface Use {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  readonly gpus: number;
  readonly attempts: number;
  readonly isWhole: boolean;
}

const NO_USE: Use = { vcpuMilli: 0, memoryMiB: 0, gpus: 0, attempts: 0, isWhole: false };

/** What must hold of instances and of the attempts on them. Returns the first violation, or undefined. */
export function instanceViolation(world: World): string | undefined {
  const uses = new Map<string, Use>();
  for (const job of world.jobs.values()) {
    const violation = attemptViolation(world, job);
    if (violation !== undefined) return violation;
    const attempt = activeAttempt(job.state);
    if (attempt?.instanceIds === undefined) continue;
    for (const holding of instanceHoldings(job, attempt)) {
      uses.set(holding.id, added(uses.get(holding.id) ?? NO_USE, holding));
    }
  }
  const { ofMachine } = world.instances;
  const held = heldOfMachine(world);
  if (
    held.vcpuMilli !== ofMachine.vcpuMilli ||
    held.memoryMiB !== ofMachine.memoryMiB ||
    held.gpus !== ofMachine.gpus
  ) {
    return `instances hold ${JSON.stringify(held)} of the machine, counted ${JSON.stringify(ofMachine)}`;
  }
  for (const instance of world.instances.all()) {
    const violation = useViolation(world, instance, uses.get(instance.id) ?? NO_USE);
    if (violation !== undefined) return `instance ${instance.id}: ${violation}`;
  }
  return undefined;
}

/** An attempt is on instances of its own environment that run, or ran; a gang is whole, on different instances of one type. */
function attemptViolation(world: World, { id: jobId, state, scheduling }: Job): string | undefined {
  const attempt = activeAttempt(state);
  if (attempt?.instanceIds === undefined) return undefined;
  const { instanceIds, environmentArn } = attempt;
  const expected = scheduling.nodes?.count ?? 1;
  if (new Set(instanceIds).size !== expected)
    return `job ${jobId} is on instances ${instanceIds.join()}, not on ${expected}`;
  const types = new Set<string>();
  for (const id of instanceIds) {
    const instance = world.instances.get(id);
    if (instance === undefined) return `job ${jobId} is on instance ${id}, which is not there`;
    if (instance.host !== undefined && attempt.driver !== driverOfHost(instance.host)) {
      return `job ${jobId} is on host ${instance.host} and run by the driver ${attempt.driver}`;
    }
    if (instance.environmentArn !== environmentArn) return `job ${jobId} is on instance ${id} of another environment`;
    if (instance.status === "launching") return `job ${jobId} is on instance ${id}, which is launching`;
    if (instance.type.architecture !== (scheduling.architecture ?? "X86_64")) {
      return `job ${jobId} is on instance ${id} of another architecture`;
    }
    types.add(instance.type.name);
  }
  return types.size > 1 ? `job ${jobId} is on instances of types ${[...types].join()}` : undefined;
}

/** One that is going holds what its attempts do, and is theirs alone where it is given whole. */
function heldOfMachine(world: World): Requirements {
  const held = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };
  for (const { id, environmentArn, isSlice, status, type } of world.instances.all()) {
    if (isSlice !== true) continue;
    const fleet = world.instances.of(environmentArn);
    const isGoing = status === "terminating";
    if (isGoing && fleet.isIdle(id)) continue;
    const room = isGoing ? fleet.roomOf(id)! : NO_ROOM;
    held.vcpuMilli += type.vcpuMilli - room.vcpuMilli;
    held.memoryMiB += type.memoryMiB - room.memoryMiB;
    held.gpus += type.gpus - room.gpus;
  }
  return held;
}

function useViolation(world: World, instance: Instance, use: Use): string | undefined {
  const { type } = instance;
  if (use.vcpuMilli > type.vcpuMilli || use.memoryMiB > type.memoryMiB || use.gpus > type.gpus) {
    return `its attempts hold ${JSON.stringify(use)} of ${JSON.stringify(type)}`;
  }
  if (use.isWhole && use.attempts > 1) return `${use.attempts} attempts are on it, one of them alone`;
  const room = world.instances.of(instance.environmentArn).roomOf(instance.id)!;
  const left = {
    vcpuMilli: use.isWhole ? 0 : type.vcpuMilli - use.vcpuMilli,
    memoryMiB: use.isWhole ? 0 : type.memoryMiB - use.memoryMiB,
    gpus: use.isWhole ? 0 : type.gpus - use.gpus,
  };
  if (left.vcpuMilli !== room.vcpuMilli || left.memoryMiB !== room.memoryMiB || left.gpus !== room.gpus) {
    return `its attempts leave ${JSON.stringify(left)}, counted ${JSON.stringify(room)}`;
  }
  return undefined;
}

function added(use: Use, { requirements, isWhole }: InstanceHolding): Use {
  return {
    vcpuMilli: use.vcpuMilli + requirements.vcpuMilli,
    memoryMiB: use.memoryMiB + requirements.memoryMiB,
    gpus: use.gpus + requirements.gpus,
    attempts: use.attempts + 1,
    isWhole: use.isWhole || isWhole,
  };
}
