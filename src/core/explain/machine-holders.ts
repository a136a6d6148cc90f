import { hasShareOfMachine } from "../holdings.ts";
import type { Job, Requirements } from "../job.ts";
import { activeAttempt, requirementsOf } from "../job.ts";
import type { World } from "../world.ts";
import type { Viewer } from "./occupants.ts";
import { haveOneOwner } from "./occupants.ts";

/** An environment that holds a part of this machine: its instances do, or its jobs where it has none. */
export interface MachineHolder extends Requirements {
  /** Absent where it is of another account or region than the job that waits. */
  readonly environmentArn?: string;
  /** 0: it has none. */
  readonly instances: number;
}

interface Held extends Requirements {
  readonly instances: number;
}

const NOTHING: Held = { vcpuMilli: 0, memoryMiB: 0, gpus: 0, instances: 0 };

/** Who holds this machine, those first that hold most vCPUs. Costs in instances and active attempts. */
export function machineHolders(world: World, viewer: Viewer): MachineHolder[] {
  const held = new Map<string, Held>();
  const add = (arn: string, { vcpuMilli, memoryMiB, gpus }: Requirements, instances: number): void => {
    const before = held.get(arn) ?? NOTHING;
    held.set(arn, {
      vcpuMilli: before.vcpuMilli + vcpuMilli,
      memoryMiB: before.memoryMiB + memoryMiB,
      gpus: before.gpus + gpus,
      instances: before.instances + instances,
    });
  };
  for (const { isSlice, status, type, environmentArn } of world.instances.all())
    if (isSlice === true && status !== "terminating") add(environmentArn, type, 1);
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    const attempt = activeAttempt(job.state)!;
    if (hasShareOfMachine(attempt) || isOnLeavingSlice(world, job)) add(attempt.environmentArn, requirementsOf(job), 0);
  }
  return [...held]
    .sort(([a, first], [b, second]) => second.vcpuMilli - first.vcpuMilli || (a < b ? -1 : 1))
    .map(([arn, holds]) => ({ ...holds, ...(haveOneOwner(arn, viewer.queueArn) && { environmentArn: arn }) }));
}

/** Of a part of the machine that is going, only what its attempts hold is taken. */
function isOnLeavingSlice(world: World, { state }: Job): boolean {
  const instance = world.instances.get(activeAttempt(state)!.instanceIds?.[0] ?? "");
  return instance?.isSlice === true && instance.status === "terminating";
}
