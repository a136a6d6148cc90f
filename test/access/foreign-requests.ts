import { CONTAINER } from "../api/server.ts";

/** What an account has, by the names and ids under which another one may ask for it. */
export interface Owned {
  readonly account: string;
  readonly region: string;
  /** What all names of its resources begin with. */
  readonly prefix: string;
  readonly jobId: string;
  readonly arrayId: string;
  readonly serviceJobId: string;
}

const LIMITS = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }];

/** An operation with requests about what somebody else has. */
export type Attempts = readonly (readonly [operation: string, inputs: readonly object[]])[];

/** These make something new of the caller's own, out of nothing that anybody has. */
export const NOT_TRIED = [
  "CreateComputeEnvironment",
  "CreateConsumableResource",
  "CreateSchedulingPolicy",
  "CreateServiceEnvironment",
];

/** Requests of each operation of AWS Batch that name what is there, in every way in which it can be named. */
export function batchAttempts({ account, region, prefix, jobId, arrayId, serviceJobId }: Owned): Attempts {
  const arn = (resource: string, where = region): string => `arn:aws:batch:${where}:${account}:${resource}`;
  const ways = (type: string, name: string): string[] => [
    name,
    arn(`${type}/${name}`),
    arn(`${type}/${name}`, "ap-south-1"),
  ];
  const jobWays = (id: string): string[] => ways("job", id);
  const QUEUES = ways("job-queue", `${prefix}-q`);
  const TRAINING_QUEUES = ways("job-queue", `${prefix}-sq`);
  const DEFINITIONS = [...ways("job-definition", `${prefix}-d`), ...ways("job-definition", `${prefix}-d:1`)];
  const SERVICE_JOBS = [...ways("service-job", serviceJobId), ...jobWays(serviceJobId)];
  const JOBS = [...jobWays(jobId), ...jobWays(arrayId), ...jobWays(`${arrayId}:1`)];
  const CONSUMABLES = ways("consumable-resource", `${prefix}-c`);
  const ENVIRONMENTS = ways("compute-environment", `${prefix}-q`);
  const SERVICE_ENVIRONMENTS = ways("service-environment", `${prefix}-s`);
  const SHARES = [arn(`job-queue/${prefix}-sq/quota-share/${prefix}-x`)];
  const POLICIES = [arn(`scheduling-policy/${prefix}-p`)];
  const TAGGED = [
    ...[`compute-environment/${prefix}-q`, `job-queue/${prefix}-q`, `job-definition/${prefix}-d:1`, `job/${jobId}`],
    ...[`service-job/${serviceJobId}`, `scheduling-policy/${prefix}-p`, `service-environment/${prefix}-s`],
    ...[`consumable-resource/${prefix}-c`, `job-queue/${prefix}-sq/quota-share/${prefix}-x`],
  ].map((resource) => arn(resource));
  return [
    ["CancelJob", JOBS.map((one) => ({ jobId: one, reason: "x" }))],
    ["CancelJobs", [{ jobs: JOBS, reason: "x" }]],
    ["TerminateJob", JOBS.map((one) => ({ jobId: one, reason: "x" }))],
    ["TerminateJobs", [{ jobs: JOBS, reason: "x" }]],
    ["DescribeJobs", [{ jobs: JOBS }]],
    [
      "ListJobs",
      [
        ...QUEUES.map((jobQueue) => ({ jobQueue })),
        { arrayJobId: arrayId, jobStatus: "RUNNING" },
        { arrayJobId: arn(`job/${arrayId}`), jobStatus: "RUNNING" },
        { multiNodeJobId: jobId, jobStatus: "RUNNING" },
      ],
    ],
    ["GetJobQueueSnapshot", QUEUES.map((jobQueue) => ({ jobQueue }))],
    [
      "SubmitJob",
      [
        ...QUEUES.map((jobQueue) => ({ jobName: "n", jobQueue, jobDefinition: "default" })),
        ...DEFINITIONS.map((jobDefinition) => ({ jobName: "n", jobQueue: "default", jobDefinition })),
        ...JOBS.map((one) => ({
          jobName: "n",
          jobQueue: "default",
          jobDefinition: "default",
          dependsOn: [{ jobId: one }],
        })),
        {
          jobName: "n",
          jobQueue: "default",
          jobDefinition: "default",
          consumableResourcePropertiesOverride: {
            consumableResourceList: [{ consumableResource: CONSUMABLES[1], quantity: 1 }],
          },
        },
      ],
    ],
    ["DescribeComputeEnvironments", [{}, { computeEnvironments: ENVIRONMENTS }]],
    ["UpdateComputeEnvironment", ENVIRONMENTS.map((computeEnvironment) => ({ computeEnvironment, state: "DISABLED" }))],
    ["DeleteComputeEnvironment", ENVIRONMENTS.map((computeEnvironment) => ({ computeEnvironment }))],
    ["DescribeJobQueues", [{}, { jobQueues: QUEUES }]],
    [
      "UpdateJobQueue",
      [
        ...QUEUES.map((jobQueue) => ({ jobQueue, state: "DISABLED" })),
        { jobQueue: "default", computeEnvironmentOrder: [{ order: 1, computeEnvironment: ENVIRONMENTS[1] }] },
        { jobQueue: "default", serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: SERVICE_ENVIRONMENTS[1] }] },
        { jobQueue: "default", schedulingPolicyArn: POLICIES[0] },
      ],
    ],
    [
      "CreateJobQueue",
      [
        {
          jobQueueName: "n",
          priority: 1,
          computeEnvironmentOrder: [{ order: 1, computeEnvironment: ENVIRONMENTS[1] }],
        },
        {
          jobQueueName: "n",
          priority: 1,
          serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: SERVICE_ENVIRONMENTS[1] }],
          jobQueueType: "SAGEMAKER_TRAINING",
        },
        {
          jobQueueName: "n",
          priority: 1,
          computeEnvironmentOrder: [{ order: 1, computeEnvironment: "default" }],
          schedulingPolicyArn: POLICIES[0],
        },
      ],
    ],
    ["DeleteJobQueue", QUEUES.map((jobQueue) => ({ jobQueue }))],
    ["DescribeJobDefinitions", [{}, { jobDefinitionName: `${prefix}-d` }, { jobDefinitions: DEFINITIONS }]],
    ["DeregisterJobDefinition", DEFINITIONS.map((jobDefinition) => ({ jobDefinition }))],
    [
      "RegisterJobDefinition",
      [
        {
          jobDefinitionName: `n-${prefix}`,
          type: "container",
          containerProperties: CONTAINER,
          consumableResourceProperties: {
            consumableResourceList: [{ consumableResource: CONSUMABLES[1], quantity: 1 }],
          },
        },
      ],
    ],
    ["DescribeConsumableResource", CONSUMABLES.map((consumableResource) => ({ consumableResource }))],
    [
      "UpdateConsumableResource",
      CONSUMABLES.map((consumableResource) => ({ consumableResource, operation: "SET", quantity: 0 })),
    ],
    ["DeleteConsumableResource", CONSUMABLES.map((consumableResource) => ({ consumableResource }))],
    ["ListConsumableResources", [{}]],
    ["ListJobsByConsumableResource", CONSUMABLES.map((consumableResource) => ({ consumableResource }))],
    ["ListSchedulingPolicies", [{}]],
    ["DescribeSchedulingPolicies", [{ arns: POLICIES }]],
    [
      "UpdateSchedulingPolicy",
      POLICIES.map((one) => ({ arn: one, quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } })),
    ],
    ["DeleteSchedulingPolicy", POLICIES.map((one) => ({ arn: one }))],
    ["DescribeServiceEnvironments", [{}, { serviceEnvironments: SERVICE_ENVIRONMENTS }]],
    [
      "UpdateServiceEnvironment",
      SERVICE_ENVIRONMENTS.map((serviceEnvironment) => ({ serviceEnvironment, state: "DISABLED" })),
    ],
    ["DeleteServiceEnvironment", SERVICE_ENVIRONMENTS.map((serviceEnvironment) => ({ serviceEnvironment }))],
    ["DescribeQuotaShare", SHARES.map((quotaShareArn) => ({ quotaShareArn }))],
    ["UpdateQuotaShare", SHARES.map((quotaShareArn) => ({ quotaShareArn, state: "DISABLED" }))],
    ["DeleteQuotaShare", SHARES.map((quotaShareArn) => ({ quotaShareArn }))],
    ["ListQuotaShares", TRAINING_QUEUES.map((jobQueue) => ({ jobQueue }))],
    [
      "CreateQuotaShare",
      TRAINING_QUEUES.map((jobQueue) => ({
        quotaShareName: "y",
        jobQueue,
        capacityLimits: LIMITS,
        resourceSharingConfiguration: { strategy: "RESERVE" },
        preemptionConfiguration: { inSharePreemption: "DISABLED" },
      })),
    ],
    [
      "SubmitServiceJob",
      TRAINING_QUEUES.map((jobQueue) => ({
        jobName: "n",
        jobQueue,
        serviceRequestPayload: "{}",
        serviceJobType: "SAGEMAKER_TRAINING",
      })),
    ],
    ["ListServiceJobs", TRAINING_QUEUES.map((jobQueue) => ({ jobQueue }))],
    ["DescribeServiceJob", SERVICE_JOBS.map((one) => ({ jobId: one }))],
    ["UpdateServiceJob", SERVICE_JOBS.map((one) => ({ jobId: one, schedulingPriority: 1 }))],
    ["TerminateServiceJob", SERVICE_JOBS.map((one) => ({ jobId: one, reason: "x" }))],
    ["TerminateServiceJobs", [{ jobs: SERVICE_JOBS, reason: "x" }]],
    ["TagResource", TAGGED.map((resourceArn) => ({ resourceArn, tags: { a: "b" } }))],
    ["UntagResource", TAGGED.map((resourceArn) => ({ resourceArn, tagKeys: ["note"] }))],
    ["ListTagsForResource", TAGGED.map((resourceArn) => ({ resourceArn }))],
  ];
}
