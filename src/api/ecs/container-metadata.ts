import { containerName, runsContainers } from "../../core/driver-name.ts";
import { clusterArn, containerArn, familyOf, revisionOf, taskArn } from "../../core/ecs-names.ts";
import type { EcsContainer, TaskStatus } from "../../core/ecs-tasks.ts";
import { containerProperties, containerStatus, ecsTasks, taskStatus } from "../../core/ecs-tasks.ts";
import { attemptOfContainer, parseTaskId } from "../../core/ids.ts";
import { logStreamName } from "../../core/submission/log-target.ts";
import { withLearnedMemory } from "../../core/submission/memory-ladder.ts";
import { containerRequirements } from "../../core/submission/requirements.ts";
import type { JobTable } from "../../ports/store.ts";
import { availabilityZone } from "../ec2/shown-instances.ts";
import type { FoundTask } from "./task-lookup.ts";
import { specOf } from "./task-lookup.ts";

/** A container with the task that it is of. */
export interface FoundContainer extends FoundTask {
  readonly container: EcsContainer;
}

/** The container of that id, of whatever account. */
export async function findContainer(jobs: JobTable, id: string): Promise<FoundContainer | undefined> {
  const attemptId = attemptOfContainer(id);
  const owner = parseTaskId(attemptId);
  const [job] = owner === undefined ? [] : await jobs.findByNumber([owner]);
  const attempt = job?.state.attempts.find((one) => one.id === attemptId);
  if (job === undefined || attempt === undefined) return undefined;
  for (const task of ecsTasks(job.scheduling, attempt)) {
    const container = task.containers.find((one) => one.id === id);
    if (container !== undefined) return { job, spec: await specOf(jobs, job), task, container };
  }
  return undefined;
}

/** ECS's words for the states of containers and tasks in their metadata. */
const KNOWN_STATUS: Readonly<Record<TaskStatus, string>> = {
  PENDING: "CREATED",
  RUNNING: "RUNNING",
  STOPPED: "STOPPED",
};

/** What version 4 of ECS's metadata endpoint tells of a container. */
export function containerMetadata({ job, spec, task, container }: FoundContainer) {
  const { attempt } = task;
  const { progress, name } = container;
  const properties = containerProperties(spec, container);
  const { vcpuMilli, memoryMiB } = containerRequirements(withLearnedMemory(properties, job.state));
  return {
    DockerId: container.id,
    Name: name,
    ...(runsContainers(attempt.driver) && { DockerName: containerName(container.driverId) }),
    Image: properties.image,
    Labels: {
      "com.amazonaws.ecs.cluster": clusterArn(attempt.environmentArn),
      "com.amazonaws.ecs.container-name": name,
      "com.amazonaws.ecs.task-arn": taskArn(attempt.environmentArn, task.id),
      "com.amazonaws.ecs.task-definition-family": familyOf(job.definitionArn),
      "com.amazonaws.ecs.task-definition-version": revisionOf(job.definitionArn),
    },
    DesiredStatus: attempt.stopping === undefined ? "RUNNING" : "STOPPED",
    KnownStatus: KNOWN_STATUS[containerStatus(progress)],
    ...(progress.exitCode !== undefined && { ExitCode: progress.exitCode }),
    Limits: { CPU: Math.floor((vcpuMilli * 1024) / 1000), Memory: memoryMiB },
    // Made and started in one; the moment in between is not kept.
    ...(progress.startedAt !== undefined && {
      CreatedAt: time(progress.startedAt),
      StartedAt: time(progress.startedAt),
    }),
    ...(progress.stoppedAt !== undefined && { FinishedAt: time(progress.stoppedAt) }),
    Type: "NORMAL",
    ...(progress.address !== undefined && {
      Networks: [{ NetworkMode: "awsvpc", IPv4Addresses: [progress.address] }],
    }),
    ContainerARN: containerArn(attempt.environmentArn, task.id, name),
    ...logMetadata(job.scope, properties.logConfiguration?.logDriver, container, task.id),
  };
}

/** What it tells of the task that the container is of. */
export function taskMetadata(found: FoundContainer) {
  const { job, task } = found;
  const { attempt } = task;
  const containers = task.containers.map((container) => containerMetadata({ ...found, container }));
  return {
    Cluster: clusterArn(attempt.environmentArn),
    TaskARN: taskArn(attempt.environmentArn, task.id),
    Family: familyOf(job.definitionArn),
    Revision: revisionOf(job.definitionArn),
    DesiredStatus: attempt.stopping === undefined ? "RUNNING" : "STOPPED",
    KnownStatus: KNOWN_STATUS[taskStatus(task)],
    Limits: {
      CPU: containers.reduce((sum, { Limits }) => sum + Limits.CPU, 0) / 1024,
      Memory: containers.reduce((sum, { Limits }) => sum + Limits.Memory, 0),
    },
    AvailabilityZone: availabilityZone(attempt.environmentArn),
    LaunchType: launchType(found),
    Containers: containers,
  };
}

function launchType({ spec: { platformCapabilities }, task: { attempt } }: FoundContainer): string {
  if (platformCapabilities.includes("FARGATE") && attempt.instanceIds === undefined) return "FARGATE";
  return platformCapabilities.includes("MANAGED_INSTANCES") ? "MANAGED_INSTANCES" : "EC2";
}

/** The stream's name is there before its first line. */
function logMetadata(scope: string, logDriver = "awslogs", { log, name }: EcsContainer, taskId: string) {
  if (log === undefined) return { LogDriver: logDriver };
  return {
    LogDriver: logDriver,
    LogOptions: {
      "awslogs-group": log.group,
      "awslogs-region": scope.split("/")[1]!,
      "awslogs-stream": logStreamName(log, name, taskId),
    },
  };
}

function time(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
