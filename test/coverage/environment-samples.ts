import type { Known, Sample, Scene } from "./sample.ts";

const EC2 = {
  type: "EC2",
  minvCpus: 0,
  maxvCpus: 8,
  desiredvCpus: 2,
  instanceTypes: ["c5.large", "m5.large"],
  instanceRole: "ecsInstanceRole",
  subnets: ["subnet-1"],
  securityGroupIds: ["sg-1"],
};

const RICH_EC2 = {
  ...EC2,
  allocationStrategy: "BEST_FIT_PROGRESSIVE",
  imageId: "ami-1",
  ec2KeyPair: "key",
  tags: { Name: "worker" },
  placementGroup: "near",
  launchTemplate: {
    launchTemplateId: "lt-1",
    version: "1",
    overrides: [{ launchTemplateName: "special", version: "2", targetInstanceTypes: ["c5.large"] }],
  },
  ec2Configuration: [{ imageType: "ECS_AL2023", imageIdOverride: "ami-2" }],
  scalingPolicy: { minScaleDownDelayMinutes: 20 },
};

const MANAGED_INSTANCES = {
  type: "ECS_MANAGED_INSTANCES",
  maxvCpus: 8,
  capacityTags: { team: "blue" },
  managedInstancesProvider: {
    infrastructureRoleArn: "arn:aws:iam::123456789012:role/infrastructure",
    propagateTags: "NONE",
    infrastructureOptimization: { scaleInAfter: 60 },
    instanceLaunchTemplate: {
      ec2InstanceProfileArn: "arn:aws:iam::123456789012:instance-profile/instances",
      networkConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"] },
      instanceRequirements: { allowedInstanceTypes: ["c5.large"] },
      capacityOptionType: "ON_DEMAND",
      storageConfiguration: { storageSizeGiB: 50 },
      monitoring: "BASIC",
      fipsEnabled: false,
      capacityReservations: {
        reservationGroupArn: "arn:aws:resource-groups:us-east-1:123456789012:group/g",
        reservationPreference: "RESERVATIONS_FIRST",
      },
      instanceMetadataTagsPropagation: false,
      localStorageConfiguration: { useLocalStorage: false },
    },
  },
};

async function describeEnvironment({ send }: Scene, { computeEnvironmentName = "" }: Known) {
  const { computeEnvironments } = await send("DescribeComputeEnvironments", {
    computeEnvironments: [computeEnvironmentName],
  });
  return computeEnvironments[0];
}

async function describeQueue({ send }: Scene, { jobQueueName = "" }: Known) {
  return (await send("DescribeJobQueues", { jobQueues: [jobQueueName] })).jobQueues[0];
}

async function madeEnvironment(scene: Scene, computeResources: object): Promise<string> {
  const computeEnvironmentName = `environment-${scene.suffix}`;
  await scene.send("CreateComputeEnvironment", { computeEnvironmentName, type: "MANAGED", computeResources });
  return computeEnvironmentName;
}

async function madeServiceEnvironment(scene: Scene): Promise<string> {
  const serviceEnvironmentName = `trainers-${scene.suffix}`;
  await scene.send("CreateServiceEnvironment", {
    serviceEnvironmentName,
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    capacityLimits: [{ maxCapacity: 2, capacityUnit: "ml.g6.xlarge" }],
  });
  return serviceEnvironmentName;
}

const UPDATE_OTHERS = {
  "ComputeResourceUpdate.type": "SPOT",
  "ComputeResourceUpdate.updateToLatestImageVersion": true,
};

/** Compute environments and job queues. */
export const ENVIRONMENT_SAMPLES: readonly Sample[] = [
  {
    operation: "CreateComputeEnvironment",
    input: ({ suffix }) => ({
      computeEnvironmentName: `rich-${suffix}`,
      type: "MANAGED",
      state: "ENABLED",
      computeResources: RICH_EC2,
      serviceRole: "arn:aws:iam::123456789012:role/service",
      tags: { team: "blue" },
      context: "reserved",
      ecsSettings: { containerInsights: "ENABLED" },
    }),
    see: describeEnvironment,
  },
  {
    operation: "CreateComputeEnvironment",
    input: ({ suffix }) => ({
      computeEnvironmentName: `spot-${suffix}`,
      type: "MANAGED",
      computeResources: {
        ...EC2,
        type: "SPOT",
        bidPercentage: 60,
        spotIamFleetRole: "arn:aws:iam::123456789012:role/fleet",
        allocationStrategy: "SPOT_CAPACITY_OPTIMIZED",
        launchTemplate: { launchTemplateName: "usual", version: "$Latest" },
      },
    }),
    see: describeEnvironment,
  },
  {
    operation: "CreateComputeEnvironment",
    input: ({ suffix }) => ({
      computeEnvironmentName: `eks-${suffix}`,
      type: "MANAGED",
      eksConfiguration: {
        eksClusterArn: "arn:aws:eks:us-east-1:123456789012:cluster/c",
        kubernetesNamespace: "batch-jobs",
      },
      computeResources: {
        ...EC2,
        allocationStrategy: "BEST_FIT_PROGRESSIVE",
        launchTemplate: {
          launchTemplateId: "lt-1",
          userdataType: "EKS_NODEADM",
          overrides: [{ launchTemplateId: "lt-2", userdataType: "EKS_NODEADM", targetInstanceTypes: ["c5.large"] }],
        },
        ec2Configuration: [{ imageType: "EKS_AL2023", imageKubernetesVersion: "1.31", batchImageStatus: "LATEST" }],
      },
    }),
    see: describeEnvironment,
  },
  {
    operation: "CreateComputeEnvironment",
    input: ({ suffix }) => ({
      computeEnvironmentName: `managed-instances-${suffix}`,
      type: "MANAGED",
      computeResources: structuredClone(MANAGED_INSTANCES),
    }),
    see: describeEnvironment,
  },
  {
    operation: "CreateComputeEnvironment",
    input: ({ suffix }) => ({
      computeEnvironmentName: `unmanaged-${suffix}`,
      type: "UNMANAGED",
      unmanagedvCpus: 4,
      serviceRole: "arn:aws:iam::123456789012:role/service",
    }),
    see: describeEnvironment,
  },
  {
    operation: "UpdateComputeEnvironment",
    input: async (scene) => ({
      computeEnvironment: await madeEnvironment(scene, { ...EC2, allocationStrategy: "BEST_FIT_PROGRESSIVE" }),
      state: "DISABLED",
      computeResources: {
        ...RICH_EC2,
        type: "SPOT",
        minvCpus: 1,
        maxvCpus: 9,
        desiredvCpus: 3,
        bidPercentage: 40,
        allocationStrategy: "SPOT_PRICE_CAPACITY_OPTIMIZED",
        instanceRole: "otherRole",
        subnets: ["subnet-2"],
        securityGroupIds: ["sg-2"],
        instanceTypes: ["c5.large"],
      },
      updatePolicy: { terminateJobsOnUpdate: true, jobExecutionTimeoutMinutes: 10 },
      context: "changed",
      ecsSettings: { containerInsights: "DISABLED" },
    }),
    see: describeEnvironment,
    others: UPDATE_OTHERS,
  },
  {
    operation: "UpdateComputeEnvironment",
    input: async (scene) => ({
      computeEnvironment: await madeEnvironment(scene, { ...EC2, allocationStrategy: "BEST_FIT_PROGRESSIVE" }),
      serviceRole: "arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch",
      computeResources: { updateToLatestImageVersion: true },
    }),
    see: describeEnvironment,
    others: { "ComputeResourceUpdate.updateToLatestImageVersion": "yes" },
  },
  {
    operation: "UpdateComputeEnvironment",
    input: async (scene) => {
      const {
        capacityOptionType: _,
        fipsEnabled: __,
        ...instanceLaunchTemplate
      } = MANAGED_INSTANCES.managedInstancesProvider.instanceLaunchTemplate;
      return {
        computeEnvironment: await madeEnvironment(scene, structuredClone(MANAGED_INSTANCES)),
        computeResources: {
          maxvCpus: 16,
          capacityTags: { team: "green" },
          managedInstancesProvider: { ...MANAGED_INSTANCES.managedInstancesProvider, instanceLaunchTemplate },
        },
      };
    },
    see: describeEnvironment,
  },
  {
    operation: "UpdateComputeEnvironment",
    input: async (scene) => {
      const computeEnvironmentName = `unmanaged-${scene.suffix}`;
      const serviceRole = "arn:aws:iam::123456789012:role/service";
      await scene.send("CreateComputeEnvironment", { computeEnvironmentName, type: "UNMANAGED", serviceRole });
      return { computeEnvironment: computeEnvironmentName, unmanagedvCpus: 8 };
    },
    see: describeEnvironment,
  },
  {
    operation: "DeleteComputeEnvironment",
    input: async (scene) => {
      const computeEnvironment = await madeEnvironment(scene, EC2);
      await scene.send("UpdateComputeEnvironment", { computeEnvironment, state: "DISABLED" });
      return { computeEnvironment };
    },
    see: ({ send, suffix }) => send("DescribeComputeEnvironments", { computeEnvironments: [`environment-${suffix}`] }),
  },
  {
    operation: "DescribeComputeEnvironments",
    input: ({ names }) => ({ computeEnvironments: [names.environment] }),
  },
  {
    operation: "CreateJobQueue",
    input: ({ suffix, names }) => ({
      jobQueueName: `rich-${suffix}`,
      state: "DISABLED",
      priority: 7,
      schedulingPolicyArn: names.fairPolicyArn,
      computeEnvironmentOrder: [{ order: 3, computeEnvironment: names.environment }],
      jobQueueType: "ECS",
      tags: { team: "blue" },
      jobStateTimeLimitActions: [
        {
          reason: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
          state: "RUNNABLE",
          maxTimeSeconds: 700,
          action: "CANCEL",
        },
      ],
    }),
    see: describeQueue,
  },
  {
    operation: "CreateJobQueue",
    input: async (scene) => ({
      jobQueueName: `training-${scene.suffix}`,
      priority: 1,
      jobQueueType: "SAGEMAKER_TRAINING",
      serviceEnvironmentOrder: [{ order: 2, serviceEnvironment: await madeServiceEnvironment(scene) }],
    }),
    see: describeQueue,
  },
  {
    operation: "UpdateJobQueue",
    input: async (scene) => {
      const { suffix, names, send } = scene;
      const { arn } = await send("CreateSchedulingPolicy", { name: `other-${suffix}`, fairsharePolicy: {} });
      const jobQueue = `updated-${suffix}`;
      const computeEnvironmentOrder = [{ order: 1, computeEnvironment: names.environment }];
      const schedulingPolicyArn = names.fairPolicyArn;
      await send("CreateJobQueue", {
        jobQueueName: jobQueue,
        priority: 1,
        computeEnvironmentOrder,
        schedulingPolicyArn,
      });
      return {
        jobQueue,
        state: "DISABLED",
        priority: 9,
        schedulingPolicyArn: arn,
        computeEnvironmentOrder: [{ order: 5, computeEnvironment: await madeEnvironment(scene, EC2) }],
        jobStateTimeLimitActions: [
          {
            reason: "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
            state: "RUNNABLE",
            maxTimeSeconds: 800,
            action: "CANCEL",
          },
        ],
      };
    },
    see: describeQueue,
  },
  {
    operation: "UpdateJobQueue",
    input: async (scene) => {
      const { suffix, send } = scene;
      const jobQueue = `updated-${suffix}`;
      const serviceEnvironment = await madeServiceEnvironment(scene);
      const serviceEnvironmentOrder = [{ order: 1, serviceEnvironment }];
      await send("CreateJobQueue", {
        jobQueueName: jobQueue,
        priority: 1,
        jobQueueType: "SAGEMAKER_TRAINING",
        serviceEnvironmentOrder,
      });
      return { jobQueue, serviceEnvironmentOrder: [{ order: 4, serviceEnvironment }] };
    },
    see: describeQueue,
  },
  {
    operation: "DeleteJobQueue",
    input: async ({ send, suffix, names }) => {
      const jobQueueName = `deleted-${suffix}`;
      const computeEnvironmentOrder = [{ order: 1, computeEnvironment: names.environment }];
      await send("CreateJobQueue", { jobQueueName, priority: 1, state: "DISABLED", computeEnvironmentOrder });
      return { jobQueue: jobQueueName };
    },
    see: ({ send, suffix }) => send("DescribeJobQueues", { jobQueues: [`deleted-${suffix}`] }),
  },
  { operation: "DescribeJobQueues", input: ({ names }) => ({ jobQueues: [names.queue] }) },
  { operation: "GetJobQueueSnapshot", input: ({ names }) => ({ jobQueue: names.queue }) },
];
