import type { ServiceJobEvaluateOnExit, ServiceJobRetryStrategy } from "@aws-sdk/client-batch";
import type {
  QueueSettings,
  QuotaShareSettings,
  ResourceRecord,
  SchedulingPolicySettings,
} from "../../../ports/store.ts";
import type { BatchInput } from "../../wire/operations.ts";
import { CLIENT_TOKEN_RULE } from "../client-token.ts";
import { isPriority, oversize } from "../definitions/definition-rules.ts";
import { JOB_NAME, SHARE_IDENTIFIER } from "../names.ts";
import { TIMEOUT_RULES } from "../definitions/retry-rules.ts";
import { OPEN_QUEUE_RULE } from "../queues/open-queue-rule.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { TAG_RULES } from "../tags/tags.ts";

export type ServiceSubmission = BatchInput<"SubmitServiceJob">;

const MAX_PAYLOAD_BYTES = 10 * 1024;

const CONDITION_RULES: readonly Rule<ServiceJobEvaluateOnExit>[] = [
  quotingRule("exitAction", ({ action = "" }) => (/^(retry|exit)$/i.test(action) ? undefined : [action])),
  rule("serviceExitCondition", ({ onStatusReason }) => onStatusReason === undefined),
  rule("exitConditionTooLong", ({ onStatusReason = "" }) => onStatusReason.length > 512),
  // Other than the patterns of jobs, these may hold all that can be printed (reference 3.7).
  rule("exitConditionCharacters", ({ onStatusReason = "" }) => /\p{Cc}/u.test(onStatusReason)),
];

const RETRY_RULES: readonly Rule<ServiceJobRetryStrategy>[] = [
  rule("attemptsRange", ({ attempts = 0 }) => attempts < 1 || attempts > 10),
  rule("tooManyExitConditions", ({ evaluateOnExit = [] }) => evaluateOnExit.length > 5),
  each(({ evaluateOnExit }: ServiceJobRetryStrategy) => evaluateOnExit, CONDITION_RULES),
];

/** SubmitServiceJob, as far as it can be checked without looking at anything else. */
export const SERVICE_JOB_RULES: readonly Rule<ServiceSubmission>[] = [
  rule("jobName", ({ jobName }) => !JOB_NAME.test(jobName)),
  quotingRule("serviceJobType", ({ serviceJobType: type }) => (type === "SAGEMAKER_TRAINING" ? undefined : [type])),
  rule("payloadTooLong", ({ serviceRequestPayload }) => Buffer.byteLength(serviceRequestPayload) > MAX_PAYLOAD_BYTES),
  rule("shareIdentifier", ({ shareIdentifier: share }) => share !== undefined && !SHARE_IDENTIFIER.test(share)),
  within(({ retryStrategy }) => retryStrategy, RETRY_RULES),
  within(({ timeoutConfig }) => timeoutConfig, TIMEOUT_RULES),
  rule("schedulingPriority", ({ schedulingPriority }) => !isPriority(schedulingPriority)),
  rule(
    "preemptionRetries",
    ({ preemptionConfiguration }) => (preemptionConfiguration?.preemptionRetriesBeforeTermination ?? 0) < 0,
  ),
  CLIENT_TOKEN_RULE,
  within(({ tags }) => tags, TAG_RULES),
  quotingRule("tooLarge", (input) => oversize(input, "SubmitServiceJob request", 30)),
];

/** A submission with what it names, as far as that exists. */
export interface ServicePlacement {
  readonly input: ServiceSubmission;
  readonly queue: ResourceRecord<QueueSettings>;
  readonly policy: SchedulingPolicySettings | undefined;
  readonly share: ResourceRecord<QuotaShareSettings> | undefined;
}

/** Whether a service job may go into this queue (reference 3.7, 3.9). */
export const SERVICE_PLACEMENT_RULES: readonly Rule<ServicePlacement>[] = [
  OPEN_QUEUE_RULE,
  quotingRule(
    "notServiceJobQueue",
    ({ queue: { name, settings } }) => (settings.jobQueueType === "SAGEMAKER_TRAINING" ? undefined : [name]),
    "bare",
  ),
  rule(
    "shareRequired",
    ({ input, policy }) => policy?.fairsharePolicy !== undefined && input.shareIdentifier === undefined,
    "bare",
  ),
  rule(
    "shareOnlyFairShare",
    ({ input, policy }) => policy?.fairsharePolicy === undefined && input.shareIdentifier !== undefined,
    "bare",
  ),
  rule(
    "quotaShareRequired",
    ({ input, policy }) => policy?.quotaSharePolicy !== undefined && input.quotaShareName === undefined,
    "bare",
  ),
  rule(
    "quotaShareOnly",
    ({ input, policy }) => policy?.quotaSharePolicy === undefined && input.quotaShareName !== undefined,
    "bare",
  ),
  quotingRule(
    "quotaShareNotFound",
    ({ input: { quotaShareName: name }, share }) => (name !== undefined && share === undefined ? [name] : undefined),
    "bare",
  ),
  quotingRule(
    "quotaShareNotEnabled",
    ({ input, share }) =>
      share !== undefined && (share.settings.state !== "ENABLED" || share.status === "DELETING")
        ? [input.quotaShareName!]
        : undefined,
    "bare",
  ),
];
