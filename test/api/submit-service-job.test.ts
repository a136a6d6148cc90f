import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { SubmitServiceJobCommandInput } from "@aws-sdk/client-batch";
import {
  CreateQuotaShareCommand,
  CreateSchedulingPolicyCommand,
  DescribeQuotaShareCommand,
  ListServiceJobsCommand,
  SubmitJobCommand,
  SubmitServiceJobCommand,
  UpdateJobQueueCommand,
  UpdateQuotaShareCommand,
} from "@aws-sdk/client-batch";
import { SERVICE_JOB_RULES, SERVICE_PLACEMENT_RULES } from "../../src/api/batch/services/service-job-rules.ts";
import type { Refusal } from "../support/refusals.ts";
import { testRefusals, WRONG_TAGS } from "../support/refusals.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import { createServiceQueue, describeService, submitService, trainingRequest } from "../support/service-jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, prefixed, refused, untilQueue } from "./server.ts";

const { batch } = await apiServer({ after });

const PREFIX = "arn:aws:batch:us-east-1:123456789012:";
const policyArn = (name: string) => `${PREFIX}scheduling-policy/${name}`;
await batch.send(
  new CreateSchedulingPolicyCommand({ name: "quota", quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } }),
);
await batch.send(new CreateSchedulingPolicyCommand({ name: "fair", fairsharePolicy: {} }));
const TYPES = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }];
await createServiceQueue(batch, "training");
await createServiceQueue(batch, "fair", undefined, { schedulingPolicyArn: policyArn("fair") });
await createServiceQueue(batch, "quota", TYPES, { schedulingPolicyArn: policyArn("quota") });
await createServiceQueue(batch, "closed");
await batch.send(new UpdateJobQueueCommand({ jobQueue: "closed", state: "DISABLED" }));
await untilQueue(batch, "closed", "VALID");
for (const quotaShareName of ["team", "closed"]) {
  await batch.send(
    new CreateQuotaShareCommand({
      quotaShareName,
      jobQueue: "quota",
      capacityLimits: TYPES,
      resourceSharingConfiguration: { strategy: "RESERVE" },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
    }),
  );
}
const shareArn = (name: string) => `${PREFIX}job-queue/quota/quota-share/${name}`;
const untilShare = (name: string) =>
  until(`share ${name} is VALID`, async () => {
    const share = await batch.send(new DescribeQuotaShareCommand({ quotaShareArn: shareArn(name) }));
    return share.status === "VALID";
  });
await untilShare("closed");
await batch.send(new UpdateQuotaShareCommand({ quotaShareArn: shareArn("closed"), state: "DISABLED" }));
await untilShare("closed");

type Input = SubmitServiceJobCommandInput;
const REQUEST = trainingRequest("true");
const submit = (wrong: Partial<Input>, request: object = REQUEST) => submitService(batch, request, wrong);

testRefusals<Input>(
  "SubmitServiceJob",
  submit,
  [SERVICE_JOB_RULES],
  [
    ["a bad name", { jobName: "a b" }, "Job name should match valid pattern", "jobName"],
    [
      "another service",
      { serviceJobType: "GLUE" as "SAGEMAKER_TRAINING" },
      "Service job type GLUE is not valid. Valid types: [SAGEMAKER_TRAINING]",
      "serviceJobType",
    ],
    [
      "a long payload",
      { serviceRequestPayload: `{"a":"${"x".repeat(10 * 1024)}"}` },
      "serviceRequestPayload cannot exceed 10 KiB.",
      "payloadTooLong",
    ],
    [
      "a bad share identifier",
      { shareIdentifier: "a b" },
      "ShareIdentifier name should match a valid pattern.",
      "shareIdentifier",
    ],
    ["no attempts", { retryStrategy: { attempts: 0 } }, "Retry attempts must be between 1 and 10.", "attemptsRange"],
    [
      "six conditions",
      {
        retryStrategy: {
          attempts: 2,
          evaluateOnExit: Array.from({ length: 6 }, () => ({ action: "EXIT" as const, onStatusReason: "x" })),
        },
      },
      "EvaluateOnExit cannot have more than 5 entries.",
      "tooManyExitConditions",
    ],
    [
      "an unknown action",
      { retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "WAIT" as "EXIT", onStatusReason: "x" }] } },
      "EvaluateOnExit action WAIT is not valid. Valid actions: [RETRY, EXIT]",
      "exitAction",
    ],
    [
      "a condition of nothing",
      { retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "EXIT" }] } },
      "EvaluateOnExit should contain onStatusReason",
      "serviceExitCondition",
    ],
    [
      "a long condition",
      { retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "EXIT", onStatusReason: "x".repeat(513) }] } },
      "Evaluate on exit condition cannot exceed 512 characters.",
      "exitConditionTooLong",
    ],
    [
      "a condition that cannot be printed",
      { retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "EXIT", onStatusReason: "a\u0007" }] } },
      "Evaluate on exit condition contains restricted characters.",
      "exitConditionCharacters",
    ],
    [
      "a short timeout",
      { timeoutConfig: { attemptDurationSeconds: 59 } },
      "Job timeout attemptDurationSeconds must be at least 60.",
      "timeoutTooShort",
    ],
    [
      "a high priority",
      { schedulingPriority: 10_000 },
      "Scheduling priority must be between 0 and 9999.",
      "schedulingPriority",
    ],
    [
      "negative retries",
      { preemptionConfiguration: { preemptionRetriesBeforeTermination: -1 } },
      "preemptionRetriesBeforeTermination cannot be a negative number.",
      "preemptionRetries",
    ],
    ["a long token", { clientToken: "x".repeat(65) }, "clientToken must have 1 to 64 characters.", "clientTokenLength"],
    [
      "a long request",
      {
        tags: Object.fromEntries(
          Array.from({ length: 50 }, (_, n) => [`${n}${"k".repeat(120)}`, "\u00e9".repeat(256)] as const),
        ),
      },
      "SubmitServiceJob request cannot exceed 30 KiB.",
      "tooLarge",
    ],
    ...WRONG_TAGS,
  ],
);

// In the order of the rules; each is about the queue that the submission names.
const MISPLACED: readonly Refusal<Input>[] = [
  ["a closed queue", { jobQueue: "closed" }, "JobQueue closed is not in ENABLED state.", "queueNotEnabled"],
  [
    "a queue for other jobs",
    { jobQueue: "default" },
    "JobQueue default is not of type SAGEMAKER_TRAINING.",
    "notServiceJobQueue",
  ],
  ["no share identifier", { jobQueue: "fair" }, "shareIdentifier must be specified.", "shareRequired"],
  [
    "a share identifier for FIFO",
    { shareIdentifier: "a" },
    "shareIdentifier can only be specified for a job queue with a fair share scheduling policy.",
    "shareOnlyFairShare",
  ],
  ["no quota share", { jobQueue: "quota" }, "quotaShareName must be specified.", "quotaShareRequired"],
  [
    "a quota share for FIFO",
    { quotaShareName: "team" },
    "quotaShareName can only be specified for a job queue with a quota share scheduling policy.",
    "quotaShareOnly",
  ],
  [
    "an unknown quota share",
    { jobQueue: "quota", quotaShareName: "nobody" },
    "QuotaShare nobody not found.",
    "quotaShareNotFound",
  ],
  [
    "a closed quota share",
    { jobQueue: "quota", quotaShareName: "closed" },
    "QuotaShare closed is not in ENABLED state.",
    "quotaShareNotEnabled",
  ],
];
for (const [what, wrong, text] of MISPLACED) {
  test(`SubmitServiceJob refuses ${what}`, () => assert.rejects(submit(wrong), refused(text)));
}
test("each rule about the queue has an example that breaks it", () => {
  assertEachRuleBroken(
    [SERVICE_PLACEMENT_RULES],
    MISPLACED.map(([, , , name]) => name),
  );
});
test("an unknown queue", () => assert.rejects(submit({ jobQueue: "nowhere" }), refused("JobQueue nowhere not found.")));

const NOT_VALID = "serviceRequestPayload is not valid: ";
const MALFORMED: readonly (readonly [payload: string, message: string])[] = [
  ["{", `${NOT_VALID}serviceRequestPayload must be JSON.`],
  ["[]", `${NOT_VALID}serviceRequestPayload must be an object.`],
  ["null", `${NOT_VALID}serviceRequestPayload must be an object.`],
  ...Object.entries({
    "AlgorithmSpecification must be an object.": { AlgorithmSpecification: "x" },
    "TrainingImage must be a string.": { AlgorithmSpecification: { TrainingImage: 1 } },
    "ContainerEntrypoint must be a list of strings.": { AlgorithmSpecification: { ContainerEntrypoint: "sh" } },
    "ContainerArguments must be a list of strings.": { AlgorithmSpecification: { ContainerArguments: [1] } },
    "ResourceConfig must be an object.": { ResourceConfig: [] },
    "InstanceCount must be a whole number above 0.": { ResourceConfig: { InstanceType: "x", InstanceCount: 0 } },
    "InstanceType must be a string.": { ResourceConfig: { InstanceType: 1, InstanceCount: 1 } },
    "InstanceGroups must be a list.": { ResourceConfig: { InstanceGroups: {} } },
    "MaxRuntimeInSeconds must be a whole number above 0.": { StoppingCondition: { MaxRuntimeInSeconds: 0.5 } },
    "Environment must be a map of strings.": { Environment: { a: 1 } },
    "HyperParameters must be a map of strings.": { HyperParameters: { a: {} } },
    "TrainingJobName must be a name of at most 63 letters, digits and hyphens.": { TrainingJobName: "a_b" },
    "ResourceConfig must have InstanceType and InstanceCount, or InstanceGroups with both.": { ResourceConfig: {} },
  }).map(([message, more]) => [JSON.stringify({ ...REQUEST, ...more }), NOT_VALID + message] as const),
];
for (const [serviceRequestPayload, message] of MALFORMED) {
  test(`a payload: ${message}`, () => assert.rejects(submit({ serviceRequestPayload }), refused(prefixed(message))));
}

test("a token submits once, however often and however close together it comes", async () => {
  const clientToken = randomUUID();
  const same = () => submit({ clientToken, jobName: "once" });
  const ids = await Promise.all([same(), same(), same()]);
  ids.push(await same());
  assert.equal(new Set(ids).size, 1);
  await assert.rejects(
    submit({ clientToken, jobName: "twice" }),
    refused(`The clientToken ${clientToken} was used with other parameters.`),
  );
  const filters = [{ name: "JOB_NAME", values: ["once"] }];
  const { jobSummaryList } = await batch.send(new ListServiceJobsCommand({ jobQueue: "training", filters }));
  assert.equal(jobSummaryList!.length, 1);
  const other = await submit({ clientToken: randomUUID(), jobName: "once" });
  assert.notEqual(other, ids[0]);
});

test("what was submitted is described as it was", async () => {
  const sent: Partial<Input> = {
    jobName: "echo",
    jobQueue: "quota",
    quotaShareName: "team",
    schedulingPriority: 7,
    retryStrategy: { attempts: 3, evaluateOnExit: [{ action: "RETRY", onStatusReason: "*CapacityError*" }] },
    timeoutConfig: { attemptDurationSeconds: 600 },
    preemptionConfiguration: { preemptionRetriesBeforeTermination: 2 },
    tags: { team: "red" },
  };
  const answer = await batch.send(
    new SubmitServiceJobCommand({
      ...(sent as Input),
      serviceJobType: "SAGEMAKER_TRAINING",
      serviceRequestPayload: JSON.stringify(REQUEST),
    }),
  );
  assert.equal(answer.jobName, "echo");
  assert.equal(answer.jobArn, `${PREFIX}service-job/${answer.jobId}`);
  const found = await describeService(batch, answer.jobId!);
  const { jobName: _, jobQueue: __, ...echoed } = sent;
  assert.partialDeepStrictEqual(found, {
    ...echoed,
    jobName: "echo",
    jobQueue: `${PREFIX}job-queue/quota`,
    jobArn: answer.jobArn,
    serviceJobType: "SAGEMAKER_TRAINING",
    serviceRequestPayload: JSON.stringify(REQUEST),
    capacityUsage: [{ capacityUnit: "ml.g6.xlarge", quantity: 1 }],
    isTerminated: false,
  });
  assert.equal(found.shareIdentifier, undefined);
});

test("a job that is no service job does not go into a queue for service jobs", async () => {
  const command = new SubmitJobCommand({ jobName: "a", jobQueue: "training", jobDefinition: "default" });
  await assert.rejects(batch.send(command), { name: "ClientException" });
});
