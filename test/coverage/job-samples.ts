import type { Known, Sample, Scene } from "./sample.ts";

const SIZE = [
  { type: "VCPU", value: "1" },
  { type: "MEMORY", value: "64" },
];
const LARGER = [
  { type: "VCPU", value: "2" },
  { type: "MEMORY", value: "128" },
];
const COLOUR = [{ name: "COLOUR", value: "green" }];
const RETRY = {
  attempts: 3,
  evaluateOnExit: [{ action: "RETRY", onStatusReason: "Host EC2*", onReason: "Cannot*", onExitCode: "1*" }],
};

async function describeJob({ send }: Scene, { jobId = "" }: Known) {
  return (await send("DescribeJobs", { jobs: [jobId, `${jobId}#1`] })).jobs;
}

async function describeServiceJob({ send }: Scene, { jobId = "" }: Known) {
  return send("DescribeServiceJob", { jobId });
}

async function waitingJob({ send, names }: Scene, more: object = {}): Promise<string> {
  const request = { jobName: "waits", jobQueue: names.queue, jobDefinition: names.definition, ...more };
  return (await send("SubmitJob", request)).jobId;
}

async function trainingJob({ send, names, suffix }: Scene): Promise<string> {
  const answer = await send("SubmitServiceJob", { ...training(names.trainingQueue), clientToken: `made-${suffix}` });
  return answer.jobId;
}

function training(jobQueue: string): object {
  return {
    jobName: "training",
    jobQueue,
    serviceJobType: "SAGEMAKER_TRAINING",
    quotaShareName: "some-share",
    serviceRequestPayload: JSON.stringify({
      TrainingJobName: "train",
      AlgorithmSpecification: { TrainingImage: "scratch", ContainerEntrypoint: ["true"] },
      ResourceConfig: { InstanceCount: 1, InstanceType: "ml.g6.xlarge" },
    }),
  };
}

/** An EKS environment, its queue and a pod's definition. */
async function podQueue({ send, suffix }: Scene): Promise<{ jobQueue: string; jobDefinition: string }> {
  const name = `eks-${suffix}`;
  await send("CreateComputeEnvironment", {
    computeEnvironmentName: name,
    type: "MANAGED",
    eksConfiguration: { eksClusterArn: "arn:aws:eks:us-east-1:123456789012:cluster/c", kubernetesNamespace: "jobs" },
    computeResources: {
      type: "EC2",
      allocationStrategy: "BEST_FIT_PROGRESSIVE",
      minvCpus: 0,
      maxvCpus: 8,
      instanceTypes: ["c5.large"],
      instanceRole: "eksInstanceRole",
      subnets: ["subnet-1"],
      securityGroupIds: ["sg-1"],
    },
  });
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: name }];
  await send("CreateJobQueue", { jobQueueName: name, priority: 1, computeEnvironmentOrder });
  await send("UpdateComputeEnvironment", { computeEnvironment: name, state: "DISABLED" });
  await send("RegisterJobDefinition", {
    jobDefinitionName: name,
    type: "container",
    eksProperties: {
      podProperties: {
        containers: [{ name: "main", image: "busybox:1", resources: { limits: { cpu: "1", memory: "64Mi" } } }],
        initContainers: [{ name: "first", image: "busybox:1" }],
        metadata: { labels: { team: "blue" }, namespace: "jobs" },
      },
    },
  });
  return { jobQueue: name, jobDefinition: name };
}

const POD_CONTAINER = {
  image: "busybox:2",
  command: ["sh"],
  args: ["-c", "true"],
  env: COLOUR,
  resources: { limits: { cpu: "2", memory: "128Mi" }, requests: { cpu: "2", memory: "128Mi" } },
};
const POD_OVERRIDE = {
  podProperties: {
    containers: [{ name: "main", ...POD_CONTAINER }],
    initContainers: [{ name: "first", ...POD_CONTAINER }],
    metadata: { labels: { team: "green" }, annotations: { note: "hello" } },
  },
};
const TASK_OVERRIDE = {
  taskProperties: [
    { containers: [{ name: "main", command: ["false"], environment: COLOUR, resourceRequirements: LARGER }] },
  ],
};

/** Submitting, describing, listing and stopping jobs and service jobs. */
export const JOB_SAMPLES: readonly Sample[] = [
  {
    operation: "SubmitJob",
    input: async (scene) => ({
      jobName: "rich",
      jobQueue: scene.names.fairQueue,
      jobDefinition: scene.names.definition,
      shareIdentifier: "red",
      schedulingPriorityOverride: 7,
      arrayProperties: { size: 3 },
      dependsOn: [{ jobId: await waitingJob(scene, { arrayProperties: { size: 3 } }), type: "N_TO_N" }],
      parameters: { word: "hello" },
      containerOverrides: { command: ["echo", "Ref::word"], environment: COLOUR, resourceRequirements: LARGER },
      retryStrategy: RETRY,
      propagateTags: true,
      timeout: { attemptDurationSeconds: 100 },
      tags: { team: "blue" },
      consumableResourcePropertiesOverride: {
        consumableResourceList: [{ consumableResource: scene.names.consumable, quantity: 2 }],
      },
    }),
    see: describeJob,
  },
  {
    operation: "SubmitJob",
    input: async ({ send, names, suffix }) => {
      const jobDefinition = `legacy-${suffix}`;
      const containerProperties = { image: "busybox:1", vcpus: 1, memory: 64 };
      await send("RegisterJobDefinition", { jobDefinitionName: jobDefinition, type: "container", containerProperties });
      return {
        jobName: "legacy",
        jobQueue: names.queue,
        jobDefinition,
        containerOverrides: { vcpus: 2, memory: 128, instanceType: "c5.large" },
      };
    },
    see: describeJob,
  },
  {
    operation: "SubmitJob",
    input: async ({ send, names, suffix }) => {
      const jobDefinition = `task-${suffix}`;
      const containers = [{ name: "main", image: "busybox:1", resourceRequirements: SIZE }];
      const ecsProperties = { taskProperties: [{ containers }] };
      await send("RegisterJobDefinition", { jobDefinitionName: jobDefinition, type: "container", ecsProperties });
      return { jobName: "task", jobQueue: names.queue, jobDefinition, ecsPropertiesOverride: TASK_OVERRIDE };
    },
    see: describeJob,
  },
  {
    operation: "SubmitJob",
    input: async (scene) => ({ jobName: "pod", ...(await podQueue(scene)), eksPropertiesOverride: POD_OVERRIDE }),
    see: describeJob,
  },
  {
    operation: "SubmitJob",
    input: ({ names }) => ({
      jobName: "nodes",
      jobQueue: names.queue,
      jobDefinition: names.multinode,
      nodeOverrides: {
        numNodes: 3,
        nodePropertyOverrides: [
          {
            targetNodes: "0:",
            containerOverrides: { command: ["true"], instanceType: "c5.large" },
            consumableResourcePropertiesOverride: {
              consumableResourceList: [{ consumableResource: names.consumable, quantity: 1 }],
            },
          },
        ],
      },
    }),
    see: describeJob,
  },
  {
    operation: "SubmitJob",
    input: async ({ send, names, suffix }) => {
      const jobDefinition = `task-nodes-${suffix}`;
      const containers = [{ name: "main", image: "busybox:1", resourceRequirements: SIZE }];
      const nodeRangeProperties = [{ targetNodes: "0:", ecsProperties: { taskProperties: [{ containers }] } }];
      const nodeProperties = { numNodes: 2, mainNode: 0, nodeRangeProperties };
      await send("RegisterJobDefinition", { jobDefinitionName: jobDefinition, type: "multinode", nodeProperties });
      const nodePropertyOverrides = [
        { targetNodes: "0:", instanceTypes: ["c5.large"], ecsPropertiesOverride: TASK_OVERRIDE },
      ];
      return { jobName: "nodes", jobQueue: names.queue, jobDefinition, nodeOverrides: { nodePropertyOverrides } };
    },
    see: describeJob,
  },
  {
    operation: "SubmitJob",
    input: async (scene) => {
      const { jobQueue } = await podQueue(scene);
      const jobDefinition = `pod-nodes-${scene.suffix}`;
      const containers = [{ name: "main", image: "busybox:1", resources: { limits: { cpu: "1", memory: "64Mi" } } }];
      const podProperties = { containers, initContainers: [{ name: "first", image: "busybox:1" }] };
      const nodeRangeProperties = [{ targetNodes: "0:", eksProperties: { podProperties } }];
      const nodeProperties = { numNodes: 2, mainNode: 0, nodeRangeProperties };
      await scene.send("RegisterJobDefinition", {
        jobDefinitionName: jobDefinition,
        type: "multinode",
        nodeProperties,
      });
      const nodePropertyOverrides = [{ targetNodes: "0:", eksPropertiesOverride: POD_OVERRIDE }];
      return { jobName: "nodes", jobQueue, jobDefinition, nodeOverrides: { nodePropertyOverrides } };
    },
    see: describeJob,
  },
  { operation: "DescribeJobs", input: ({ names }) => ({ jobs: [names.jobId, names.arrayJobId] }) },
  {
    operation: "ListJobs",
    input: ({ names }) => ({ jobQueue: names.queue, jobStatus: "RUNNABLE" }),
    others: { "ListJobsRequest.jobStatus": "FAILED" },
  },
  {
    operation: "ListJobs",
    input: ({ names }) => ({ arrayJobId: names.arrayJobId, jobStatus: "RUNNABLE" }),
    others: { "ListJobsRequest.jobStatus": "FAILED" },
  },
  {
    operation: "ListJobs",
    input: ({ names }) => ({ multiNodeJobId: names.multinodeJobId, jobStatus: "RUNNABLE" }),
  },
  {
    operation: "ListJobs",
    input: ({ names }) => ({ jobQueue: names.queue, filters: [{ name: "JOB_NAME", values: ["some-j*"] }] }),
  },
  {
    operation: "CancelJob",
    input: async (scene) => ({ jobId: await waitingJob(scene), reason: "enough" }),
    see: describeJob,
  },
  {
    operation: "TerminateJob",
    input: async (scene) => ({ jobId: await waitingJob(scene), reason: "enough" }),
    see: describeJob,
  },
  {
    operation: "CancelJobs",
    input: async (scene) => ({ jobs: [await waitingJob(scene)], reason: "enough" }),
    see: seeFirst,
  },
  {
    operation: "TerminateJobs",
    input: async (scene) => ({ jobs: [await waitingJob(scene)], reason: "enough" }),
    see: seeFirst,
  },
  {
    operation: "SubmitServiceJob",
    input: ({ names, suffix }) => ({
      ...training(names.trainingQueue),
      clientToken: `token-${suffix}`,
      schedulingPriority: 5,
      retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "RETRY", onStatusReason: "*CapacityError*" }] },
      timeoutConfig: { attemptDurationSeconds: 100 },
      preemptionConfiguration: { preemptionRetriesBeforeTermination: 2 },
      tags: { team: "blue" },
    }),
    see: describeServiceJob,
  },
  {
    operation: "SubmitServiceJob",
    input: async ({ send, names, suffix }) => {
      const serviceEnvironment = `trainers-${suffix}`;
      await send("CreateServiceEnvironment", {
        serviceEnvironmentName: serviceEnvironment,
        serviceEnvironmentType: "SAGEMAKER_TRAINING",
        capacityLimits: [{ maxCapacity: 2, capacityUnit: "NUM_INSTANCES" }],
      });
      const jobQueueName = `fair-training-${suffix}`;
      await send("CreateJobQueue", {
        jobQueueName,
        priority: 1,
        jobQueueType: "SAGEMAKER_TRAINING",
        serviceEnvironmentOrder: [{ order: 1, serviceEnvironment }],
        schedulingPolicyArn: names.fairPolicyArn,
      });
      await send("UpdateServiceEnvironment", { serviceEnvironment, state: "DISABLED" });
      const { quotaShareName: _, ...request } = training(jobQueueName) as { quotaShareName: string };
      const repeated = { ...request, shareIdentifier: "red", schedulingPriority: 1, clientToken: `token-${suffix}` };
      await send("SubmitServiceJob", repeated);
      return repeated;
    },
    // Submitted twice with one token it is one job.
    see: async (scene, { jobId = "", jobQueue = "" }) => ({
      ...(await describeServiceJob(scene, { jobId })),
      listed: (await scene.send("ListServiceJobs", { jobQueue, jobStatus: "RUNNABLE" })).jobSummaryList.length,
    }),
  },
  { operation: "DescribeServiceJob", input: ({ names }) => ({ jobId: names.serviceJobId }) },
  {
    operation: "ListServiceJobs",
    input: ({ names }) => ({ jobQueue: names.trainingQueue, jobStatus: "RUNNABLE" }),
    others: { "ListServiceJobsRequest.jobStatus": "FAILED" },
  },
  {
    operation: "ListServiceJobs",
    input: ({ names }) => ({ jobQueue: names.trainingQueue, filters: [{ name: "JOB_NAME", values: ["some-*"] }] }),
  },
  {
    operation: "UpdateServiceJob",
    input: async (scene) => ({ jobId: await trainingJob(scene), schedulingPriority: 9 }),
    see: describeServiceJob,
  },
  {
    operation: "TerminateServiceJob",
    input: async (scene) => ({ jobId: await trainingJob(scene), reason: "enough" }),
    see: describeServiceJob,
  },
  {
    operation: "TerminateServiceJobs",
    input: async (scene) => ({ jobs: [await trainingJob(scene)], reason: "enough" }),
    see: (scene, { jobs = [] }) => describeServiceJob(scene, { jobId: jobs[0] ?? "" }),
  },
];

function seeFirst(scene: Scene, { jobs = [] }: Known) {
  return describeJob(scene, { jobId: jobs[0] ?? "" });
}
