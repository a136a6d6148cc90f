import type { JobQueueType, JobStateTimeLimitAction } from "@aws-sdk/client-batch";
import { isFargate } from "../../../core/resources.ts";
import type { EnvironmentSettings, QueueSettings } from "../../../ports/store.ts";
import type { BatchInput } from "../../wire/operations.ts";
import { isArm } from "../environments/instance-types.ts";
import { RESOURCE_NAME } from "../names.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { STATE_RULE } from "../state-rule.ts";
import { TAG_RULES } from "../tags/tags.ts";
import { notOneOf } from "../value-sets.ts";

type Creation = BatchInput<"CreateJobQueue">;
type Changes = BatchInput<"UpdateJobQueue">;

const TYPES = ["ECS", "ECS_FARGATE", "ECS_MANAGED_INSTANCES", "EKS", "SAGEMAKER_TRAINING"];

/** AWS names no bounds; above, there is that of its integers. */
const PRIORITY_RULE = rule(
  "priorityRange",
  ({ priority = 0 }: { readonly priority?: number | undefined }) => priority < 0,
);

interface TimeLimits {
  readonly actions: readonly JobStateTimeLimitAction[];
  readonly isTraining: boolean;
}

interface TimeLimit {
  readonly action: JobStateTimeLimitAction;
  readonly isTraining: boolean;
}

/** What may keep a job at the head of its queue for long, as the statusReason that an action is for begins (reference 3.10). */
const REASONS = [
  "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
  "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
  "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
  "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
];
const TRAINING_REASONS = [
  "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
  "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE",
  "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED",
];

const TIME_LIMIT_RULES: readonly Rule<TimeLimit>[] = [
  quotingRule("timeLimitAction", ({ action: { action }, isTraining }) => {
    const valid = isTraining ? "TERMINATE" : "CANCEL";
    return action === valid ? undefined : [valid];
  }),
  rule("timeLimitState", ({ action: { state } }) => state !== "RUNNABLE"),
  rule("timeLimitSeconds", ({ action: { maxTimeSeconds = 0 } }) => maxTimeSeconds < 600 || maxTimeSeconds > 86_400),
  quotingRule("timeLimitReason", ({ action: { reason = "" }, isTraining }) => {
    const valid = isTraining ? TRAINING_REASONS : REASONS;
    return valid.includes(reason) ? undefined : [valid.join(", ")];
  }),
];

const TIME_LIMITS_RULES: readonly Rule<TimeLimits>[] = [
  each(({ actions, isTraining }) => actions.map((action): TimeLimit => ({ action, isTraining })), TIME_LIMIT_RULES),
  rule("duplicateTimeLimits", ({ actions }) => {
    return new Set(actions.map(({ state, reason }) => `${state} ${reason}`)).size < actions.length;
  }),
];

/** Whether the queue is for service jobs. */
export function isTraining({
  jobQueueType,
  serviceEnvironmentOrder,
}: Pick<Creation, "jobQueueType" | "serviceEnvironmentOrder">): boolean {
  return jobQueueType === "SAGEMAKER_TRAINING" || (serviceEnvironmentOrder?.length ?? 0) > 0;
}

/** Reference 7.1, 3.10. */
export const CREATE_JOB_QUEUE_RULES: readonly Rule<Creation>[] = [
  rule("queueName", ({ jobQueueName }) => !RESOURCE_NAME.test(jobQueueName)),
  within((input) => input, [STATE_RULE]),
  PRIORITY_RULE,
  quotingRule("notOneOf", ({ jobQueueType }) => notOneOf("jobQueueType", jobQueueType, TYPES)),
  within(({ tags }) => tags, TAG_RULES),
  rule(
    "bothOrders",
    ({ computeEnvironmentOrder, serviceEnvironmentOrder }) =>
      Boolean(computeEnvironmentOrder?.length) && Boolean(serviceEnvironmentOrder?.length),
  ),
  rule(
    "trainingWithoutEnvironment",
    ({ jobQueueType, serviceEnvironmentOrder }) =>
      jobQueueType === "SAGEMAKER_TRAINING" && !serviceEnvironmentOrder?.length,
  ),
  quotingRule("queueTypeIncompatible", ({ jobQueueType = "SAGEMAKER_TRAINING", serviceEnvironmentOrder }) =>
    serviceEnvironmentOrder?.length && jobQueueType !== "SAGEMAKER_TRAINING"
      ? [jobQueueType, "serviceEnvironmentOrder"]
      : undefined,
  ),
  within(
    (input) => ({ actions: input.jobStateTimeLimitActions ?? [], isTraining: isTraining(input) }),
    TIME_LIMITS_RULES,
  ),
];

interface QueueUpdate {
  readonly before: QueueSettings;
  readonly input: Changes;
}

/** Reference 7.1: a queue stays of its type, and with or without a scheduling policy, for life. */
export const UPDATE_JOB_QUEUE_RULES: readonly Rule<QueueUpdate>[] = [
  within(({ input }) => input, [STATE_RULE]),
  within(({ input }) => input, [PRIORITY_RULE]),
  within(
    ({ before, input }) => ({
      actions: input.jobStateTimeLimitActions ?? [],
      isTraining: before.jobQueueType === "SAGEMAKER_TRAINING",
    }),
    TIME_LIMITS_RULES,
  ),
  quotingRule("queueTypeIncompatible", ({ before: { jobQueueType }, input }) => {
    const isForTraining = jobQueueType === "SAGEMAKER_TRAINING";
    const other = isForTraining ? "computeEnvironmentOrder" : "serviceEnvironmentOrder";
    return input[other] === undefined ? undefined : [jobQueueType!, other];
  }),
  rule(
    "policyAdded",
    ({ before, input }) => before.schedulingPolicyArn === undefined && Boolean(input.schedulingPolicyArn),
    "bare",
  ),
  rule(
    "policyRemoved",
    ({ before, input }) => before.schedulingPolicyArn !== undefined && input.schedulingPolicyArn === "",
    "bare",
  ),
];

/** An entry of computeEnvironmentOrder, the environment by ARN. */
export interface OrderedEnvironment {
  readonly order: number;
  readonly computeEnvironment: string;
}

export const ENVIRONMENT_ORDER_RULES: readonly Rule<readonly OrderedEnvironment[]>[] = [
  rule("noEnvironments", (order) => order.length === 0),
  rule("tooManyEnvironments", (order) => order.length > 3),
  rule("duplicateOrder", (entries) => new Set(entries.map(({ order }) => order)).size < entries.length),
  rule(
    "duplicateEnvironments",
    (order) => new Set(order.map(({ computeEnvironment }) => computeEnvironment)).size < order.length,
  ),
];

/** The type of queue that an environment is for (reference 7.1). */
export function queueTypeOf({ containerOrchestrationType, computeResources }: EnvironmentSettings): JobQueueType {
  if (containerOrchestrationType === "EKS") return "EKS";
  if (isFargate(computeResources?.type)) return "ECS_FARGATE";
  return computeResources?.type === "ECS_MANAGED_INSTANCES" ? "ECS_MANAGED_INSTANCES" : "ECS";
}

/** Which environments go into one queue. They come in the order in which they are tried. */
export const ENVIRONMENT_MIX_RULES: readonly Rule<readonly EnvironmentSettings[]>[] = [
  rule("environmentsMixed", (environments) => hasTypes(environments, "ECS", "ECS_FARGATE")),
  rule("orchestrationsMixed", (environments) => hasTypes(environments, "EKS")),
  rule("managedInstancesMixed", (environments) => hasTypes(environments, "ECS_MANAGED_INSTANCES")),
  rule("onDemandAfterSpot", (environments) => {
    const firstSpot = environments.findIndex(isSpotOfManagedInstances);
    return firstSpot >= 0 && !environments.slice(firstSpot).every(isSpotOfManagedInstances);
  }),
  rule("architecturesMixed", (environments) => {
    return new Set(environments.flatMap((environment) => architectureOf(environment) ?? [])).size > 1;
  }),
];

/** Whether the types of environments are several, among them all of these. */
function hasTypes(environments: readonly EnvironmentSettings[], ...types: readonly JobQueueType[]): boolean {
  const found = new Set(environments.map(queueTypeOf));
  return found.size > 1 && types.every((type) => found.has(type));
}

function isSpotOfManagedInstances({ computeResources }: EnvironmentSettings): boolean {
  return computeResources?.managedInstancesProvider?.instanceLaunchTemplate?.capacityOptionType === "SPOT";
}

/** Fargate and Managed Instances choose for each job; what an unmanaged environment has is not known. */
function architectureOf({ type, computeResources }: EnvironmentSettings): "arm64" | "x86_64" | undefined {
  const isOnEc2 = computeResources?.type === "EC2" || computeResources?.type === "SPOT";
  if (type !== "MANAGED" || !isOnEc2) return undefined;
  return computeResources.instanceTypes?.some(isArm) === true ? "arm64" : "x86_64";
}
