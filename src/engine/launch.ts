import { expandVariables } from "../core/expand-variables.ts";
import { nodeId, taskId, unitAttemptId } from "../core/ids.ts";
import type { Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { requirementsOf } from "../core/requirements.ts";
import type { Environment } from "../core/resources.ts";
import { unitContainer } from "../core/unit-container.ts";
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
  const attemptId = activeAttempt(job.state)!.id;
  const { vcpuMilli, memoryMiB } = job.scheduling.requirements;
  const { container } = launch.spec;
  if (container === undefined) throw new Error(`job ${job.id} has no container`);
  const environment = jobEnvironment(start, container.environment, callingBack);
  return { attemptId, jobId: job.id, container, environment, vcpuMilli, memoryMiB };
}

function unitSpec(start: Start & { readonly unit: number }, callingBack: CallingBack): AttemptSpec {
  const { job, launch } = start;
  const { units = [], requirements } = job.scheduling;
  const unit = units[start.unit]!;
  const attempt = activeAttempt(job.state)!;
  const attemptId = unitAttemptId(attempt.id, start.unit);
  const { container, entrypoint, expandsVariables, ...modes } = unitContainer(launch.spec, unit);
  const environment = jobEnvironment(start, container.environment, callingBack);
  const expand = (argv: readonly string[]): string[] =>
    argv.map((argument) => (expandsVariables ? expandVariables(argument, environment) : argument));
  const { vcpuMilli, memoryMiB } = requirementsOf(container);
  const sharesTask = units.filter(({ node }) => node === unit.node).length > 1;
  return {
    attemptId,
    jobId: unit.node === undefined ? job.id : nodeId(job.id, unit.node),
    container: { ...container, ...(container.command !== undefined && { command: expand(container.command) }) },
    ...(entrypoint !== undefined && { entrypoint: expand(entrypoint) }),
    environment,
    vcpuMilli,
    // Memory may be given to some containers of a task only: the others may use what the task has.
    memoryMiB: memoryMiB > 0 ? memoryMiB : requirements.memoryMiB,
    ...modes,
    ...(sharesTask && { task: { id: taskId(attempt.id, unit.node) } }),
  };
}
