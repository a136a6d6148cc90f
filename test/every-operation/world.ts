import type { BatchClient } from "@aws-sdk/client-batch";
import * as batch from "@aws-sdk/client-batch";
import type { BatchInput, BatchOperationName, BatchOutput } from "../../src/api/wire/operations.ts";

/** An answer as clients give it back. What is looked at ought to be there; where it is not, the assertion fails. */
export type Said<T> = T extends (infer Item)[]
  ? Said<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Said<Exclude<T[Key], undefined>> }
    : T;

/** Names in a server that has one of everything, for requests that mean something. */
export interface Names {
  readonly environment: string;
  readonly environmentArn: string;
  readonly queue: string;
  readonly queueArn: string;
  readonly fairQueue: string;
  readonly trainingQueue: string;
  readonly definition: string;
  readonly definitionArn: string;
  readonly multinode: string;
  readonly fairPolicyArn: string;
  readonly quotaPolicyArn: string;
  readonly quotaShareArn: string;
  readonly serviceEnvironment: string;
  readonly consumable: string;
  /** Jobs that wait for ever: nothing runs while requests are tried. */
  readonly jobId: string;
  readonly jobArn: string;
  readonly arrayJobId: string;
  readonly multinodeJobId: string;
  readonly serviceJobId: string;
}

/** A valid request of every operation. Those that create have names of their own, which `suffix` keeps apart. */
export type Requests = { readonly [Op in BatchOperationName]: (names: Names, suffix: string) => BatchInput<Op> };

type AnyCommand = new (input: object) => Parameters<BatchClient["send"]>[0];

/** Sends the request as the SDK does. */
export async function send<Op extends BatchOperationName>(
  client: BatchClient,
  operation: Op,
  input: BatchInput<Op>,
): Promise<Said<BatchOutput<Op>>> {
  const Command = Reflect.get(batch, `${operation}Command`) as AnyCommand;
  return (await client.send(new Command(input))) as unknown as Said<BatchOutput<Op>>;
}

const RESOURCES = {
  type: "EC2" as const,
  minvCpus: 0,
  maxvCpus: 4,
  instanceTypes: ["optimal"],
  instanceRole: "ecsInstanceRole",
  subnets: ["subnet-1"],
  securityGroupIds: ["sg-1"],
};

const CONTAINER = {
  image: "scratch",
  command: ["true"],
  resourceRequirements: [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "64" },
  ],
};

const TRAINING = JSON.stringify({
  TrainingJobName: "train",
  AlgorithmSpecification: { TrainingImage: "scratch", TrainingInputMode: "File", ContainerEntrypoint: ["true"] },
  ResourceConfig: { InstanceCount: 1, InstanceType: "ml.g6.xlarge", VolumeSizeInGB: 1 },
  StoppingCondition: { MaxRuntimeInSeconds: 3600 },
  OutputDataConfig: { S3OutputPath: "s3://bucket/out" },
  RoleArn: "arn:aws:iam::123456789012:role/train",
});

/** One of everything. The environment is disabled once its queue is there, so that jobs wait. */
export async function makeOneOfEverything(client: BatchClient): Promise<Names> {
  const ask = <Op extends BatchOperationName>(operation: Op, input: BatchInput<Op>) => send(client, operation, input);
  const environment = "some-environment";
  const { computeEnvironmentArn: environmentArn } = await ask("CreateComputeEnvironment", {
    computeEnvironmentName: environment,
    type: "MANAGED",
    computeResources: RESOURCES,
    tags: { colour: "red" },
  });
  const { arn: fairPolicyArn } = await ask("CreateSchedulingPolicy", {
    name: "some-fair-policy",
    fairsharePolicy: { shareDistribution: [{ shareIdentifier: "blue*", weightFactor: 0.5 }] },
  });
  const { arn: quotaPolicyArn } = await ask("CreateSchedulingPolicy", {
    name: "some-quota-policy",
    quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" },
  });
  const order = [{ order: 1, computeEnvironment: environment }];
  const queue = "some-queue";
  const { jobQueueArn: queueArn } = await ask("CreateJobQueue", {
    jobQueueName: queue,
    priority: 10,
    computeEnvironmentOrder: order,
  });
  const fairQueue = "some-fair-queue";
  await ask("CreateJobQueue", {
    jobQueueName: fairQueue,
    priority: 5,
    computeEnvironmentOrder: order,
    schedulingPolicyArn: fairPolicyArn,
  });
  const serviceEnvironment = "some-service-environment";
  await ask("CreateServiceEnvironment", {
    serviceEnvironmentName: serviceEnvironment,
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    capacityLimits: [{ maxCapacity: 4, capacityUnit: "ml.g6.xlarge" }],
  });
  const trainingQueue = "some-training-queue";
  await ask("CreateJobQueue", {
    jobQueueName: trainingQueue,
    priority: 1,
    jobQueueType: "SAGEMAKER_TRAINING",
    serviceEnvironmentOrder: [{ order: 1, serviceEnvironment }],
    schedulingPolicyArn: quotaPolicyArn,
  });
  const { quotaShareArn } = await ask("CreateQuotaShare", quotaShare("some-share", trainingQueue));
  const consumable = "some-licence";
  await ask("CreateConsumableResource", { consumableResourceName: consumable, totalQuantity: 10 });
  const definition = "some-definition";
  const { jobDefinitionArn: definitionArn } = await ask("RegisterJobDefinition", {
    jobDefinitionName: definition,
    type: "container",
    containerProperties: CONTAINER,
  });
  const multinode = "some-multinode";
  await ask("RegisterJobDefinition", {
    jobDefinitionName: multinode,
    type: "multinode",
    nodeProperties: {
      numNodes: 2,
      mainNode: 0,
      nodeRangeProperties: [{ targetNodes: "0:", container: CONTAINER }],
    },
  });
  await ask("UpdateComputeEnvironment", { computeEnvironment: environment, state: "DISABLED" });
  await ask("UpdateServiceEnvironment", { serviceEnvironment, state: "DISABLED" });
  const job = { jobName: "some-job", jobQueue: queue, jobDefinition: definition };
  const { jobId, jobArn } = await ask("SubmitJob", job);
  const { jobId: arrayJobId } = await ask("SubmitJob", { ...job, arrayProperties: { size: 3 } });
  const { jobId: multinodeJobId } = await ask("SubmitJob", { ...job, jobDefinition: multinode });
  const { jobId: serviceJobId } = await ask("SubmitServiceJob", training("some-training", trainingQueue));
  return {
    environment,
    environmentArn,
    queue,
    queueArn,
    fairQueue,
    trainingQueue,
    definition,
    definitionArn,
    multinode,
    fairPolicyArn,
    quotaPolicyArn,
    quotaShareArn,
    serviceEnvironment,
    consumable,
    jobId,
    jobArn,
    arrayJobId,
    multinodeJobId,
    serviceJobId,
  };
}

function quotaShare(quotaShareName: string, jobQueue: string): BatchInput<"CreateQuotaShare"> {
  return {
    quotaShareName,
    jobQueue,
    capacityLimits: [{ maxCapacity: 2, capacityUnit: "ml.g6.xlarge" }],
    resourceSharingConfiguration: { strategy: "LEND_AND_BORROW", borrowLimit: 50 },
    preemptionConfiguration: { inSharePreemption: "ENABLED" },
  };
}

function training(jobName: string, jobQueue: string): BatchInput<"SubmitServiceJob"> {
  return {
    jobName,
    jobQueue,
    serviceJobType: "SAGEMAKER_TRAINING",
    serviceRequestPayload: TRAINING,
    quotaShareName: "some-share",
    retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "RETRY", onStatusReason: "*CapacityError*" }] },
    timeoutConfig: { attemptDurationSeconds: 3600 },
    schedulingPriority: 5,
    preemptionConfiguration: { preemptionRetriesBeforeTermination: 2 },
    tags: { team: "ml" },
  };
}

export const REQUESTS: Requests = {
  CancelJob: ({ jobId }) => ({ jobId, reason: "no longer wanted" }),
  CancelJobs: ({ jobId, arrayJobId }) => ({ jobs: [jobId, arrayJobId], reason: "no longer wanted" }),
  CreateComputeEnvironment: (_, suffix) => ({
    computeEnvironmentName: `made-${suffix}`,
    type: "MANAGED",
    state: "ENABLED",
    computeResources: { ...RESOURCES, type: "SPOT", allocationStrategy: "SPOT_CAPACITY_OPTIMIZED", bidPercentage: 50 },
    tags: { team: "blue" },
  }),
  CreateConsumableResource: (_, suffix) => ({
    consumableResourceName: `made-${suffix}`,
    totalQuantity: 5,
    resourceType: "REPLENISHABLE",
    tags: { team: "blue" },
  }),
  CreateJobQueue: ({ environment }, suffix) => ({
    jobQueueName: `made-${suffix}`,
    priority: 3,
    state: "ENABLED",
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment }],
    jobStateTimeLimitActions: [
      {
        reason: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        state: "RUNNABLE",
        maxTimeSeconds: 600,
        action: "CANCEL",
      },
    ],
    tags: { team: "blue" },
  }),
  CreateQuotaShare: ({ trainingQueue }, suffix) => quotaShare(`made-${suffix}`, trainingQueue),
  CreateSchedulingPolicy: (_, suffix) => ({
    name: `made-${suffix}`,
    fairsharePolicy: {
      shareDecaySeconds: 3600,
      computeReservation: 10,
      shareDistribution: [{ shareIdentifier: "A", weightFactor: 0.1 }],
    },
    tags: { team: "blue" },
  }),
  CreateServiceEnvironment: (_, suffix) => ({
    serviceEnvironmentName: `made-${suffix}`,
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    capacityLimits: [{ maxCapacity: 3, capacityUnit: "NUM_INSTANCES" }],
    state: "ENABLED",
    tags: { team: "blue" },
  }),
  DeleteComputeEnvironment: ({ environment }) => ({ computeEnvironment: environment }),
  DeleteConsumableResource: ({ consumable }) => ({ consumableResource: consumable }),
  DeleteJobQueue: ({ queue }) => ({ jobQueue: queue }),
  DeleteQuotaShare: ({ quotaShareArn }) => ({ quotaShareArn }),
  DeleteSchedulingPolicy: ({ fairPolicyArn }) => ({ arn: fairPolicyArn }),
  DeleteServiceEnvironment: ({ serviceEnvironment }) => ({ serviceEnvironment }),
  DeregisterJobDefinition: ({ definition }) => ({ jobDefinition: `${definition}:1` }),
  DescribeComputeEnvironments: ({ environment }) => ({ computeEnvironments: [environment] }),
  DescribeConsumableResource: ({ consumable }) => ({ consumableResource: consumable }),
  DescribeJobDefinitions: ({ definition }) => ({ jobDefinitionName: definition, status: "ACTIVE", maxResults: 10 }),
  DescribeJobQueues: ({ queue }) => ({ jobQueues: [queue] }),
  DescribeJobs: ({ jobId, arrayJobId, multinodeJobId }) => ({
    jobs: [jobId, arrayJobId, `${arrayJobId}:1`, `${multinodeJobId}#1`],
  }),
  DescribeQuotaShare: ({ quotaShareArn }) => ({ quotaShareArn }),
  DescribeSchedulingPolicies: ({ fairPolicyArn }) => ({ arns: [fairPolicyArn] }),
  DescribeServiceEnvironments: ({ serviceEnvironment }) => ({ serviceEnvironments: [serviceEnvironment] }),
  DescribeServiceJob: ({ serviceJobId }) => ({ jobId: serviceJobId }),
  GetJobQueueSnapshot: ({ queue }) => ({ jobQueue: queue }),
  ListConsumableResources: () => ({
    filters: [{ name: "CONSUMABLE_RESOURCE_NAME", values: ["some*"] }],
    maxResults: 10,
  }),
  ListJobs: ({ queue }) => ({ jobQueue: queue, filters: [{ name: "JOB_NAME", values: ["some*"] }], maxResults: 10 }),
  ListJobsByConsumableResource: ({ consumable }) => ({
    consumableResource: consumable,
    filters: [{ name: "JOB_STATUS", values: ["RUNNABLE"] }],
  }),
  ListQuotaShares: ({ trainingQueue }) => ({ jobQueue: trainingQueue, maxResults: 10 }),
  ListSchedulingPolicies: () => ({ maxResults: 10 }),
  ListServiceJobs: ({ trainingQueue }) => ({ jobQueue: trainingQueue, jobStatus: "RUNNABLE" }),
  ListTagsForResource: ({ environmentArn }) => ({ resourceArn: environmentArn }),
  RegisterJobDefinition: ({ consumable }, suffix) => ({
    jobDefinitionName: `made-${suffix}`,
    type: "container",
    parameters: { colour: "red" },
    schedulingPriority: 5,
    containerProperties: {
      ...CONTAINER,
      command: ["echo", "Ref::colour"],
      environment: [{ name: "SIZE", value: "small" }],
      volumes: [{ name: "data", host: { sourcePath: "/tmp" } }],
      mountPoints: [{ sourceVolume: "data", containerPath: "/data", readOnly: true }],
      ulimits: [{ name: "nofile", softLimit: 100, hardLimit: 200 }],
      linuxParameters: { initProcessEnabled: true, sharedMemorySize: 16 },
      logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "/aws/batch/job" } },
    },
    retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "RETRY", onExitCode: "1*" }] },
    propagateTags: true,
    timeout: { attemptDurationSeconds: 60 },
    platformCapabilities: ["EC2"],
    consumableResourceProperties: { consumableResourceList: [{ consumableResource: consumable, quantity: 1 }] },
    tags: { team: "blue" },
  }),
  SubmitJob: ({ queue, definition, jobId }) => ({
    jobName: "another-job",
    jobQueue: queue,
    jobDefinition: definition,
    arrayProperties: { size: 4 },
    dependsOn: [{ jobId }, { type: "SEQUENTIAL" }],
    parameters: { colour: "green" },
    containerOverrides: {
      command: ["echo", "Ref::colour"],
      environment: [{ name: "SIZE", value: "large" }],
      resourceRequirements: [{ type: "MEMORY", value: "128" }],
    },
    retryStrategy: { attempts: 3 },
    propagateTags: false,
    timeout: { attemptDurationSeconds: 120 },
    tags: { team: "blue" },
  }),
  SubmitServiceJob: ({ trainingQueue }, suffix) => ({
    ...training("another-training", trainingQueue),
    clientToken: `token-${suffix}`,
  }),
  TagResource: ({ queueArn }) => ({ resourceArn: queueArn, tags: { season: "winter" } }),
  TerminateJob: ({ arrayJobId }) => ({ jobId: `${arrayJobId}:2`, reason: "no longer wanted" }),
  TerminateJobs: ({ jobId, multinodeJobId }) => ({ jobs: [jobId, multinodeJobId], reason: "no longer wanted" }),
  TerminateServiceJob: ({ serviceJobId }) => ({ jobId: serviceJobId, reason: "no longer wanted" }),
  TerminateServiceJobs: ({ serviceJobId }) => ({ jobs: [serviceJobId], reason: "no longer wanted" }),
  UntagResource: ({ environmentArn }) => ({ resourceArn: environmentArn, tagKeys: ["colour"] }),
  UpdateComputeEnvironment: ({ environment }) => ({
    computeEnvironment: environment,
    computeResources: { maxvCpus: 8 },
  }),
  UpdateConsumableResource: ({ consumable }, suffix) => ({
    consumableResource: consumable,
    operation: "ADD",
    quantity: 1,
    clientToken: `token-${suffix}`,
  }),
  UpdateJobQueue: ({ queue, environment }) => ({
    jobQueue: queue,
    priority: 4,
    computeEnvironmentOrder: [{ order: 2, computeEnvironment: environment }],
  }),
  UpdateQuotaShare: ({ quotaShareArn }) => ({
    quotaShareArn,
    capacityLimits: [{ maxCapacity: 1, capacityUnit: "ml.g6.xlarge" }],
    resourceSharingConfiguration: { strategy: "LEND" },
  }),
  UpdateSchedulingPolicy: ({ fairPolicyArn }) => ({
    arn: fairPolicyArn,
    fairsharePolicy: { shareDecaySeconds: 60, computeReservation: 1 },
  }),
  UpdateServiceEnvironment: ({ serviceEnvironment }) => ({
    serviceEnvironment,
    capacityLimits: [{ maxCapacity: 6, capacityUnit: "ml.g6.xlarge" }],
  }),
  UpdateServiceJob: ({ serviceJobId }) => ({ jobId: serviceJobId, schedulingPriority: 9 }),
};
