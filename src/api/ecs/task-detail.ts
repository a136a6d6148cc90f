import type { Container, Task } from "@aws-sdk/client-ecs";
import { containerName, runsContainers } from "../../core/driver-name.ts";
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
import { isFargate } from "../../core/resources.ts";
import { withLearnedMemory } from "../../core/submission/memory-ladder.ts";
import { containerRequirements } from "../../core/submission/requirements.ts";
import type { JobSpec } from "../../ports/store.ts";
import { availabilityZone } from "../ec2/shown-instances.ts";
import type { OnTheWire } from "../wire/operations.ts";
import type { EnvironmentRecord } from "./clusters.ts";
import { launchTypeOf, runsOnInstances } from "./clusters.ts";
import { attachmentsOf, networkInterfacesOf } from "./task-network.ts";
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
    ...(runsOnInstances(environment)
      ? { containerInstanceArn: containerInstanceArn(attempt.environmentArn, task.instanceId) }
      : { capacityProviderName: type! }),
    availabilityZone: availabilityZone(environment.arn),
    lastStatus,
    desiredStatus: isOver ? "STOPPED" : "RUNNING",
    containers,
    cpu: String(containers.reduce((sum, { cpu }) => sum + Number(cpu), 0)),
    memory: String(containers.reduce((sum, { memory }) => sum + Number(memory), 0)),
    ...(startedAt !== undefined && { startedAt: startedAt / 1000 }),
    ...(attempt.stopping !== undefined && { stoppingAt: attempt.stopping.at / 1000 }),
    ...(lastStatus === "STOPPED" && stopDetail(found, isFargate(type))),
    ...(isFargate(type) && fargateDetail(spec)),
    attachments: attachmentsOf(task, environment),
    attributes: [],
    overrides: { containerOverrides: [] },
    tags: withTags && spec.propagateTags ? Object.entries(spec.tags).map(([key, value]) => ({ key, value })) : [],
  };
}

/** What LATEST stands for, for Linux. */
const LATEST_PLATFORM = "1.4.0";

/** What a task has that does not say otherwise. */
const FARGATE_STORAGE_GIB = 20;

function fargateDetail({ container, ecsProperties }: JobSpec): Partial<OnTheWire<Task>> {
  const task = ecsProperties?.taskProperties?.[0];
  const version = container?.fargatePlatformConfiguration?.platformVersion ?? task?.platformVersion ?? "LATEST";
  const storage = container?.ephemeralStorage ?? task?.ephemeralStorage;
  return {
    platformVersion: version === "LATEST" ? LATEST_PLATFORM : version,
    platformFamily: "Linux",
    ephemeralStorage: { sizeInGiB: storage?.sizeInGiB ?? FARGATE_STORAGE_GIB },
  };
}

function stopDetail({ task: { attempt, containers } }: FoundTask, onFargate: boolean): Partial<OnTheWire<Task>> {
  const ends = containers.flatMap(({ progress }) => progress.stoppedAt ?? []);
  const stoppedAt = attempt.stoppedAt ?? Math.max(...ends);
  const stopCode = stopCodeOf(attempt, onFargate);
  return {
    stoppedAt: stoppedAt / 1000,
    ...(attempt.statusReason !== undefined && { stoppedReason: attempt.statusReason }),
    ...(stopCode !== undefined && { stopCode }),
  };
}

function stopCodeOf({ stopping, statusReason }: Attempt, onFargate: boolean): Task["stopCode"] {
  // Nobody asked for the end of what its host takes with it; on Fargate only Spot takes hosts away.
  if (stopping?.hostLost === true) return onFargate ? "SpotInterruption" : undefined;
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
    ...(runsContainers(attempt.driver) && progress.startedAt !== undefined && { runtimeId: containerName(driverId) }),
    lastStatus: containerStatus(progress),
    ...(progress.exitCode !== undefined && { exitCode: progress.exitCode }),
    ...(progress.reason !== undefined && { reason: progress.reason }),
    networkInterfaces: networkInterfacesOf(task, container),
    healthStatus: "UNKNOWN",
    cpu: String(Math.floor((vcpuMilli * 1024) / 1000)),
    memory: String(memoryMiB),
  };
}

function least(times: readonly (number | undefined)[]): number | undefined {
  const known = times.flatMap((time) => time ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}
