import type { ConsumableResourceProperties } from "@aws-sdk/client-batch";
import type { DefinitionRecord, QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import type { BatchInput } from "../../wire/operations.ts";
import type { JobProperties } from "../../../core/submission/job-properties.ts";
import { CONSUMABLE_RULES } from "../consumables/consumable-rules.ts";
import { isPod, isPriority, oversize, platformOf } from "../definitions/definition-rules.ts";
import { DEPENDENCY_RULES } from "./dependencies.ts";
import type { Place } from "../definitions/ecs-task.ts";
import { taskOfContainer } from "../definitions/ecs-task.ts";
import type { Limits } from "../limits.ts";
import { JOB_NAME, SHARE_IDENTIFIER } from "../names.ts";
import { MERGED_NODE_RULES } from "../definitions/node-rules.ts";
import { OVERRIDE_TARGET_RULES } from "./override-target-rules.ts";
import { OWN_TAG_RULES } from "../tags/own-tags.ts";
import {
  CONTAINER_OVERRIDE_RULES,
  NODES_OVERRIDE_RULES,
  POD_OVERRIDE_RULES,
  TASK_OVERRIDE_RULES,
} from "./override-rules.ts";
import { EKS_PROPERTIES_RULES } from "../definitions/pod-rules.ts";
import { RETRY_RULES, TIMEOUT_RULES } from "../definitions/retry-rules.ts";
import { OPEN_QUEUE_RULE } from "../queues/open-queue-rule.ts";
import type { Rule } from "../rules.ts";
import { quotingRule, rule, within } from "../rules.ts";
import { TAG_RULES } from "../tags/tags.ts";
import { ECS_PROPERTIES_RULES, ECS_TASK_RULES } from "../definitions/task-rules.ts";

export type Submission = BatchInput<"SubmitJob">;

export interface SubmissionSubject {
  readonly input: Submission;
  readonly limits: Limits;
}

/** SubmitJob, as far as it can be checked without looking at anything else; in the order in which it is. */
export const SUBMIT_RULES: readonly Rule<SubmissionSubject>[] = [
  rule("jobName", ({ input }) => !JOB_NAME.test(input.jobName)),
  rule(
    "shareIdentifier",
    ({ input: { shareIdentifier: share } }) => share !== undefined && !SHARE_IDENTIFIER.test(share),
  ),
  within(
    ({ input: { dependsOn, arrayProperties }, limits }) => ({ dependsOn, arrayProperties, limits }),
    DEPENDENCY_RULES,
  ),
  within(({ input }) => input.containerOverrides, CONTAINER_OVERRIDE_RULES),
  within(({ input }) => input.ecsPropertiesOverride, TASK_OVERRIDE_RULES),
  within(({ input }) => input.eksPropertiesOverride, POD_OVERRIDE_RULES),
  within(({ input }) => input.nodeOverrides, NODES_OVERRIDE_RULES),
  quotingRule("arraySize", ({ input: { arrayProperties }, limits: { maxArraySize } }) => {
    const size = arrayProperties?.size ?? 2;
    return size < 2 || size > maxArraySize ? [maxArraySize] : undefined;
  }),
  within(({ input }) => input.retryStrategy, RETRY_RULES),
  within(({ input }) => input.timeout, TIMEOUT_RULES),
  rule("schedulingPriority", ({ input }) => !isPriority(input.schedulingPriorityOverride)),
  within(({ input }) => input.consumableResourcePropertiesOverride, CONSUMABLE_RULES),
  within(({ input }) => input.tags, TAG_RULES),
  within(({ input, limits }) => (limits.extensions ? input.tags : undefined), OWN_TAG_RULES),
  quotingRule("tooLarge", ({ input }) => oversize(input, "SubmitJob request", 30)),
];

/** A submission with the queue and the definition that it names. */
export interface Placement {
  readonly input: Submission;
  readonly queue: ResourceRecord<QueueSettings>;
  readonly definition: DefinitionRecord;
}

/** Whether a submission, its queue and its definition go together (reference 4.2, 4.9, 7.1, 7.3). */
export const PLACEMENT_RULES: readonly Rule<Placement>[] = [
  OPEN_QUEUE_RULE,
  quotingRule(
    "serviceJobQueue",
    ({ queue: { name, settings } }) => (settings.jobQueueType === "SAGEMAKER_TRAINING" ? [name] : undefined),
    "bare",
  ),
  quotingRule(
    "capability",
    ({ queue, definition }) => {
      const { capability, queueType } = capabilityOf(definition);
      return (queue.settings.jobQueueType ?? "ECS") === queueType ? undefined : [capability];
    },
    "bare",
  ),
  rule(
    "fairShareOnly",
    ({ input, queue }) =>
      !hasPolicy(queue) && (input.shareIdentifier !== undefined || input.schedulingPriorityOverride !== undefined),
    "bare",
  ),
  rule("shareRequired", ({ input, queue }) => hasPolicy(queue) && input.shareIdentifier === undefined, "bare"),
  rule(
    "priorityRequired",
    ({ input, queue, definition }) =>
      hasPolicy(queue) &&
      input.schedulingPriorityOverride === undefined &&
      definition.settings.schedulingPriority === undefined,
    "bare",
  ),
  rule("tagsOfPod", ({ input, definition }) => input.propagateTags === true && isPod(definition.settings), "bare"),
  ...OVERRIDE_TARGET_RULES,
];

/** What a job runs, after its overrides. */
export interface Merged {
  readonly input: Submission;
  readonly properties: JobProperties;
  readonly consumables: ConsumableResourceProperties | undefined;
  readonly place: Place;
}

/** The definition's rules hold for what is merged, too. What was not overridden was checked when it was registered. */
export const MERGED_RULES: readonly Rule<Merged>[] = [
  within(
    ({ input, properties: { container }, place }) =>
      input.containerOverrides && container && taskOfContainer(container, place),
    ECS_TASK_RULES,
  ),
  within(
    ({ input, properties: { ecsProperties }, place }) =>
      input.ecsPropertiesOverride && ecsProperties && { ecsProperties, place },
    ECS_PROPERTIES_RULES,
  ),
  within(
    ({ input, properties: { eksProperties } }) => input.eksPropertiesOverride && eksProperties,
    EKS_PROPERTIES_RULES,
  ),
  within(
    ({ input, properties: { nodeProperties: nodes }, place }) => input.nodeOverrides && nodes && { nodes, place },
    MERGED_NODE_RULES,
  ),
  within(({ consumables }) => consumables, CONSUMABLE_RULES),
];

/**
 * A long parameter that a command names a thousand times makes a job of many megabytes, as do different overrides for a thousand nodes. Anything else is as
 * small as the requests that it came with. The limit is ours.
 */
export const REPLACED_RULES: readonly Rule<Pick<Merged, "input" | "properties">>[] = [
  quotingRule("tooLarge", ({ input: { parameters, nodeOverrides }, properties }) =>
    parameters === undefined && nodeOverrides === undefined
      ? undefined
      : oversize(properties, "The job with its parameters and overrides", 256),
  ),
];

/** Quota-share policies are for service jobs only, so a queue of jobs with a policy has a fair-share one. */
export function hasPolicy({ settings }: ResourceRecord<QueueSettings>): boolean {
  return settings.schedulingPolicyArn !== undefined;
}

function capabilityOf({ settings }: DefinitionRecord): { capability: string; queueType: string } {
  if (isPod(settings)) return { capability: "EKS", queueType: "EKS" };
  const capability = platformOf(settings);
  const queueTypes = { EC2: "ECS", FARGATE: "ECS_FARGATE", MANAGED_INSTANCES: "ECS_MANAGED_INSTANCES" } as const;
  return { capability, queueType: queueTypes[capability] };
}
