import type { Dependency } from "../../../core/job.ts";
import type { JobProperties } from "../../../core/submission/job-properties.ts";
import { consumableNeeds, mergeConsumables } from "../../../core/consumables.ts";
import { REASONS } from "../../../core/lifecycle.ts";
import { logRefusal } from "../../../core/submission/log-target.ts";
import { fitted } from "../../../core/submission/oversized.ts";
import { UnknownParameter, withParameters } from "../../../core/submission/parameters.ts";
import { mergeProperties, schedulingOf } from "../../../core/submission/submit.ts";
import type {
  DefinitionRecord,
  DefinitionSettings,
  JobSpec,
  NewJob,
  QueueSettings,
  ResourceRecord,
} from "../../../ports/store.ts";
import { UnknownDependency } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { platformOf } from "../definitions/definition-rules.ts";
import { lowerCaseActions } from "../definitions/definition-settings.ts";
import { withArrayIndexes } from "./array-indexes.ts";
import { findDependencies } from "./dependencies.ts";
import { withImageOverrides } from "./image-overrides.ts";
import { findActive } from "../definitions/job-definitions.ts";
import { JobRoom } from "./job-room.ts";
import { newJobId } from "./job-id.ts";
import { arnOf, nameOf, scopeOf, toArn } from "../names.ts";
import { askedByTags } from "../tags/own-tags.ts";
import { findQueue } from "../queues/queue-lookup.ts";
import { isOwnArn } from "../resource-lookup.ts";
import { check } from "../rules.ts";
import type { Submission } from "./submit-rules.ts";
import { hasPolicy, MERGED_RULES, PLACEMENT_RULES, REPLACED_RULES, SUBMIT_RULES } from "./submit-rules.ts";
import { MAX_TAGS } from "../tags/tags.ts";
import { TEXTS } from "../texts.ts";
import { crashPoint } from "../../../ports/crash-points.ts";

/** SubmitJob: the definition, what overrides it, and what it depends on become one record; an array stays one until a child runs. */
export function submitJobHandler(backend: Backend): Required<Pick<BatchHandlers, "SubmitJob">> {
  const room = new JobRoom(backend);
  return {
    async SubmitJob(request, call) {
      const { job } = await checkedSubmission(backend, request, call);
      await room.check(call);
      await insert(backend, job);
      crashPoint("submit.committed");
      void backend.scheduler.nudge();
      crashPoint("submit.answered");
      return { jobArn: arnOf(call, "job", job.id), jobName: job.name, jobId: job.id };
    },
  };
}

/** What a submission comes to, once everything about it was checked. Nothing is written. */
export async function checkedSubmission(
  backend: Backend,
  request: Submission,
  call: Call,
): Promise<{ readonly job: NewJob; readonly queue: ResourceRecord<QueueSettings> }> {
  const input = withImageOverrides(request, backend.limits);
  check(SUBMIT_RULES, { input, limits: backend.limits });
  const queue = await findQueue(backend, call, input.jobQueue);
  const definition = await findActive(backend, call, input.jobDefinition);
  check(PLACEMENT_RULES, { input, queue, definition });
  await checkShare(backend, queue, input.shareIdentifier);
  const dependsOn = await findDependencies(backend, call, input);
  const submitted = newJob(backend, call, input, queue, definition, dependsOn);
  const job = await withArrayIndexes(backend, call, input, submitted);
  return { job: await fittedToMachine(backend, readable(job), queue), queue };
}

/** One whose output nobody could ask for does not start, as its log driver would not in AWS. */
function readable(job: NewJob): NewJob {
  const refusal = logRefusal(job.scheduling);
  return refusal === undefined ? job : { ...job, scheduling: { ...job.scheduling, refusal } };
}

/** What may run on hosts of the user's, or in a cluster, is not bound by this machine. */
async function fittedToMachine(
  { capacity, oversizedJobs, runsElsewhere, store }: Backend,
  job: NewJob,
  { settings: { computeEnvironmentOrder = [] } }: ResourceRecord<QueueSettings>,
): Promise<NewJob> {
  const scheduling = fitted(job.scheduling, capacity, oversizedJobs);
  if (scheduling === job.scheduling) return job;
  for (const { computeEnvironment } of computeEnvironmentOrder) {
    const environment = await store.environments.get(computeEnvironment!);
    if (environment !== undefined && runsElsewhere(environment.settings)) return job;
  }
  return { ...job, scheduling };
}

/** A dependency that was found may be removed by now. */
async function insert(backend: Backend, job: NewJob): Promise<void> {
  try {
    await backend.store.jobs.insert(job);
  } catch (error) {
    throw error instanceof UnknownDependency ? clientException(TEXTS.dependencyNotFound(error.jobId)) : error;
  }
}

/** A queue has so many shares at a time (reference 7.3). Two requests at the same moment may both bring the last one. */
async function checkShare(
  { store }: Backend,
  queue: ResourceRecord<QueueSettings>,
  share: string | undefined,
): Promise<void> {
  if (share === undefined) return;
  const { isActive, count } = await store.jobs.activeShares(queue.arn, share, MAX_ACTIVE_SHARES);
  if (!isActive && count >= MAX_ACTIVE_SHARES) throw clientException(TEXTS.tooManyActiveShares(queue.name));
}

const MAX_ACTIVE_SHARES = 500;

function newJob(
  backend: Backend,
  call: Call,
  input: Submission,
  queue: ResourceRecord<QueueSettings>,
  definition: DefinitionRecord,
  dependsOn: readonly Dependency[],
): NewJob {
  const spec = newSpec(call, input, queue, definition);
  const createdAt = backend.clock.now();
  return {
    id: newJobId(createdAt),
    scope: scopeOf(call),
    queueArn: queue.arn,
    name: input.jobName,
    definitionArn: definition.arn,
    createdAt,
    ...(input.shareIdentifier !== undefined && { shareIdentifier: input.shareIdentifier }),
    scheduling: schedulingOf({
      properties: spec,
      definitionName: definition.name,
      retryStrategy: spec.retryStrategy,
      timeoutSeconds: spec.timeout?.attemptDurationSeconds,
      dependsOn,
      share: input.shareIdentifier,
      priority: spec.schedulingPriority,
      capabilities: spec.platformCapabilities,
      arraySize: input.arrayProperties?.size,
      refusal: hasTooManyTags(spec, definition) ? REASONS.tooManyTags : undefined,
      ...askedByTags(input.tags, definition.settings.tags, backend.limits),
      consumables: consumableNeeds(spec.consumableResourceProperties, spec.nodeProperties, (name) =>
        consumableArn(call, name),
      ),
    }),
    spec,
  };
}

/** One that does not exist yet is waited for; one of another account or region never does here. */
function consumableArn(call: Call, nameOrArn: string): string {
  const arn = toArn(call, "consumable-resource", nameOrArn);
  if (isOwnArn(call, "consumable-resource", arn)) return arn;
  throw clientException(TEXTS.consumableNotFound(nameOf(nameOrArn)));
}

/** A task takes the tags of its job and of the definition; that there are too many makes the job fail, not its submission (reference 4.10). */
function hasTooManyTags({ tags, propagateTags }: JobSpec, { settings }: DefinitionRecord): boolean {
  return propagateTags && Object.keys({ ...settings.tags, ...tags }).length > MAX_TAGS;
}

/** The definition with what the submission says instead (reference 4.11). */
function newSpec(
  call: Call,
  input: Submission,
  queue: ResourceRecord<QueueSettings>,
  { settings }: DefinitionRecord,
): JobSpec {
  const parameters = { ...settings.parameters, ...input.parameters };
  const retryStrategy = input.retryStrategy ? lowerCaseActions(input.retryStrategy) : settings.retryStrategy;
  const timeout = input.timeout ?? settings.timeout;
  const priority = input.schedulingPriorityOverride ?? settings.schedulingPriority;
  const { properties, consumables } = checkedMerge(call, input, settings);
  const replaced = replaceParameters(properties, parameters);
  check(REPLACED_RULES, { input, properties: replaced });
  return {
    ...replaced,
    parameters,
    dependsOn: input.dependsOn ?? [],
    retryStrategy: { attempts: 1, evaluateOnExit: [], ...retryStrategy },
    ...(timeout !== undefined && { timeout }),
    tags: input.tags ?? {},
    propagateTags: input.propagateTags ?? settings.propagateTags ?? false,
    platformCapabilities: settings.platformCapabilities ?? [],
    ...(hasPolicy(queue) && priority !== undefined && { schedulingPriority: priority }),
    ...(consumables !== undefined && { consumableResourceProperties: consumables }),
    ...(call.caller.keyId !== undefined && { submittedBy: call.caller.keyId }),
    ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
  };
}

function checkedMerge({ region }: Call, input: Submission, settings: DefinitionSettings) {
  const properties = mergeProperties({ ...settings, container: settings.containerProperties }, input);
  const { consumableResourceProperties, consumableResourcePropertiesOverride } = { ...settings, ...input };
  const consumables = mergeConsumables(consumableResourceProperties, consumableResourcePropertiesOverride);
  check(MERGED_RULES, { input, properties, consumables, place: { platform: platformOf(settings), region } });
  return { properties, consumables };
}

function replaceParameters(properties: JobProperties, parameters: Readonly<Record<string, string>>): JobProperties {
  try {
    return withParameters(properties, parameters);
  } catch (error) {
    if (error instanceof UnknownParameter) throw clientException(TEXTS.noParameter(error.parameter));
    throw error;
  }
}
