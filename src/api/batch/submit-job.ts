import { consumableNeeds } from "../../core/consumables.ts";
import type { Dependency } from "../../core/job.ts";
import type { JobProperties } from "../../core/job-properties.ts";
import { UnknownParameter, withParameters } from "../../core/parameters.ts";
import { mergeProperties, schedulingOf } from "../../core/submit.ts";
import type { DefinitionRecord, JobSpec, NewJob, QueueSettings, ResourceRecord } from "../../ports/store.ts";
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
import { findDependencies, validateDependencies } from "./dependencies.ts";
import { findActive, lowerCaseActions } from "./job-definitions.ts";
import { newJobId } from "./job-id.ts";
import { arnOf, JOB_NAME, scopeOf, toArn } from "./names.ts";
import { maxActiveChildren, validateOwnTags } from "./own-tags.ts";
import { findQueue } from "./queue-lookup.ts";
import { validateTags } from "./tags.ts";
import { TEXTS } from "./texts.ts";

type Submission = BatchInput<"SubmitJob">;

/** SubmitJob: the definition, what overrides it, and what it depends on become one record; an array stays one until a child runs. */
export function submitJobHandler(backend: Backend): Required<Pick<BatchHandlers, "SubmitJob">> {
  return {
    async SubmitJob(input, call) {
      validate(input, backend);
      validateOwnTags(input.tags, backend.limits);
      const queue = await findQueue(backend, call, input.jobQueue);
      const definition = await findActive(backend, call, input.jobDefinition);
      validateAgainstQueue(input, queue, definition);
      const dependsOn = await findDependencies(backend, call, input);
      const job = newJob(backend, call, input, queue, definition, dependsOn);
      await backend.store.jobs.insert(job);
      void backend.scheduler.nudge();
      return { jobArn: arnOf(call, "job", job.id), jobName: job.name, jobId: job.id };
    },
  };
}

function validate(input: Submission, { limits, version }: Pick<Backend, "limits" | "version">): void {
  if (!JOB_NAME.test(input.jobName)) throw validationException(TEXTS.jobName);
  const size = input.arrayProperties?.size;
  if (size !== undefined && (size < 2 || size > limits.maxArraySize)) {
    throw validationException(TEXTS.arraySize(limits.maxArraySize));
  }
  validateDependencies(input, limits);
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
      maxActiveChildren: maxActiveChildren(input.tags, settings.tags, backend.limits),
      consumables: consumableNeeds(spec.consumableResourceProperties, spec.nodeProperties, (name) =>
        toArn(call, "consumable-resource", name),
      ),
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
