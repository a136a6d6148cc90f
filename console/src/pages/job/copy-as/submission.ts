import type { JobDefinition, JobDetail, SubmitJobRequest } from "@aws-sdk/client-batch";
import { nameOfArn } from "../names.ts";
import { overridesOf } from "./overrides.ts";
import { isSame } from "./same.ts";

/** Set by the server on a job that has climbed its memory ladder: nobody submits it. */
const LEARNED_TAG = "longshore:memory-learned";

/**
 * The request that submits the same job again: names instead of ARNs, and of what its definition says only what the job has otherwise. A child of an
 * array comes out as a job of its own, a node as the job that it is of.
 *
 * @param definition the job's own revision.
 */
export function submissionOf(job: JobDetail, definition: Partial<JobDefinition>): SubmitJobRequest {
  const { dependsOn = [], shareIdentifier, schedulingPriority, arrayProperties, timeout, retryStrategy } = job;
  const tags = Object.entries(job.tags ?? {}).filter(([key]) => key !== LEARNED_TAG);
  const parameters = Object.entries(job.parameters ?? {}).filter(
    ([key, value]) => definition.parameters?.[key] !== value,
  );
  const ownRetry = definition.retryStrategy ?? {};
  const usualRetry = { attempts: 1, evaluateOnExit: [], ...ownRetry };
  const consumables = job.consumableResourceProperties;
  return {
    jobName: job.jobName,
    jobQueue: nameOfArn(job.jobQueue!),
    jobDefinition: nameOfArn(job.jobDefinition!),
    ...(shareIdentifier !== undefined && { shareIdentifier }),
    ...(schedulingPriority !== undefined &&
      schedulingPriority !== definition.schedulingPriority && { schedulingPriorityOverride: schedulingPriority }),
    ...(arrayProperties?.size !== undefined && { arrayProperties: { size: arrayProperties.size } }),
    ...(dependsOn.length > 0 && { dependsOn }),
    ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) }),
    ...overridesOf(job, definition),
    ...(retryStrategy !== undefined && !isSame(retryStrategy, usualRetry) && { retryStrategy }),
    ...(timeout !== undefined && !isSame(timeout, definition.timeout) && { timeout }),
    ...(job.propagateTags !== undefined &&
      job.propagateTags !== (definition.propagateTags ?? false) && { propagateTags: job.propagateTags }),
    ...(tags.length > 0 && { tags: Object.fromEntries(tags) }),
    ...(consumables?.consumableResourceList !== undefined &&
      !isSame(consumables, definition.consumableResourceProperties) && {
        consumableResourcePropertiesOverride: consumables,
      }),
  };
}
