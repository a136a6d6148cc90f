import type { JobDependency } from "@aws-sdk/client-batch";
import type { Dependency } from "../../core/job.ts";
import type { JobProperties } from "../../core/job-properties.ts";
import { UnknownParameter, withParameters } from "../../core/parameters.ts";
import { mergeProperties, schedulingOf } from "../../core/submit.ts";
import type { DefinitionRecord, JobRecord, JobSpec, NewJob, QueueSettings, ResourceRecord } from "../../ports/store.ts";
import { clientException, validationException } from "../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import {
  validateContainer,
  validatePriority,
  validateRetry,
  validateSize,
  validateTimeout,
} from "./definition-rules.ts";
import { findActive, lowerCaseActions } from "./job-definitions.ts";
import { newJobId } from "./job-id.ts";
import { parseChildId } from "../../core/ids.ts";
import { arnOf, JOB_NAME, scopeOf, toJobId } from "./names.ts";
import { findQueue } from "./queue-lookup.ts";
import { validateTags } from "./tags.ts";
import { TEXTS } from "./texts.ts";

type Submission = BatchInput<"SubmitJob">;

/** SubmitJob: the definition, what overrides it, and what it depends on become one record; an array stays one until a child runs. */
export function submitJobHandler(backend: Backend): Required<Pick<BatchHandlers, "SubmitJob">> {
  return {
    async SubmitJob(input, call) {
      validate(input, backend.version);
      const queue = await findQueue(backend, call, input.jobQueue);
      const definition = await findActive(backend, call, input.jobDefinition);
      validateAgainstQueue(input, queue, definition);
      const dependsOn = await checkedDependencies(backend, call, input);
      const job = newJob(backend, call, input, queue, definition, dependsOn);
      await backend.store.jobs.insert(job);
      void backend.scheduler.nudge();
      return { jobArn: arnOf(call, "job", job.id), jobName: job.name, jobId: job.id };
    },
  };
}

function validate(input: Submission, version: string): void {
  if (!JOB_NAME.test(input.jobName)) throw validationException(TEXTS.jobName);
  const size = input.arrayProperties?.size;
  if (size !== undefined && (size < 2 || size > 10_000)) throw validationException(TEXTS.arraySize);
  if ((input.dependsOn?.length ?? 0) > 20) throw validationException(TEXTS.tooManyDependencies);
  validateEmptyCommand(input.containerOverrides?.command);
  validateRetry(input.retryStrategy);
  validateTimeout(input.timeout);
  validatePriority(input.schedulingPriorityOverride);
  validateTags(input.tags);
  validateSize(input, "SubmitJob request", 30);
  for (const member of ["nodeOverrides", "eksPropertiesOverride", "ecsPropertiesOverride"] as const) {
    if (Object.keys(input[member] ?? {}).length > 0) throw clientException(TEXTS.notAvailable(member, version));
  }
  if (input.consumableResourcePropertiesOverride?.consumableResourceList?.length) {
    throw clientException(TEXTS.notAvailable("consumableResourcePropertiesOverride", version));
  }
}

function validateEmptyCommand(command: readonly string[] | undefined): void {
  if (command?.includes("") === true) throw validationException(TEXTS.emptyCommandEntry);
}

function validateAgainstQueue(
  input: Submission,
  { name, status, settings }: ResourceRecord<QueueSettings>,
  definition: DefinitionRecord,
): void {
  if (settings.state !== "ENABLED" || status === "DELETING") throw clientException(TEXTS.queueNotEnabled(name));
  const isFargateJob = isFargateDefinition(definition);
  if (isFargateJob !== (settings.jobQueueType === "ECS_FARGATE")) {
    throw clientException(TEXTS.capability(isFargateJob ? "FARGATE" : "EC2"));
  }
  const asksForFairShare = input.shareIdentifier !== undefined || input.schedulingPriorityOverride !== undefined;
  if (asksForFairShare && settings.schedulingPolicyArn === undefined) throw clientException(TEXTS.fairShareOnly);
}

function isFargateDefinition({ settings }: DefinitionRecord): boolean {
  return settings.platformCapabilities?.[0] === "FARGATE";
}

/** Reference 3.2, 10 no. 14 and 15: the jobs exist, and the types fit. */
async function checkedDependencies(backend: Backend, call: Call, input: Submission): Promise<Dependency[]> {
  const dependencies = (input.dependsOn ?? []).map((dependency) => toDependency(dependency));
  const ids = dependencies.flatMap(({ jobId }) =>
    jobId === undefined ? [] : [parseChildId(jobId)?.parentId ?? jobId],
  );
  const records = ids.length === 0 ? [] : await backend.store.jobs.find(scopeOf(call), ids);
  const byId = new Map(records.map((record) => [record.id, record]));
  for (const dependency of dependencies) checkDependency(dependency, input.arrayProperties?.size, byId);
  return dependencies;
}

function toDependency({ jobId, type }: JobDependency): Dependency {
  if (type !== undefined && type !== "N_TO_N" && type !== "SEQUENTIAL") {
    throw validationException(TEXTS.unknownDependencyType(type));
  }
  if (type === "SEQUENTIAL" && !jobId) return { type };
  if (!jobId) throw validationException(TEXTS.dependencyWithoutId);
  // SEQUENTIAL with a job id is what some clients send; AWS reads it as a dependency on that job.
  return type === "N_TO_N" ? { jobId: toJobId(jobId), type } : { jobId: toJobId(jobId) };
}

function checkDependency(dependency: Dependency, arraySize: number | undefined, byId: Map<string, JobRecord>): void {
  if (dependency.type === "SEQUENTIAL") {
    if (arraySize === undefined) throw clientException(TEXTS.sequentialWithoutArray);
    return;
  }
  const child = parseChildId(dependency.jobId);
  const record = byId.get(child?.parentId ?? dependency.jobId);
  const size = record?.scheduling.arraySize;
  if (record === undefined || (child !== undefined && child.index >= (size ?? 0))) {
    throw clientException(TEXTS.dependencyNotFound(dependency.jobId));
  }
  if (dependency.type === "N_TO_N" && (arraySize === undefined || arraySize !== size)) {
    throw clientException(TEXTS.nToNWithoutArray);
  }
}

function newJob(
  backend: Backend,
  call: Call,
  input: Submission,
  queue: ResourceRecord<QueueSettings>,
  definition: DefinitionRecord,
  dependsOn: readonly Dependency[],
): NewJob {
  const { settings } = definition;
  const parameters = { ...settings.parameters, ...input.parameters };
  const properties = mergedProperties(input, definition, parameters);
  const retryStrategy = input.retryStrategy ? lowerCaseActions(input.retryStrategy) : settings.retryStrategy;
  const timeout = input.timeout ?? settings.timeout;
  const spec: JobSpec = {
    ...properties,
    parameters,
    dependsOn: input.dependsOn ?? [],
    retryStrategy: { attempts: 1, evaluateOnExit: [], ...retryStrategy },
    ...(timeout !== undefined && { timeout }),
    tags: input.tags ?? {},
    propagateTags: input.propagateTags ?? settings.propagateTags ?? false,
    platformCapabilities: settings.platformCapabilities ?? [],
    ...(call.caller.keyId !== undefined && { submittedBy: call.caller.keyId }),
  };
  const createdAt = backend.clock.now();
  return {
    id: newJobId(createdAt),
    scope: scopeOf(call),
    queueArn: queue.arn,
    name: input.jobName,
    definitionArn: definition.arn,
    createdAt,
    scheduling: schedulingOf({
      properties,
      definitionName: definition.name,
      retryStrategy,
      timeoutSeconds: timeout?.attemptDurationSeconds,
      dependsOn,
      arraySize: input.arrayProperties?.size,
    }),
    spec,
  };
}

function mergedProperties(
  input: Submission,
  definition: DefinitionRecord,
  parameters: Readonly<Record<string, string>>,
): JobProperties {
  const merged = mergeProperties({ container: definition.settings.containerProperties }, input);
  if (input.containerOverrides !== undefined) validateContainer(merged.container!, isFargateDefinition(definition));
  try {
    return withParameters(merged, parameters);
  } catch (error) {
    if (error instanceof UnknownParameter) throw clientException(TEXTS.noParameter(error.parameter));
    throw error;
  }
}
