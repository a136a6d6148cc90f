import { expandVariables } from "../core/tasks/expand-variables.ts";
import { runsPodsOfCluster } from "../core/driver-name.ts";
import { nodeId, taskId, unitAttemptId } from "../core/ids.ts";
import type { Instances } from "../core/instances/instances.ts";
import type { Job, Service } from "../core/job.ts";
import { activeAttempt, requirementsOf } from "../core/job.ts";
import { DEFAULT_NAME } from "../core/submission/log-target.ts";
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
import { podPropertiesOf, unitContainer } from "../core/tasks/unit-container.ts";
import type { AttemptSpec, PodPart, SharedNetwork } from "../ports/driver.ts";
import type { Launch } from "../ports/store.ts";
import type { CallingBack } from "./job-environment.ts";
import { jobEnvironment } from "./job-environment.ts";

/** What is to be started. */
export interface Start {
  readonly job: Job;
  readonly launch: Launch;
  /** Of the attempt; undefined when it was deleted meanwhile. */
  readonly environment: Environment | undefined;
  readonly instances: Pick<Instances, "get">;
  /** Index of the unit; undefined: the whole attempt. */
  readonly unit: number | undefined;
}

/** All that a driver needs to run the active attempt of a job, or one unit of it. */
export function attemptSpec(start: Start, callingBack: CallingBack): AttemptSpec {
  const spec = unboundedSpec(start, callingBack);
  const pod = runsPodsOfCluster(activeAttempt(start.job.state)!.driver) && { pod: podPart(start) };
  return { ...spec, ...ceilingOf(start, spec), ...pod };
}

/** An environment that has left its cluster meanwhile has no namespace any more: the driver refuses what would begin there. */
function podPart({ job, launch, environment, unit: index }: Start): PodPart {
  const namespace = environment?.cluster?.namespace ?? "";
  const { id } = activeAttempt(job.state)!;
  const { units } = job.scheduling;
  if (units === undefined || index === undefined) {
    return { id, namespace, name: DEFAULT_NAME.ecs, index: 0, count: 1, dependsOn: [] };
  }
  const unit = units[index]!;
  const ofPod = units.flatMap(({ node }, other) => (node === unit.node ? [other] : []));
  const properties = podPropertiesOf(launch.spec, unit.node);
  return {
    id: taskId(id, unit.node),
    namespace: properties?.metadata?.namespace ?? namespace,
    name: unit.name,
    index: ofPod.indexOf(index),
    count: ofPod.length,
    dependsOn: unit.dependsOn.map((one) => ({ ...one, unit: ofPod.indexOf(one.unit) })),
    ...(properties !== undefined && { properties }),
  };
}

function unboundedSpec({ unit, ...start }: Start, callingBack: CallingBack): AttemptSpec {
  if (unit !== undefined) return unitSpec({ ...start, unit }, callingBack);
  const { job, launch } = start;
  if (job.scheduling.service !== undefined) return trainingSpec(start, job.scheduling.service, callingBack);
  const { id: attemptId, instanceIds: [instanceId] = [] } = activeAttempt(job.state)!;
  const { vcpuMilli, memoryMiB } = requirementsOf(job);
  if (launch.spec.container === undefined) throw new Error(`job ${job.id} has no container`);
  const container = withLearnedMemory(launch.spec.container, job.state);
  const environment = jobEnvironment(start, container, callingBack);
  const where = instanceId !== undefined && { instanceId };
  const { gpuIds } = activeAttempt(job.state)!;
  const held = gpuIds !== undefined && { gpuIds };
  const spec = { attemptId, jobId: job.id, container, environment, vcpuMilli, memoryMiB };
  return { ...spec, ...where, ...held };
}

function trainingSpec(start: Omit<Start, "unit">, service: Service, callingBack: CallingBack): AttemptSpec {
  const { job, launch } = start;
  const attempt = activeAttempt(job.state)!;
  const request = readTrainingRequest(launch.spec.service!.serviceRequestPayload);
  const names = { name: trainingJobNameOf(service, attempt), arn: trainingJobArn(launch.scope, service, attempt) };
  const { entrypoint, environment, ...container } = trainingContainer(request, names);
  const given = { environment: Object.entries(environment).map(([name, value]) => ({ name, value })) };
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
  const environment = jobEnvironment(start, container, callingBack);
  const expand = (argv: readonly string[]): string[] =>
    argv.map((argument) => (expandsVariables ? expandVariables(argument, environment) : argument));
  const { vcpuMilli, memoryMiB, gpus } = containerRequirements(container);
  const companions = units.filter(({ node }) => node === unit.node);
  const instanceId = attempt.instanceIds?.[unit.node ?? 0];
  return {
    attemptId,
    ...(instanceId !== undefined && { instanceId }),
    jobId: unit.node === undefined ? job.id : nodeId(job.id, unit.node),
    container: { ...container, ...(container.command !== undefined && { command: expand(container.command) }) },
    ...(entrypoint !== undefined && { entrypoint: expand(entrypoint) }),
    environment,
    // Of a task on Fargate, a container without vCPUs of its own may use those of the task.
    vcpuMilli:
      vcpuMilli === 0 && start.environment?.isFargate === true ? sumOf(companions, launch).vcpuMilli : vcpuMilli,
    // Memory may be given to some containers of a task only: the others may use what the task has.
    memoryMiB: memoryMiB > 0 ? memoryMiB : sumOf(companions, launch).memoryMiB,
    ...(gpus > 0 && { gpuIds: gpusOfUnit(units, start.unit, launch, attempt.gpuIds) }),
    ...modes,
    ...(companions.length > 1 && { task: { id: taskId(attempt.id, unit.node) } }),
    ...(unit.node !== undefined && {
      node: { id: attempt.id, index: unit.node, count: job.scheduling.nodes!.count, ...eachNodeOf(job) },
    }),
  };
}

function eachNodeOf({ scheduling: { eachNode } }: Job): Pick<SharedNetwork, "each"> {
  return eachNode === undefined ? {} : { each: eachNode };
}

/** Of those that its attempt has: in the order of units. */
function gpusOfUnit(
  units: readonly Unit[],
  index: number,
  { spec }: Launch,
  gpuIds: readonly string[] = [],
): readonly string[] {
  const asked = (unit: Unit): number => containerRequirements(unitContainer(spec, unit).container).gpus;
  const before = units.slice(0, index).reduce((sum, unit) => sum + asked(unit), 0);
  return gpuIds.slice(before, before + asked(units[index]!));
}

/** The most that it gets of the processors. */
function ceilingOf(
  { environment, instances }: Pick<Start, "environment" | "instances">,
  { vcpuMilli, instanceId }: Pick<AttemptSpec, "vcpuMilli" | "instanceId">,
): Pick<AttemptSpec, "vcpuCeilingMilli"> {
  if (environment?.isFargate === true) return { vcpuCeilingMilli: vcpuMilli };
  const instance = instanceId === undefined ? undefined : instances.get(instanceId);
  return instance?.isSlice === true ? { vcpuCeilingMilli: instance.type.vcpuMilli } : {};
}

function sumOf(units: readonly Unit[], { spec }: Launch): { readonly vcpuMilli: number; readonly memoryMiB: number } {
  const each = units.map((unit) => containerRequirements(unitContainer(spec, unit).container));
  return {
    vcpuMilli: each.reduce((sum, { vcpuMilli }) => sum + vcpuMilli, 0),
    memoryMiB: each.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
  };
}
