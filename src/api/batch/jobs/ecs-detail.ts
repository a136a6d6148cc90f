import type {
  AttemptDetail,
  ContainerDetail,
  ContainerProperties,
  EcsProperties,
  EcsPropertiesDetail,
  NetworkInterface,
} from "@aws-sdk/client-batch";
import { attachmentId, containerInstanceArn, instanceIdOf, taskArn } from "../../../core/ecs-names.ts";
import type { Attempt } from "../../../core/job.ts";
import { withLearnedMemory } from "../../../core/submission/memory-ladder.ts";
import type { Unit, UnitState } from "../../../core/tasks/task.ts";
import type { JobRecord, JobSpec } from "../../../ports/store.ts";

/** What clients look for even where the definition says nothing. */
const DEFAULT_LOG = { logDriver: "awslogs" as const, options: {}, secretOptions: [] };

/** The container of a job that has one, as its last attempt left it. */
export function containerDetail(job: JobRecord, spec: JobSpec, container: ContainerProperties): ContainerDetail {
  const last = job.state.attempts.at(-1);
  return {
    logConfiguration: DEFAULT_LOG,
    ...withLearnedMemory(container, job.state),
    networkInterfaces: [],
    ...(last !== undefined && { ...whereItRan(last, spec), ...outcomeOf(last.units?.[0] ?? last, last.id) }),
  };
}

/** The tasks of a job of several containers, each as the last attempt left it. */
export function taskDetails(
  job: JobRecord,
  spec: JobSpec,
  { taskProperties = [] }: EcsProperties,
): EcsPropertiesDetail {
  const last = job.state.attempts.at(-1);
  const details = taskProperties.map(({ containers = [], ...task }) => ({
    ...task,
    containers: containers.map((container, index) => {
      const unit = last?.units?.[index];
      return {
        logConfiguration: DEFAULT_LOG,
        ...container,
        networkInterfaces: [],
        ...(unit !== undefined && outcomeOf(unit, last!.id)),
      };
    }),
    ...(last !== undefined && whereItRan(last, spec)),
  }));
  return { taskProperties: details };
}

/** One attempt of an ECS job. That of a task tells of its containers in `taskProperties`, that of a single container in `container`. */
export function attemptDetail(job: JobRecord, spec: JobSpec, attempt: Attempt, isTask: boolean): AttemptDetail {
  const { startedAt, stoppedAt, statusReason, units = [] } = attempt;
  const where = whereItRan(attempt, spec);
  const container = { ...where, networkInterfaces: [], ...outcomeOf(units[0] ?? attempt, attempt.id) };
  const containers = units.map((unit, index) => ({
    name: nameOf(job.scheduling.units, index),
    networkInterfaces: [],
    ...outcomeOf(unit, attempt.id),
  }));
  return {
    container: isTask ? { networkInterfaces: [] } : container,
    startedAt,
    stoppedAt,
    statusReason,
    taskProperties: isTask ? [{ ...where, containers }] : [],
  };
}

function whereItRan(attempt: Attempt, spec: JobSpec) {
  const { id, environmentArn, instanceIds } = attempt;
  return {
    taskArn: taskArn(environmentArn, id),
    // What runs on Fargate is on no instance that one could see.
    ...((instanceIds !== undefined || !spec.platformCapabilities.includes("FARGATE")) && {
      containerInstanceArn: containerInstanceArn(environmentArn, instanceIdOf(attempt)),
    }),
  };
}

/** What became of a container: nothing is told before it happened. */
function outcomeOf(container: Attempt | UnitState, task: string) {
  const { exitCode, reason, logStreamName } = container;
  const address = "address" in container ? container.address : undefined;
  return {
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    ...(logStreamName !== undefined && { logStreamName }),
    ...(address !== undefined && { networkInterfaces: [networkInterface(address, task)] }),
  };
}

/** Only nodes have addresses of their own. */
function networkInterface(privateIpv4Address: string, task: string): NetworkInterface {
  return { attachmentId: attachmentId(task), privateIpv4Address };
}

function nameOf(units: readonly Unit[] | undefined, index: number): string {
  return units![index]!.name;
}
