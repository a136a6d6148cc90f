import type { JobDependency } from "@aws-sdk/client-batch";
import { isTerminal } from "../../../core/job.ts";
import { isEqual, overridesBetween } from "../../../core/submission/overrides-between.ts";
import {
  ARRAY_INDEXES_TAG,
  MAX_TAG_LENGTH,
  MEMORY_LEARNED_TAG,
  RERUN_OF_TAG,
} from "../../../core/submission/own-tags.ts";
import { FAILED_CHILDREN } from "../../../core/submission/array-indexes.ts";
import type { ArrayIndexes } from "../../../core/submission/array-indexes.ts";
import { UnknownParameter, withParameters } from "../../../core/submission/parameters.ts";
import type { Overrides } from "../../../core/submission/submit.ts";
import { mergeProperties } from "../../../core/submission/submit.ts";
import type { Resubmission } from "../../../ports/resubmission.ts";
import type { DefinitionRecord, JobRecord, JobSpec } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { asSeen, failedIndexes, indexesText } from "../../batch/jobs/array-indexes.ts";
import { isOfKind, ownerId } from "../../batch/jobs/job-records.ts";
import { nameOf, scopeOf } from "../../batch/names.ts";
import { clientException } from "../../wire/errors.ts";
import { givenParameters } from "../parameters.ts";
import type { Call } from "../../wire/operations.ts";
import { describedJob } from "./find-job.ts";

/**
 * The SubmitJob request that runs a job again, for who may describe it: an array whole, or with `failed` only its failed children; of a child that child
 * alone. Where the definition was deregistered, it says so.
 *
 * @throws ResourceNotFoundException, 404; ClientException where nothing can be run again.
 */
export async function resubmission(
  backend: Backend,
  call: Call,
  idOrArn: string,
  search: string,
): Promise<Resubmission> {
  const job = await describedJob(backend, call, idOrArn);
  const onlyFailed = readFailed(search);
  if (!isOfKind("job", job)) throw clientException("Service jobs are submitted again with SubmitServiceJob.");
  const owner = ownerId(job);
  const spec = (await backend.store.jobs.specs([owner])).get(owner);
  if (spec === undefined) throw clientException(`Job ${owner} was removed meanwhile.`);
  const again = await indexesAgain(backend, call, job, onlyFailed);
  const definition = await backend.store.definitions.get(job.definitionArn);
  const { overrides, notes } = overridesOf(spec, definition);
  const problem = await problemOf(backend, call, job, definition);
  const request = {
    jobName: job.name,
    jobQueue: nameOf(job.queueArn),
    jobDefinition: nameOf(job.definitionArn),
    ...sizeOf(job, again),
    ...keptDependencies(spec, again),
    ...settingsOf(job, spec, definition),
    ...overrides,
    tags: tagsOf(spec, owner, again),
  };
  const waited = spec.dependsOn.some(({ jobId }) => jobId !== undefined);
  return {
    request,
    notes: [...notes, ...(waited ? ["The jobs that it depended on are left out: it would start at once."] : [])],
    ...(problem !== undefined && { problem }),
    ...(onlyFailed && { failedChildren: again!.count }),
  };
}

function readFailed(search: string): boolean {
  const failed = givenParameters(search, ["failed"]).get("failed") ?? "false";
  if (failed !== "true" && failed !== "false") throw clientException(`failed must be true or false, not ${failed}.`);
  return failed === "true";
}

/** The indexes that are run again; undefined: the job as it was. */
async function indexesAgain(
  backend: Backend,
  call: Call,
  job: JobRecord,
  onlyFailed: boolean,
): Promise<ArrayIndexes | undefined> {
  if (job.parent !== undefined) {
    const { index, id } = job.parent;
    const [array] = await backend.store.jobs.find(scopeOf(call), [id]);
    if (array === undefined) throw clientException(`Job ${id} was removed meanwhile.`);
    return asSeen(backend.store, array, [{ first: index, last: index }]);
  }
  if (!onlyFailed) return undefined;
  if (job.scheduling.arraySize === undefined) throw clientException(`Job ${job.id} is no array: it has no children.`);
  const failed = await failedIndexes(backend, job);
  if (failed.count > 0) return failed;
  throw clientException(
    isTerminal(job.state.status) ? `No child of ${job.id} has failed.` : `No child of ${job.id} has failed until now.`,
  );
}

function sizeOf({ scheduling }: JobRecord, again: ArrayIndexes | undefined) {
  const size = again === undefined ? scheduling.arraySize : again.count;
  return size === undefined || (again !== undefined && size < 2) ? {} : { arrayProperties: { size } };
}

/** Children that follow each other do so again; what others have done is done. */
function keptDependencies({ dependsOn }: JobSpec, again: ArrayIndexes | undefined): { dependsOn?: JobDependency[] } {
  const kept = dependsOn.filter(({ jobId, type }) => jobId === undefined && type === "SEQUENTIAL");
  return kept.length === 0 || again?.count === 1 ? {} : { dependsOn: kept };
}

/** What the definition does not say the same. */
function settingsOf(job: JobRecord, spec: JobSpec, definition: DefinitionRecord | undefined) {
  const own = definition?.settings;
  const parameters = Object.entries(spec.parameters).filter(([name, value]) => own?.parameters?.[name] !== value);
  const retry = { attempts: 1, evaluateOnExit: [], ...own?.retryStrategy };
  return {
    ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) }),
    ...(!isEqual(retry, spec.retryStrategy) && { retryStrategy: spec.retryStrategy }),
    ...(spec.timeout !== undefined && !isEqual(own?.timeout, spec.timeout) && { timeout: spec.timeout }),
    ...(job.shareIdentifier !== undefined && { shareIdentifier: job.shareIdentifier }),
    ...(spec.schedulingPriority !== undefined &&
      spec.schedulingPriority !== own?.schedulingPriority && { schedulingPriorityOverride: spec.schedulingPriority }),
    ...(spec.propagateTags !== (own?.propagateTags ?? false) && { propagateTags: spec.propagateTags }),
    ...(spec.consumableResourceProperties !== undefined &&
      !isEqual(own?.consumableResourceProperties, spec.consumableResourceProperties) && {
        consumableResourcePropertiesOverride: spec.consumableResourceProperties,
      }),
  };
}

function tagsOf(spec: JobSpec, owner: string, again: ArrayIndexes | undefined): Record<string, string> {
  const { [MEMORY_LEARNED_TAG]: _, ...tags } = spec.tags;
  const indexes = again === undefined ? spec.arrayIndexes : indexesText(again);
  return {
    ...tags,
    [RERUN_OF_TAG]: owner,
    // More than a tag can say is looked up when it is submitted.
    ...(indexes !== undefined && {
      [ARRAY_INDEXES_TAG]: indexes.length <= MAX_TAG_LENGTH ? indexes : FAILED_CHILDREN,
    }),
  };
}

function overridesOf(
  spec: JobSpec,
  definition: DefinitionRecord | undefined,
): { overrides: Overrides; notes: readonly string[] } {
  const base = definition && withKnownParameters(definition, spec);
  const overrides = overridesBetween(base, spec);
  const { container, ecsProperties, eksProperties, nodeProperties } = spec;
  const actual = { container, ecsProperties, eksProperties, nodeProperties };
  const merged = base && mergeProperties(base, asMerged(overrides));
  const isSame = merged === undefined || isEqual(withoutNothing(merged), withoutNothing(actual));
  return {
    overrides,
    notes: isSame ? [] : ["Some settings of the containers cannot be repeated: look at them first."],
  };
}

function withKnownParameters({ settings }: DefinitionRecord, { parameters }: JobSpec) {
  const properties = mergeProperties({ ...settings, container: settings.containerProperties }, {});
  try {
    return withParameters(properties, parameters);
  } catch (error) {
    // The command was overridden, then: what is named in the definition's own was never needed.
    if (error instanceof UnknownParameter) return properties;
    throw error;
  }
}

function withoutNothing(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The image is apart from what a container requires, once a request was read. */
function asMerged(overrides: Overrides): Overrides {
  return JSON.parse(JSON.stringify(overrides), (_, value: unknown) => {
    if (typeof value !== "object" || value === null || !("resourceRequirements" in value)) return value;
    const all = value.resourceRequirements as { type?: string; value?: string }[];
    const images = all.flatMap((one) => (one.type === "IMAGE" ? [one.value ?? ""] : []));
    return {
      ...value,
      resourceRequirements: all.filter(({ type }) => type !== "IMAGE"),
      ...(images.length > 0 && { images }),
    };
  }) as Overrides;
}

async function problemOf(
  { store }: Backend,
  call: Call,
  { definitionArn, queueArn }: JobRecord,
  definition: DefinitionRecord | undefined,
): Promise<string | undefined> {
  const queue = await store.queues.get(queueArn);
  if (queue === undefined) return `Job queue ${nameOf(queueArn)} was deleted: submit it to another one.`;
  if (definition?.status === "ACTIVE") return undefined;
  const text = nameOf(definitionArn);
  const newest = await store.definitions.latestActive(scopeOf(call), text.replace(/:\d+$/, ""));
  const instead =
    newest === undefined
      ? "there is no active revision of it"
      : `the newest active revision is ${newest.name}:${newest.revision}`;
  return `Job definition ${text} was deregistered; ${instead}. Clone the job with another definition.`;
}
