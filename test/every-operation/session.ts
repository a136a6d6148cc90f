import assert from "node:assert/strict";
import type { JobDetail } from "@aws-sdk/client-batch";
import type { BatchInput, BatchOperationName, BatchOutput } from "../../src/api/wire/operations.ts";
import type { Said } from "./world.ts";
import { until } from "../support/until.ts";

type Job = Said<JobDetail>;

/** A real client. Rejects with an Error whose message has the service's code and text. */
export type Call = <Op extends BatchOperationName>(
  operation: Op,
  input: BatchInput<Op>,
) => Promise<Said<BatchOutput<Op>>>;

const CONTAINER = {
  image: "scratch",
  command: ["sh", "-c", "echo Ref::greeting"],
  resourceRequirements: [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "64" },
  ],
};

const TRAINING = {
  TrainingJobName: "train",
  AlgorithmSpecification: { TrainingImage: "scratch", TrainingInputMode: "File", ContainerEntrypoint: ["true"] },
  ResourceConfig: { InstanceCount: 1, InstanceType: "ml.g6.xlarge", VolumeSizeInGB: 1 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  OutputDataConfig: { S3OutputPath: "s3://bucket/out" },
  RoleArn: "arn:aws:iam::123456789012:role/train",
};

/**
 * A user's day with AWS Batch, from the first environment to the last deletion: each operation at least once. What has to be asked again
 * and again is asked through `watch`, for clients of which each call is a process.
 */
export async function everyOperation(call: Call, watch: Call = call): Promise<void> {
  await environments(call, watch);
  await jobs(call, watch);
  await consumables(call, watch);
  await fairShares(call);
  await training(call, watch);
  await tags(call);
  await farewell(call, watch);
}

async function environments(call: Call, watch: Call): Promise<void> {
  const made = await call("CreateComputeEnvironment", {
    computeEnvironmentName: "machines",
    type: "MANAGED",
    computeResources: {
      type: "EC2",
      minvCpus: 0,
      maxvCpus: 8,
      instanceTypes: ["optimal"],
      instanceRole: "ecsInstanceRole",
      subnets: ["subnet-1"],
      securityGroupIds: ["sg-1"],
    },
  });
  assert.match(made.computeEnvironmentArn, /^arn:aws:batch:[a-z0-9-]+:\d{12}:compute-environment\/machines$/);
  await untilEnvironment(watch, "VALID");
  await call("UpdateComputeEnvironment", { computeEnvironment: "machines", computeResources: { maxvCpus: 16 } });
  const { computeEnvironments } = await call("DescribeComputeEnvironments", { computeEnvironments: ["machines"] });
  assert.equal(computeEnvironments[0]!.computeResources.maxvCpus, 16);
  await call("CreateJobQueue", {
    jobQueueName: "line",
    priority: 1,
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: "machines" }],
    tags: { season: "winter" },
  });
  await call("UpdateJobQueue", { jobQueue: "line", priority: 7 });
  const { jobQueues } = await call("DescribeJobQueues", { jobQueues: ["line"] });
  assert.deepEqual([jobQueues[0]!.priority, jobQueues[0]!.status], [7, "VALID"]);
}

function untilEnvironment(watch: Call, status: "VALID" | "gone"): Promise<true> {
  return until(`the environment is ${status}`, async () => {
    const { computeEnvironments } = await watch("DescribeComputeEnvironments", { computeEnvironments: ["machines"] });
    return (computeEnvironments[0]?.status ?? "gone") === status;
  });
}

async function jobs(call: Call, watch: Call): Promise<void> {
  const registered = await call("RegisterJobDefinition", {
    jobDefinitionName: "greet",
    type: "container",
    containerProperties: CONTAINER,
    parameters: { greeting: "hello" },
  });
  assert.equal(registered.revision, 1);
  const { jobDefinitions } = await call("DescribeJobDefinitions", { jobDefinitionName: "greet", status: "ACTIVE" });
  assert.deepEqual(jobDefinitions[0]!.containerProperties.command, CONTAINER.command);
  const request = { jobName: "greeting", jobQueue: "line", jobDefinition: "greet" };
  const { jobId } = await call("SubmitJob", request);
  const succeeded = await untilOver(watch, jobId);
  assert.deepEqual([succeeded.status, succeeded.container.exitCode], ["SUCCEEDED", 0]);
  const sleeping = { ...request, containerOverrides: { command: ["sleep", "600"] } };
  const [first, second, third, fourth] = await Promise.all(
    [sleeping, sleeping, sleeping, sleeping].map(async (one) => (await call("SubmitJob", one)).jobId),
  );
  const behind = await call("SubmitJob", { ...request, dependsOn: [{ jobId: first! }] });
  await call("CancelJob", { jobId: behind.jobId, reason: "not today" });
  assert.equal((await untilOver(watch, behind.jobId)).statusReason, "not today");
  const { jobSummaryList } = await call("ListJobs", {
    jobQueue: "line",
    filters: [{ name: "JOB_NAME", values: ["g*"] }],
  });
  assert.equal(jobSummaryList.length, 6);
  const snapshot = await call("GetJobQueueSnapshot", { jobQueue: "line" });
  assert.deepEqual(snapshot.frontOfQueue.jobs, []);
  await call("TerminateJob", { jobId: first!, reason: "enough" });
  const later = await call("SubmitJob", { ...request, dependsOn: [{ jobId: second! }] });
  const cancelled = await call("CancelJobs", {
    jobs: [later.jobId, "00000000-0000-4000-8000-000000000000"],
    reason: "no",
  });
  assert.deepEqual([cancelled.successful.length, cancelled.errors], [2, []]);
  const stopped = await call("TerminateJobs", { jobs: [second!, third!, fourth!], reason: "all of them" });
  assert.deepEqual(
    [stopped.successful.toSorted(byText), stopped.errors],
    [[second!, third!, fourth!].toSorted(byText), []],
  );
  for (const [id, reason] of [
    [first!, "enough"],
    [fourth!, "all of them"],
  ] as const) {
    const job = await untilOver(watch, id);
    assert.deepEqual([job.status, job.statusReason], ["FAILED", reason]);
  }
}

function untilOver(watch: Call, jobId: string): Promise<Job> {
  return until(`job ${jobId} is over`, async () => {
    const { jobs: found } = await watch("DescribeJobs", { jobs: [jobId] });
    return ["SUCCEEDED", "FAILED"].includes(found[0]!.status) && found[0]!;
  });
}

async function consumables(call: Call, watch: Call): Promise<void> {
  await call("CreateConsumableResource", { consumableResourceName: "licence", totalQuantity: 1 });
  await call("UpdateConsumableResource", { consumableResource: "licence", operation: "ADD", quantity: 2 });
  const { consumableResources } = await call("ListConsumableResources", {});
  assert.deepEqual([consumableResources[0]!.totalQuantity, consumableResources[0]!.inUseQuantity], [3, 0]);
  const { jobId } = await call("SubmitJob", {
    jobName: "licensed",
    jobQueue: "line",
    jobDefinition: "greet",
    containerOverrides: { command: ["sleep", "600"] },
    consumableResourcePropertiesOverride: { consumableResourceList: [{ consumableResource: "licence", quantity: 2 }] },
  });
  await until("the licence is in use", async () => {
    const resource = await watch("DescribeConsumableResource", { consumableResource: "licence" });
    return resource.inUseQuantity === 2 && resource.availableQuantity === 1;
  });
  const users = await call("ListJobsByConsumableResource", { consumableResource: "licence" });
  assert.deepEqual([users.jobs.length, users.jobs[0]!.quantity, users.jobs[0]!.jobName], [1, 2, "licensed"]);
  await call("TerminateJob", { jobId, reason: "licence wanted elsewhere" });
  await untilOver(watch, jobId);
  assert.equal((await call("DescribeConsumableResource", { consumableResource: "licence" })).availableQuantity, 3);
  await call("DeleteConsumableResource", { consumableResource: "licence" });
  assert.deepEqual((await call("ListConsumableResources", {})).consumableResources, []);
}

async function fairShares(call: Call): Promise<void> {
  const { arn } = await call("CreateSchedulingPolicy", {
    name: "fair",
    fairsharePolicy: { shareDistribution: [{ shareIdentifier: "red", weightFactor: 0.5 }] },
  });
  await call("UpdateSchedulingPolicy", { arn, fairsharePolicy: { shareDecaySeconds: 60 } });
  const { schedulingPolicies } = await call("DescribeSchedulingPolicies", { arns: [arn] });
  assert.equal(schedulingPolicies[0]!.fairsharePolicy.shareDecaySeconds, 60);
  assert.deepEqual((await call("ListSchedulingPolicies", {})).schedulingPolicies, [{ arn }]);
  await call("DeleteSchedulingPolicy", { arn });
  assert.deepEqual((await call("ListSchedulingPolicies", {})).schedulingPolicies, []);
}

async function training(call: Call, watch: Call): Promise<void> {
  await call("CreateServiceEnvironment", {
    serviceEnvironmentName: "trainers",
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    capacityLimits: [{ maxCapacity: 2, capacityUnit: "ml.g6.xlarge" }],
  });
  await call("UpdateServiceEnvironment", {
    serviceEnvironment: "trainers",
    capacityLimits: [{ maxCapacity: 4, capacityUnit: "ml.g6.xlarge" }],
  });
  const { serviceEnvironments } = await call("DescribeServiceEnvironments", { serviceEnvironments: ["trainers"] });
  assert.deepEqual(serviceEnvironments[0]!.capacityLimits, [{ maxCapacity: 4, capacityUnit: "ml.g6.xlarge" }]);
  const { arn } = await call("CreateSchedulingPolicy", {
    name: "quotas",
    quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" },
  });
  await call("CreateJobQueue", {
    jobQueueName: "gym",
    priority: 1,
    jobQueueType: "SAGEMAKER_TRAINING",
    serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: "trainers" }],
    schedulingPolicyArn: arn,
  });
  const { quotaShareArn } = await call("CreateQuotaShare", {
    quotaShareName: "team",
    jobQueue: "gym",
    capacityLimits: [{ maxCapacity: 2, capacityUnit: "ml.g6.xlarge" }],
    resourceSharingConfiguration: { strategy: "RESERVE" },
    preemptionConfiguration: { inSharePreemption: "DISABLED" },
  });
  await call("UpdateQuotaShare", { quotaShareArn, resourceSharingConfiguration: { strategy: "LEND" } });
  const share = await call("DescribeQuotaShare", { quotaShareArn });
  assert.deepEqual([share.resourceSharingConfiguration, share.status], [{ strategy: "LEND" }, "VALID"]);
  assert.equal((await call("ListQuotaShares", { jobQueue: "gym" })).quotaShares.length, 1);
  await serviceJobs(call, watch);
  await call("UpdateQuotaShare", { quotaShareArn, state: "DISABLED" });
  await call("DeleteQuotaShare", { quotaShareArn });
  await call("UpdateJobQueue", { jobQueue: "gym", state: "DISABLED" });
  await call("DeleteJobQueue", { jobQueue: "gym" });
  await untilQueueGone(watch, "gym");
  await call("UpdateServiceEnvironment", { serviceEnvironment: "trainers", state: "DISABLED" });
  await call("DeleteServiceEnvironment", { serviceEnvironment: "trainers" });
  await until("the service environment is gone", async () => {
    return (await watch("DescribeServiceEnvironments", {})).serviceEnvironments.length === 0;
  });
  await call("DeleteSchedulingPolicy", { arn });
}

async function serviceJobs(call: Call, watch: Call): Promise<void> {
  const request = (jobName: string, ...entrypoint: string[]) => ({
    jobName,
    jobQueue: "gym",
    serviceJobType: "SAGEMAKER_TRAINING" as const,
    quotaShareName: "team",
    schedulingPriority: 1,
    serviceRequestPayload: JSON.stringify({
      ...TRAINING,
      AlgorithmSpecification: { ...TRAINING.AlgorithmSpecification, ContainerEntrypoint: entrypoint },
    }),
  });
  const { jobId } = await call("SubmitServiceJob", { ...request("short", "true"), clientToken: "short-one" });
  await untilServiceJob(watch, jobId, "SUCCEEDED");
  const long = await call("SubmitServiceJob", { ...request("long", "sleep", "600"), clientToken: "long-one" });
  const other = await call("SubmitServiceJob", { ...request("other", "sleep", "600"), clientToken: "other-one" });
  await untilServiceJob(watch, long.jobId, "RUNNING");
  await call("UpdateServiceJob", { jobId: long.jobId, schedulingPriority: 5 });
  const listed = await call("ListServiceJobs", { jobQueue: "gym", filters: [{ name: "JOB_NAME", values: ["long"] }] });
  assert.deepEqual([listed.jobSummaryList.length, listed.jobSummaryList[0]!.jobId], [1, long.jobId]);
  await call("TerminateServiceJob", { jobId: long.jobId, reason: "trained enough" });
  const stopped = await call("TerminateServiceJobs", { jobs: [other.jobId], reason: "trained enough" });
  assert.deepEqual([stopped.successful, stopped.errors], [[other.jobId], []]);
  await untilServiceJob(watch, long.jobId, "FAILED");
  await untilServiceJob(watch, other.jobId, "FAILED");
}

function untilServiceJob(watch: Call, jobId: string, status: string): Promise<true> {
  return until(`service job ${jobId} is ${status}`, async () => {
    const job = await watch("DescribeServiceJob", { jobId });
    return job.status === status;
  });
}

async function tags(call: Call): Promise<void> {
  const { jobQueues } = await call("DescribeJobQueues", { jobQueues: ["line"] });
  const resourceArn = jobQueues[0]!.jobQueueArn;
  await call("TagResource", { resourceArn, tags: { "team/of 1": "blue" } });
  await call("UntagResource", { resourceArn, tagKeys: ["season"] });
  assert.deepEqual((await call("ListTagsForResource", { resourceArn })).tags, { "team/of 1": "blue" });
}

async function farewell(call: Call, watch: Call): Promise<void> {
  await call("DeregisterJobDefinition", { jobDefinition: "greet:1" });
  await call("UpdateJobQueue", { jobQueue: "line", state: "DISABLED" });
  await call("DeleteJobQueue", { jobQueue: "line" });
  await untilQueueGone(watch, "line");
  await call("UpdateComputeEnvironment", { computeEnvironment: "machines", state: "DISABLED" });
  await until("the environment can be deleted", async () => {
    const { computeEnvironments } = await watch("DescribeComputeEnvironments", { computeEnvironments: ["machines"] });
    return computeEnvironments[0]!.status === "VALID";
  });
  await call("DeleteComputeEnvironment", { computeEnvironment: "machines" });
  await untilEnvironment(watch, "gone");
}

function untilQueueGone(watch: Call, name: string): Promise<true> {
  return until(`the queue ${name} is gone`, async () => {
    return (await watch("DescribeJobQueues", { jobQueues: [name] })).jobQueues.length === 0;
  });
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}
