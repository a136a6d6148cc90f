import type { ContainerProperties } from "@aws-sdk/client-batch";
import { instanceIdOf } from "./ecs-names.ts";
import { containerId, taskId, unitAttemptId } from "./ids.ts";
import type { Attempt, Scheduling } from "./job.ts";
import type { JobProperties } from "./submission/job-properties.ts";
import type { Unit, UnitState } from "./tasks/task.ts";
import { unitContainer } from "./tasks/unit-container.ts";
import { DEFAULT_NAME } from "./submission/log-target.ts";

/** An attempt as ECS knows it: one task, or one for each node. */
export interface EcsTask {
  readonly id: string;
  readonly attempt: Attempt;
  /** Where it is, or was. */
  readonly instanceId: string;
  readonly containers: readonly EcsContainer[];
}

export interface EcsContainer {
  readonly name: string;
  /** What its metadata are asked by. */
  readonly id: string;
  /** What the driver knows it as. */
  readonly driverId: string;
  /** Of a job that runs several. */
  readonly unit?: Unit;
  readonly log?: Scheduling["log"];
  readonly progress: Pick<Attempt, "startedAt" | "stoppedAt" | "exitCode" | "reason" | "logStreamName" | "machine"> &
    Pick<UnitState, "address">;
}

export type TaskStatus = "PENDING" | "RUNNING" | "STOPPED";

export function ecsTasks({ units, log }: Pick<Scheduling, "units" | "log">, attempt: Attempt): EcsTask[] {
  if (units === undefined) {
    const container = {
      name: DEFAULT_NAME.ecs,
      id: containerId(attempt.id),
      driverId: attempt.id,
      progress: attempt,
      ...(log !== undefined && { log }),
    };
    return [{ id: attempt.id, attempt, instanceId: instanceIdOf(attempt), containers: [container] }];
  }
  const tasks = new Map<number | undefined, EcsContainer[]>();
  for (const [index, unit] of units.entries()) {
    const progress = attempt.units?.[index] ?? {};
    const container = {
      name: unit.name,
      id: containerId(attempt.id, index),
      driverId: unitAttemptId(attempt.id, index),
      unit,
      progress,
      ...(unit.log !== undefined && { log: unit.log }),
    };
    tasks.set(unit.node, [...(tasks.get(unit.node) ?? []), container]);
  }
  return [...tasks].map(([node, containers]) => ({
    ...{ id: taskId(attempt.id, node), attempt, containers },
    instanceId: instanceIdOf({ ...attempt, ...machineOf(containers) }, node),
  }));
}

function machineOf(containers: readonly EcsContainer[]): Pick<Attempt, "machine"> {
  const machine = containers.find(({ progress }) => progress.machine !== undefined)?.progress.machine;
  return machine === undefined ? {} : { machine };
}

/** A task runs from its first container's start to its last one's end. */
export function taskStatus({ containers, attempt }: EcsTask): TaskStatus {
  const states = containers.map(({ progress }) => containerStatus(progress));
  if (attempt.stoppedAt !== undefined || states.every((state) => state === "STOPPED")) return "STOPPED";
  return states.every((state) => state === "PENDING") ? "PENDING" : "RUNNING";
}

export function containerStatus({ startedAt, stoppedAt }: EcsContainer["progress"]): TaskStatus {
  if (stoppedAt !== undefined) return "STOPPED";
  return startedAt === undefined ? "PENDING" : "RUNNING";
}

/** What the container was told to be. */
export function containerProperties(properties: JobProperties, { unit }: EcsContainer): ContainerProperties {
  return unit === undefined ? (properties.container ?? {}) : unitContainer(properties, unit).container;
}
