import type { ContainerOverrides, ContainerProperties, RetryStrategy as ApiRetryStrategy } from "@aws-sdk/client-batch";
import { NO_IMAGE } from "./driver-name.ts";
import type { Dependency, Requirements, RetryStrategy, Scheduling } from "./job.ts";

/** A command names a parameter that neither the definition nor the submission gives. */
export class UnknownParameter extends Error {
  readonly parameter: string;

  constructor(parameter: string) {
    super(`no parameter ${parameter}`);
    this.parameter = parameter;
  }
}

/** The definition's container with SubmitJob's overrides merged in (reference 4.11). */
export function mergeContainer(
  definition: ContainerProperties,
  overrides: ContainerOverrides | undefined,
  parameters: Readonly<Record<string, string>>,
): ContainerProperties {
  const command = overrides?.command?.length ? overrides.command : (definition.command ?? []);
  return {
    ...definition,
    ...mergeResources(definition, overrides ?? {}),
    command: command.map((argument) => substitute(argument, parameters)),
    environment: mergeByName(definition.environment ?? [], overrides?.environment ?? []),
    ...(overrides?.instanceType !== undefined && { instanceType: overrides.instanceType }),
  };
}

/** What the scheduler has to know of a job, from its merged container and what was submitted. */
export function schedulingOf(job: {
  container: ContainerProperties;
  definitionName: string;
  retryStrategy: ApiRetryStrategy | undefined;
  timeoutSeconds: number | undefined;
  dependsOn: readonly Dependency[];
  arraySize: number | undefined;
}): Scheduling {
  const log = logTarget(job.container, job.definitionName);
  return {
    requirements: requirementsOf(job.container),
    retry: retryOf(job.retryStrategy),
    dependsOn: job.dependsOn,
    needsImage: job.container.image !== NO_IMAGE,
    ...(job.timeoutSeconds !== undefined && { timeoutSeconds: job.timeoutSeconds }),
    ...(job.arraySize !== undefined && { arraySize: job.arraySize }),
    ...(log !== undefined && { log }),
  };
}

/** In milli-vCPU and MiB; 0 for what is not given. `resourceRequirements` wins over the deprecated members. */
export function requirementsOf(container: ContainerProperties): Requirements {
  const value = (type: string): number | undefined => {
    const requirement = container.resourceRequirements?.find((one) => one.type === type);
    return requirement === undefined ? undefined : Number(requirement.value);
  };
  return {
    vcpuMilli: Math.round((value("VCPU") ?? container.vcpus ?? 0) * 1000),
    memoryMiB: value("MEMORY") ?? container.memory ?? 0,
    gpus: value("GPU") ?? 0,
  };
}

function retryOf(strategy: ApiRetryStrategy | undefined): RetryStrategy {
  const evaluateOnExit = (strategy?.evaluateOnExit ?? []).map(({ action, onStatusReason, onReason, onExitCode }) => ({
    action: action!.toLowerCase() as "retry" | "exit",
    ...(onStatusReason !== undefined && { onStatusReason }),
    ...(onReason !== undefined && { onReason }),
    ...(onExitCode !== undefined && { onExitCode }),
  }));
  return { attempts: strategy?.attempts ?? 1, evaluateOnExit };
}

/** `resourceRequirements` overrides by type; the deprecated members override only each other (reference 4.4, 10 no. 25). */
function mergeResources(definition: ContainerProperties, overrides: ContainerOverrides): ContainerProperties {
  const overriding = overrides.resourceRequirements ?? [];
  const overridden = new Set(overriding.map(({ type }) => type));
  const kept = (definition.resourceRequirements ?? []).filter(({ type }) => !overridden.has(type));
  const { vcpus, memory } = definition;
  return {
    resourceRequirements: [...kept, ...overriding],
    vcpus: overridden.has("VCPU") || vcpus === undefined ? undefined : (overrides.vcpus ?? vcpus),
    memory: overridden.has("MEMORY") || memory === undefined ? undefined : (overrides.memory ?? memory),
  };
}

function mergeByName<Entry extends { name?: string | undefined }>(
  base: readonly Entry[],
  over: readonly Entry[],
): Entry[] {
  const merged = new Map(base.map((entry) => [entry.name, entry]));
  for (const entry of over) merged.set(entry.name, entry);
  return [...merged.values()];
}

/**
 * Replaces `Ref::name` anywhere in an argument (reference 4.3, 10 no. 23). Names may contain dots; where no parameter of the dotted name
 * exists, the name ends before a dot (`Ref::file.txt`).
 */
function substitute(argument: string, parameters: Readonly<Record<string, string>>): string {
  return argument.replaceAll(/Ref::([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)/g, (_, reference: string) => {
    for (let end = reference.length; end > 0; end = reference.lastIndexOf(".", end - 1)) {
      const name = reference.slice(0, end);
      if (Object.hasOwn(parameters, name)) return parameters[name]! + reference.slice(end);
    }
    throw new UnknownParameter(reference);
  });
}

/** The stream is `prefix/default/taskId` (reference 8.1). */
function logTarget(container: ContainerProperties, definitionName: string): Scheduling["log"] {
  const { logDriver = "awslogs", options = {} } = container.logConfiguration ?? {};
  if (logDriver !== "awslogs") return undefined;
  return {
    group: options["awslogs-group"] ?? "/aws/batch/job",
    prefix: options["awslogs-stream-prefix"] ?? definitionName.slice(0, 200),
  };
}
