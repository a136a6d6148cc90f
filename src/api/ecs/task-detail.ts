import type { Container, Task } from "@aws-sdk/client-ecs";
import { containerName } from "../../core/driver-name.ts";
import {
  clusterArn,
  containerArn,
  containerInstanceArn,
  familyOf,
  taskArn,
  taskDefinitionArn,
} from "../../core/ecs-names.ts";
import type { EcsContainer } from "../../core/ecs-tasks.ts";
import { containerProperties, containerStatus, taskStatus } from "../../core/ecs-tasks.ts";
import type { Attempt } from "../../core/job.ts";
import { REASONS } from "../../core/lifecycle.ts";
import { withLearnedMemory } from "../../core/submission/memory-ladder.ts";
import { containerRequirements } from "../../core/submission/requirements.ts";
import type { OnTheWire } from "../wire/operations.ts";
import type { EnvironmentRecord } from "./clusters.ts";
import { hasInstance, launchTypeOf } from "./clusters.ts";
import type { FoundTask } from "./task-lookup.ts";

/** DescribeTasks' view of a task. Times that the scheduler does not keep are left out. */
export function taskDetail(found: FoundTask, environment: EnvironmentRecord, withTags: boolean): OnTheWire<Task> {
  const { job, spec, task } = found;
  const { attempt } = task;
  const lastStatus = taskStatus(task);
  const isOver = lastStatus === "STOPPED" || attempt.stopping !== undefined;
  const containers = task.containers.map((container) => containerDetail(found, container));
  const startedAt = least(task.containers.map(({ progress }) => progress.startedAt));
  const type = environment.settings.computeResources?.type;
  return {
    taskArn: taskArn(attempt.environmentArn, task.id),
    clusterArn: clusterArn(attempt.environmentArn),
    taskDefinitionArn: taskDefinitionArn(job.definitionArn),
    group: `family:${familyOf(job.definitionArn)}`,
    launchType: launchTypeOf(environment),
    ...(hasInstance(environment)
      ? { containerInstanceArn: containerInstanceArn(attempt.environmentArn) }
      : { capacityProviderName: type! }),
    availabilityZone: `${environment.arn.split(":")[3]!}a`,
    lastStatus,
    desiredStatus: isOver ? "STOPPED" : "RUNNING",
    containers,
    cpu: String(containers.reduce((sum, { cpu }) => sum + Number(cpu), 0)),
    memory: String(containers.reduce((sum, { memory }) => sum + Number(memory), 0)),
    ...(startedAt !== undefined && { startedAt: startedAt / 1000 }),
    ...(attempt.stopping !== undefined && { stoppingAt: attempt.stopping.at / 1000 }),
    ...(lastStatus === "STOPPED" && stopDetail(found)),
    attachments: [],
    attributes: [],
    overrides: { containerOverrides: [] },
    tags: withTags && spec.propagateTags ? Object.entries(spec.tags).map(([key, value]) => ({ key, value })) : [],
  };
}

function stopDetail({ task: { attempt, containers } }: FoundTask): Partial<OnTheWire<Task>> {
  const ends = containers.flatMap(({ progress }) => progress.stoppedAt ?? []);
  const stoppedAt = attempt.stoppedAt ?? Math.max(...ends);
  const stopCode = stopCodeOf(attempt);
  return {
    stoppedAt: stoppedAt / 1000,
    ...(attempt.statusReason !== undefined && { stoppedReason: attempt.statusReason }),
    ...(stopCode !== undefined && { stopCode }),
  };
}

function stopCodeOf({ stopping, statusReason }: Attempt): Task["stopCode"] {
  if (stopping !== undefined) return "UserInitiated";
  if (statusReason === REASONS.exited) return "EssentialContainerExited";
  return statusReason === REASONS.notStarted ? "TaskFailedToStart" : undefined;
}

function containerDetail({ job, spec, task }: FoundTask, container: EcsContainer): OnTheWire<Container> {
  const { attempt, id } = task;
  const { progress, driverId } = container;
  const { image, ...properties } = containerProperties(spec, container);
  const { vcpuMilli, memoryMiB } = containerRequirements(withLearnedMemory(properties, job.state));
  return {
    containerArn: containerArn(attempt.environmentArn, id, container.name),
    taskArn: taskArn(attempt.environmentArn, id),
    name: container.name,
    image,
    // The engine knows a container by its name as well as by its id. A plain process is in no container.
    ...(attempt.driver === "docker" && progress.startedAt !== undefined && { runtimeId: containerName(driverId) }),
    lastStatus: containerStatus(progress),
    ...(progress.exitCode !== undefined && { exitCode: progress.exitCode }),
    ...(progress.reason !== undefined && { reason: progress.reason }),
    networkInterfaces: [],
    healthStatus: "UNKNOWN",
    cpu: String(Math.floor((vcpuMilli * 1024) / 1000)),
    memory: String(memoryMiB),
  };
}

function least(times: readonly (number | undefined)[]): number | undefined {
  const known = times.flatMap((time) => time ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}
