import { expandVariables } from "../core/tasks/expand-variables.ts";
import { nodeId, taskId, unitAttemptId } from "../core/ids.ts";
import type { Job, Service } from "../core/job.ts";
import { activeAttempt, requirementsOf } from "../core/job.ts";
import { withLearnedMemory } from "../core/submission/memory-ladder.ts";
import { containerRequirements } from "../core/submission/requirements.ts";
import type { Environment } from "../core/resources.ts";
import type { Unit } from "../core/tasks/task.ts";
import {
  readTrainingRequest,
  trainingContainer,
  trainingJobArn,
  trainingJobNameOf,
} from "../core/submission/training-job.ts";
import { unitContainer } from "../core/tasks/unit-container.ts";
import type { AttemptSpec } from "../ports/driver.ts";
import type { Launch } from "../ports/store.ts";
import type { CallingBack } from "./job-environment.ts";
import { jobEnvironment } from "./job-environment.ts";

/** What is to be started. */
export interface Start {
  readonly job: Job;
  readonly launch: Launch;
  /** Of the attempt; undefined when it was deleted meanwhile. */
  readonly environment: Environment | undefined;
  /** Index of the unit; undefined: the whole attempt. */
  readonly unit: number | undefined;
}

/** All that a driver needs to run the active attempt of a job, or one unit of it. */
export function attemptSpec({ unit, ...start }: Start, callingBack: CallingBack): AttemptSpec {
  if (unit !== undefined) return unitSpec({ ...start, unit }, callingBack);
  const { job, launch } = start;
  if (job.scheduling.service !== undefined) return trainingSpec(start, job.scheduling.service, callingBack);
  const { id: attemptId, instanceIds: [instanceId] = [] } = activeAttempt(job.state)!;
  const { vcpuMilli, memoryMiB } = requirementsOf(job);
  if (launch.spec.container === undefined) throw new Error(`job ${job.id} has no container`);
  const container = withLearnedMemory(launch.spec.container, job.state);
  const environment = jobEnvironment(start, container.environment, callingBack);
  const where = instanceId !== undefined && { instanceId };
  return { attemptId, jobId: job.id, ...where, container, environment, vcpuMilli, memoryMiB };
}

function trainingSpec(start: Omit<Start, "unit">, service: Service, callingBack: CallingBack): AttemptSpec {
  const { job, launch } = start;
  const attempt = activeAttempt(job.state)!;
  const request = readTrainingRequest(launch.spec.service!.serviceRequestPayload);
  const names = { name: trainingJobNameOf(service, attempt), arn: trainingJobArn(launch.scope, service, attempt) };
  const { entrypoint, environment, ...container } = trainingContainer(request, names);
  const given = Object.entries(environment).map(([name, value]) => ({ name, value }));
  const { vcpuMilli, memoryMiB } = requirementsOf(job);
  return {
    ...{ attemptId: attempt.id, jobId: job.id, vcpuMilli, memoryMiB },
    container: { ...container, command: [...container.command] },
    ...(entrypoint !== undefined && { entrypoint }),
    environment: jobEnvironment(start, given, callingBack),
  };
}

function unitSpec(start: Start & { readonly unit: number }, callingBack: CallingBack): AttemptSpec {
  const { job, launch } = start;
  const units = job.scheduling.units!;
  const unit = units[start.unit]!;
  const attempt = activeAttempt(job.state)!;
  const attemptId = unitAttemptId(attempt.id, start.unit);
  const { container, entrypoint, expandsVariables, ...modes } = unitContainer(launch.spec, unit);
  const environment = jobEnvironment(start, container.environment, callingBack);
  const expand = (argv: readonly string[]): string[] =>
    argv.map((argument) => (expandsVariables ? expandVariables(argument, environment) : argument));
  const { vcpuMilli, memoryMiB } = containerRequirements(container);
  const companions = units.filter(({ node }) => node === unit.node);
  const instanceId = attempt.instanceIds?.[unit.node ?? 0];
  return {
    attemptId,
    ...(instanceId !== undefined && { instanceId }),
    jobId: unit.node === undefined ? job.id : nodeId(job.id, unit.node),
    container: { ...container, ...(container.command !== undefined && { command: expand(container.command) }) },
    ...(entrypoint !== undefined && { entrypoint: expand(entrypoint) }),
    environment,
    vcpuMilli,
    // Memory may be given to some containers of a task only: the others may use what the task has.
    memoryMiB: memoryMiB > 0 ? memoryMiB : memoryOf(companions, launch),
    ...modes,
    ...(companions.length > 1 && { task: { id: taskId(attempt.id, unit.node) } }),
  };
}

function memoryOf(units: readonly Unit[], { spec }: Launch): number {
  return units.reduce((sum, unit) => sum + containerRequirements(unitContainer(spec, unit).container).memoryMiB, 0);
}
