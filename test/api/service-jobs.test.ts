import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { ListServiceJobsCommandInput, ServiceJobSummary } from "@aws-sdk/client-batch";
import {
  CancelJobCommand,
  CreateQuotaShareCommand,
  CreateSchedulingPolicyCommand,
  DeleteQuotaShareCommand,
  DescribeJobsCommand,
  DescribeQuotaShareCommand,
  GetJobQueueSnapshotCommand,
  ListJobsCommand,
  ListServiceJobsCommand,
  ListTagsForResourceCommand,
  paginateListServiceJobs,
  TagResourceCommand,
  TerminateJobCommand,
  TerminateServiceJobCommand,
  TerminateServiceJobsCommand,
  UpdateQuotaShareCommand,
  UpdateServiceJobCommand,
} from "@aws-sdk/client-batch";
import { GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { SERVICE_LIST_RULES, SERVICE_UPDATE_RULES } from "../../src/api/batch/services/service-jobs.ts";
import { batchClient } from "../support/clients.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import {
  createServiceQueue,
  describeService,
  serviceEnded,
  submitService,
  trainingRequest,
  untilServiceStatus,
  whyServiceWaits,
} from "../support/service-jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, prefixed, refused } from "./server.ts";

const { batch, logs, url } = await apiServer({ after });
const elsewhere = batchClient({ after }, url, "eu-west-1");

const PREFIX = "arn:aws:batch:us-east-1:123456789012:";
await createServiceQueue(batch, "training");
const FOREVER = trainingRequest("sleep 600");
const instances = (count: number, type = "ml.g6.xlarge") => ({
  ResourceConfig: { InstanceType: type, InstanceCount: count },
});

test("a training job runs as a container of its request", async () => {
  const script = `
    test "$SM_HP_EPOCHS" = 3 && test "$SM_HP_LEARNING_RATE" = 0.5 && test "$COLOUR" = green || exit 1
    case "$SM_HPS" in *'"epochs":"3"'*) ;; *) exit 2;; esac
    echo "name $TRAINING_JOB_NAME"; echo "arn $TRAINING_JOB_ARN"; echo "id $AWS_BATCH_JOB_ID"`;
  const request = trainingRequest(script, {
    HyperParameters: { epochs: "3", learning_rate: "0.5" },
    Environment: { COLOUR: "green" },
  });
  const id = await submitService(batch, request, { jobName: "good" });
  const job = await serviceEnded(batch, id);
  assert.equal(job.statusReason, "Received status from SageMaker: Completed");
  assert.equal(job.status, "SUCCEEDED");
  assert.ok(job.createdAt! <= job.scheduledAt! && job.scheduledAt! <= job.startedAt!);
  assert.ok(job.startedAt! <= job.stoppedAt!);
  const [attempt] = job.attempts!;
  const arn = attempt!.serviceResourceId!.value!;
  assert.match(arn, /^arn:aws:sagemaker:us-east-1:123456789012:training-job\/AWSBatchtrain[0-9a-f]{32}$/);
  assert.deepEqual(attempt, {
    serviceResourceId: { name: "TrainingJobArn", value: arn },
    startedAt: job.startedAt,
    stoppedAt: job.stoppedAt,
    statusReason: job.statusReason,
  });
  assert.deepEqual(job.latestAttempt, { serviceResourceId: attempt.serviceResourceId });
  const name = arn.slice(arn.indexOf("/") + 1);
  const { events } = await logs.send(
    new GetLogEventsCommand({
      logGroupName: "/aws/sagemaker/TrainingJobs",
      logStreamName: `${name}/algo-1`,
      startFromHead: true,
    }),
  );
  assert.deepEqual(
    events!.map(({ message }) => message),
    [`name ${name}`, `arn ${arn}`, `id ${id}`],
  );
});

test("a failed one is retried as its conditions say", async () => {
  const retryStrategy = {
    attempts: 5,
    evaluateOnExit: [
      { action: "EXIT" as const, onStatusReason: "*exit code: 4" },
      { action: "RETRY" as const, onStatusReason: "Received status from SageMaker: *" },
    ],
  };
  const script = `exit $((2 + $AWS_BATCH_JOB_ATTEMPT))`;
  const id = await submitService(batch, trainingRequest(script), { retryStrategy });
  const job = await serviceEnded(batch, id);
  assert.equal(job.status, "FAILED");
  assert.deepEqual(
    job.attempts!.map(({ statusReason }) => statusReason),
    [3, 4].map((code) => `Received status from SageMaker: AlgorithmError:, exit code: ${code}`),
  );
  assert.equal(job.statusReason, job.attempts![1]!.statusReason);
  const arns = new Set(job.attempts!.map(({ serviceResourceId }) => serviceResourceId!.value));
  assert.equal(arns.size, 2, "each attempt is a training job of its own");
});

test("an algorithm by its name cannot be run, and the job says so", async () => {
  const request = trainingRequest("true", { AlgorithmSpecification: { AlgorithmName: "xgboost" } });
  const job = await serviceEnded(batch, await submitService(batch, request, { retryStrategy: { attempts: 2 } }));
  assert.equal(job.status, "FAILED");
  assert.match(
    job.statusReason!,
    /^Received status from SageMaker: ValidationException: AlgorithmSpecification.TrainingImage is required/,
  );
  assert.equal(job.attempts!.length, 2);
  assert.equal(job.startedAt, undefined);
});

test("a program that is not there", async () => {
  const AlgorithmSpecification = { TrainingImage: "scratch", ContainerEntrypoint: ["/nowhere/at/all"] };
  const job = await serviceEnded(batch, await submitService(batch, trainingRequest("", { AlgorithmSpecification })));
  assert.match(job.statusReason!, /^Received status from SageMaker: (ClientError|AlgorithmError): ?/);
});

test("an attempt lasts as long as its request says", async () => {
  const request = trainingRequest("sleep 600", { StoppingCondition: { MaxRuntimeInSeconds: 1 } });
  const id = await submitService(batch, request, { retryStrategy: { attempts: 3 } });
  const job = await serviceEnded(batch, id);
  assert.equal(job.statusReason, "Job attempt duration exceeded timeout");
  assert.equal(job.attempts!.length, 1);
});

test("TerminateServiceJob and TerminateServiceJobs", async () => {
  await createServiceQueue(batch, "stopping", [{ capacityUnit: "NUM_INSTANCES", maxCapacity: 2 }]);
  const submit = () => submitService(batch, FOREVER, { jobQueue: "stopping" });
  const ids = [await submit(), await submit(), await submit()];
  await untilServiceStatus(batch, ids[0]!, "RUNNING");
  await untilServiceStatus(batch, ids[1]!, "RUNNING");
  const waiting = await describeService(batch, ids[2]!);
  assert.deepEqual(
    [waiting.status, waiting.statusReason],
    ["RUNNABLE", "Waiting for instances of the service environment: 0 of NUM_INSTANCES are free."],
  );
  // What stops jobs knows no service jobs, and the other way round.
  await batch.send(new TerminateJobCommand({ jobId: ids[0]!, reason: "no" }));
  await batch.send(new CancelJobCommand({ jobId: ids[2]!, reason: "no" }));
  assert.equal((await describeService(batch, ids[2]!)).status, "RUNNABLE");
  await batch.send(new TerminateServiceJobCommand({ jobId: ids[2]!, reason: "not needed" }));
  const unneeded = await describeService(batch, ids[2]!);
  assert.deepEqual([unneeded.status, unneeded.statusReason, unneeded.isTerminated], ["FAILED", "not needed", true]);
  const unknown = randomUUID();
  const jobs = [ids[0]!, `${PREFIX}service-job/${ids[1]}`, unknown, "nonsense"];
  const answer = await batch.send(new TerminateServiceJobsCommand({ jobs, reason: "all of them" }));
  assert.deepEqual(answer.successful, jobs.slice(0, 3));
  assert.deepEqual(
    answer.errors!.map(({ job, code }) => [job, code]),
    [["nonsense", "ValidationException"]],
  );
  for (const id of ids.slice(0, 2)) {
    const job = await serviceEnded(batch, id);
    assert.deepEqual([job.status, job.statusReason, job.isTerminated], ["FAILED", "all of them", true]);
  }
  await batch.send(new TerminateServiceJobCommand({ jobId: unknown, reason: "x" }));
  await assert.rejects(
    batch.send(new TerminateServiceJobCommand({ jobId: unknown, reason: "" })),
    refused("'reason' is a required field (cannot be a empty string)"),
  );
});

test("a service environment has so many instances of each type", async () => {
  const limits = [
    { capacityUnit: "ml.g6.xlarge", maxCapacity: 2 },
    { capacityUnit: "ml.m5.large", maxCapacity: 5 },
  ];
  await createServiceQueue(batch, "types", limits);
  const submit = (more: Record<string, unknown>) =>
    submitService(batch, trainingRequest("sleep 600", more), { jobQueue: "types", jobName: "typed" });
  const groups = [
    { InstanceGroupName: "a", InstanceType: "ml.m5.large", InstanceCount: 2 },
    { InstanceGroupName: "b", InstanceType: "ml.g6.xlarge", InstanceCount: 1 },
    { InstanceGroupName: "c", InstanceType: "ml.m5.large", InstanceCount: 2 },
  ];
  const mixed = await submit({ ResourceConfig: { InstanceGroups: groups } });
  const running = await untilServiceStatus(batch, mixed, "RUNNING");
  assert.deepEqual(running.capacityUsage, [
    { capacityUnit: "ml.g6.xlarge", quantity: 1 },
    { capacityUnit: "ml.m5.large", quantity: 4 },
  ]);
  const tooMany = await submit(instances(3));
  assert.equal(
    await whyServiceWaits(batch, tooMany),
    "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE - Service environment(s) associated with the job queue cannot meet the capacity requirement of the job.",
  );
  const behind = await submit(instances(1));
  assert.match(await whyServiceWaits(batch, behind), new RegExp(`^Waiting for job ${tooMany}`));
  await batch.send(new TerminateServiceJobCommand({ jobId: tooMany, reason: "x" }));
  await untilServiceStatus(batch, behind, "RUNNING");
  const another = await submit(instances(1));
  const reason = "Waiting for instances of the service environment: 0 of ml.g6.xlarge are free.";
  assert.equal((await describeService(batch, another)).statusReason, reason);
  const jobs = [mixed, behind, another];
  await batch.send(new TerminateServiceJobsCommand({ jobs, reason: "x" }));
  for (const id of jobs) await serviceEnded(batch, id);
});

test("lists", async () => {
  await createServiceQueue(batch, "lists");
  const list = async (input: Partial<ListServiceJobsCommandInput>): Promise<string[]> => {
    const names: string[] = [];
    const query = { jobQueue: "lists", ...input };
    for await (const page of paginateListServiceJobs({ client: batch, pageSize: 2 }, query)) {
      assert.ok(page.jobSummaryList!.length <= 2);
      names.push(...page.jobSummaryList!.map(({ jobName }) => jobName!));
    }
    return names;
  };
  const submit = (jobName: string, script: string) =>
    submitService(batch, trainingRequest(script), { jobName, jobQueue: "lists" });
  for (const name of ["first", "second", "Third"]) await serviceEnded(batch, await submit(name, "true"));
  const id = await submit("endless", "sleep 600");
  const running = await untilServiceStatus(batch, id, "RUNNING");
  assert.deepEqual(await list({}), ["endless"]);
  assert.deepEqual(await list({ jobStatus: "SUCCEEDED" }), ["Third", "second", "first"]);
  assert.deepEqual(await list({ jobStatus: "SCHEDULED" }), []);
  const filter = (name: string, value: string) => ({ filters: [{ name, values: [value] }] });
  assert.deepEqual(await list(filter("JOB_NAME", "THIRD")), ["Third"]);
  assert.deepEqual(await list(filter("JOB_NAME", "*")), ["endless", "Third", "second", "first"]);
  assert.deepEqual(await list(filter("BEFORE_CREATED_AT", String(running.createdAt))), ["Third", "second", "first"]);
  assert.deepEqual(await list(filter("AFTER_CREATED_AT", String(running.createdAt! - 1))), ["endless"]);
  const { jobSummaryList } = await batch.send(new ListServiceJobsCommand({ jobQueue: "lists" }));
  const { latestAttempt, scheduledAt, startedAt, createdAt } = running;
  assert.deepEqual(jobSummaryList, [
    {
      jobArn: `${PREFIX}service-job/${id}`,
      jobId: id,
      jobName: "endless",
      serviceJobType: "SAGEMAKER_TRAINING",
      status: "RUNNING",
      capacityUsage: [{ capacityUnit: "ml.g6.xlarge", quantity: 1 }],
      ...{ latestAttempt, scheduledAt, startedAt, createdAt },
    } satisfies ServiceJobSummary,
  ]);
  // The lists of jobs and of service jobs know nothing of each other.
  const jobs = await batch.send(new ListJobsCommand({ jobQueue: "lists", jobStatus: "RUNNING" }));
  assert.deepEqual(jobs.jobSummaryList, []);
  assert.deepEqual((await batch.send(new DescribeJobsCommand({ jobs: [id] }))).jobs, []);
  assert.deepEqual(await list({ jobQueue: "default" }), []);
  await assert.rejects(list({ jobQueue: "nowhere" }), refused("JobQueue nowhere not found."));
  await batch.send(new TerminateServiceJobCommand({ jobId: id, reason: "x" }));
});

const WRONG_LISTS: readonly [Partial<ListServiceJobsCommandInput>, string, string][] = [
  [{ jobQueue: undefined }, "jobQueue must be provided.", "serviceQueueRequired"],
  [
    { jobStatus: "BUSY" as "RUNNING" },
    "Job status is not one of SUBMITTED | PENDING | RUNNABLE | SCHEDULED | STARTING | RUNNING | SUCCEEDED | FAILED",
    "serviceJobStatus",
  ],
  [
    {
      filters: [
        { name: "JOB_NAME", values: ["a"] },
        { name: "JOB_NAME", values: ["b"] },
      ],
    },
    "Only one filter is allowed.",
    "oneFilter",
  ],
  [{ filters: [{ name: "JOB_NAME", values: [] }] }, "Filter JOB_NAME needs exactly one value.", "oneFilterValue"],
  [
    { filters: [{ name: "JOB_DEFINITION", values: ["a"] }] },
    "Filter JOB_DEFINITION is not valid. Valid filters: [JOB_NAME, BEFORE_CREATED_AT, AFTER_CREATED_AT, SHARE_IDENTIFIER, QUOTA_SHARE_NAME]",
    "serviceFilterName",
  ],
  [
    { filters: [{ name: "AFTER_CREATED_AT", values: ["today"] }] },
    "Filter AFTER_CREATED_AT needs exactly one value, a time in epoch milliseconds.",
    "filterValue",
  ],
];
for (const [wrong, text] of WRONG_LISTS) {
  test(`ListServiceJobs: ${text}`, async () => {
    await assert.rejects(batch.send(new ListServiceJobsCommand({ jobQueue: "training", ...wrong })), refused(text));
  });
}
test("each rule of lists and updates has an example that breaks it", () => {
  const broken = [...WRONG_LISTS.map(([, , name]) => name), "schedulingPriority"];
  assertEachRuleBroken([SERVICE_LIST_RULES, SERVICE_UPDATE_RULES], broken);
});

test("UpdateServiceJob changes the priority of what is not over", async () => {
  const id = await submitService(batch, FOREVER, { jobName: "raised", schedulingPriority: 1 });
  const update = (schedulingPriority: number, jobId = id) =>
    batch.send(new UpdateServiceJobCommand({ jobId, schedulingPriority }));
  await assert.rejects(update(10_000), refused(prefixed("Scheduling priority must be between 0 and 9999.")));
  assert.partialDeepStrictEqual(await update(42), {
    jobArn: `${PREFIX}service-job/${id}`,
    jobName: "raised",
    jobId: id,
  });
  assert.equal((await describeService(batch, id)).schedulingPriority, 42);
  await batch.send(new TerminateServiceJobCommand({ jobId: id, reason: "x" }));
  await serviceEnded(batch, id);
  await assert.rejects(update(43), refused(`ServiceJob ${id} is FAILED and cannot be updated.`));
  const unknown = randomUUID();
  await assert.rejects(update(1, unknown), refused(`ServiceJob ${unknown} not found.`));
});

test("service jobs have tags, and belong to an account and region", async () => {
  const id = await submitService(batch, trainingRequest("true"), { tags: { a: "b" } });
  const resourceArn = `${PREFIX}service-job/${id}`;
  await batch.send(new TagResourceCommand({ resourceArn, tags: { c: "d" } }));
  const { tags } = await batch.send(new ListTagsForResourceCommand({ resourceArn }));
  assert.deepEqual(tags, { a: "b", c: "d" });
  assert.deepEqual((await describeService(batch, id)).tags, tags);
  await assert.rejects(
    batch.send(new ListTagsForResourceCommand({ resourceArn: `${PREFIX}job/${id}` })),
    { name: "ClientException" },
    "it is no job",
  );
  await assert.rejects(describeService(elsewhere, id), refused(`ServiceJob ${id} not found.`));
  await serviceEnded(batch, id);
});

test("the jobs of a quota share that is deleted end, and then it is gone", async () => {
  const quotaSharePolicy = { idleResourceAssignmentStrategy: "FIFO" as const };
  await batch.send(new CreateSchedulingPolicyCommand({ name: "quota", quotaSharePolicy }));
  const limits = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 1 }];
  await createServiceQueue(batch, "shares", limits, { schedulingPolicyArn: `${PREFIX}scheduling-policy/quota` });
  const { quotaShareArn } = await batch.send(
    new CreateQuotaShareCommand({
      quotaShareName: "team",
      jobQueue: "shares",
      capacityLimits: limits,
      resourceSharingConfiguration: { strategy: "RESERVE" },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
    }),
  );
  const share = () => batch.send(new DescribeQuotaShareCommand({ quotaShareArn }));
  const untilValid = () => until("the share is VALID", async () => (await share()).status === "VALID");
  await untilValid();
  const submit = () => submitService(batch, FOREVER, { jobQueue: "shares", quotaShareName: "team" });
  const [runs, waits] = [await submit(), await submit()];
  await untilServiceStatus(batch, runs, "RUNNING");
  const seen = await batch.send(new GetJobQueueSnapshotCommand({ jobQueue: "shares" }));
  const usage = [{ capacityUnit: "ml.g6.xlarge", quantity: 1 }];
  const { lastUpdatedAt: _, ...utilization } = seen.queueUtilization!;
  assert.deepEqual(utilization, {
    totalCapacityUsage: usage,
    quotaShareUtilization: { topCapacityUtilization: [{ quotaShareName: "team", capacityUsage: usage }] },
  });
  const front = seen.frontOfQueue!.jobs!;
  assert.deepEqual(
    front.map(({ jobArn }) => jobArn),
    [`${PREFIX}service-job/${waits}`],
  );
  assert.deepEqual(seen.frontOfQuotaShares!.quotaShares, { team: front });
  const filters = [{ name: "QUOTA_SHARE_NAME", values: ["team"] }];
  const query = new ListServiceJobsCommand({ jobQueue: "shares", jobStatus: "RUNNABLE", filters });
  const { jobSummaryList } = await batch.send(query);
  assert.deepEqual(
    jobSummaryList!.map(({ jobId, quotaShareName, shareIdentifier }) => [jobId, quotaShareName, shareIdentifier]),
    [[waits, "team", undefined]],
  );
  await batch.send(new UpdateQuotaShareCommand({ quotaShareArn, state: "DISABLED" }));
  await untilValid();
  await batch.send(new DeleteQuotaShareCommand({ quotaShareArn }));
  for (const id of [runs, waits]) {
    const job = await serviceEnded(batch, id);
    assert.deepEqual([job.status, job.statusReason], ["FAILED", "QuotaShare deleted"]);
  }
  await until("the share is gone", () =>
    share().then(
      () => false,
      () => true,
    ),
  );
});
