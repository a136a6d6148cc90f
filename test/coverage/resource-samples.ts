import type { Known, Sample, Scene } from "./sample.ts";

async function describePolicy({ send }: Scene, { arn = "" }: Known) {
  return (await send("DescribeSchedulingPolicies", { arns: [arn] })).schedulingPolicies[0];
}

async function describeShare({ send }: Scene, { quotaShareArn = "" }: Known) {
  return send("DescribeQuotaShare", { quotaShareArn });
}

async function describeServiceEnvironment({ send }: Scene, { serviceEnvironmentName = "" }: Known) {
  const serviceEnvironments = [serviceEnvironmentName];
  return (await send("DescribeServiceEnvironments", { serviceEnvironments })).serviceEnvironments[0];
}

async function describeConsumable({ send }: Scene, { consumableResourceName = "" }: Known) {
  return send("DescribeConsumableResource", { consumableResource: consumableResourceName });
}

function share(scene: Scene): object {
  return {
    quotaShareName: `share-${scene.suffix}`,
    jobQueue: scene.names.trainingQueue,
    capacityLimits: [{ maxCapacity: 2, capacityUnit: "ml.g6.xlarge" }],
    resourceSharingConfiguration: { strategy: "LEND_AND_BORROW", borrowLimit: 50 },
    preemptionConfiguration: { inSharePreemption: "ENABLED" },
  };
}

/** A training queue of its own: one has at most 20 shares. */
async function ownQueue(scene: Scene): Promise<Scene> {
  const { send, suffix, names } = scene;
  const serviceEnvironment = await madeServiceEnvironment(scene);
  const trainingQueue = `queue-${suffix}`;
  await send("CreateJobQueue", {
    jobQueueName: trainingQueue,
    priority: 1,
    jobQueueType: "SAGEMAKER_TRAINING",
    serviceEnvironmentOrder: [{ order: 1, serviceEnvironment }],
    schedulingPolicyArn: names.quotaPolicyArn,
  });
  return { ...scene, names: { ...names, trainingQueue } };
}

async function madeShare(scene: Scene, more: object = {}): Promise<string> {
  const answer = await scene.send("CreateQuotaShare", { ...share(await ownQueue(scene)), ...more });
  return answer.quotaShareArn;
}

async function madeServiceEnvironment({ send, suffix }: Scene): Promise<string> {
  const serviceEnvironmentName = `trainers-${suffix}`;
  await send("CreateServiceEnvironment", {
    serviceEnvironmentName,
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    capacityLimits: [{ maxCapacity: 2, capacityUnit: "ml.g6.xlarge" }],
  });
  return serviceEnvironmentName;
}

async function madeConsumable({ send, suffix }: Scene): Promise<string> {
  const consumableResourceName = `licence-${suffix}`;
  await send("CreateConsumableResource", { consumableResourceName, totalQuantity: 5 });
  return consumableResourceName;
}

async function madePolicy({ send, suffix }: Scene, policy: object): Promise<string> {
  return (await send("CreateSchedulingPolicy", { name: `policy-${suffix}`, ...policy })).arn;
}

const FAIR = {
  shareDecaySeconds: 100,
  computeReservation: 10,
  shareDistribution: [{ shareIdentifier: "red", weightFactor: 0.5 }],
};

/** Scheduling policies, quota shares, service environments, consumable resources, tags. */
export const RESOURCE_SAMPLES: readonly Sample[] = [
  {
    operation: "CreateSchedulingPolicy",
    input: ({ suffix }) => ({ name: `rich-${suffix}`, fairsharePolicy: FAIR, tags: { team: "blue" } }),
    see: describePolicy,
  },
  {
    operation: "CreateSchedulingPolicy",
    input: ({ suffix }) => ({ name: `quota-${suffix}`, quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } }),
    see: describePolicy,
  },
  {
    operation: "UpdateSchedulingPolicy",
    input: async (scene) => ({ arn: await madePolicy(scene, { fairsharePolicy: {} }), fairsharePolicy: FAIR }),
    see: describePolicy,
  },
  {
    operation: "UpdateSchedulingPolicy",
    input: async (scene) => {
      const quotaSharePolicy = { idleResourceAssignmentStrategy: "FIFO" };
      return { arn: await madePolicy(scene, { quotaSharePolicy }), quotaSharePolicy };
    },
    see: describePolicy,
  },
  {
    operation: "DeleteSchedulingPolicy",
    input: async (scene) => ({ arn: await madePolicy(scene, { fairsharePolicy: {} }) }),
    see: async (scene) => (await scene.send("ListSchedulingPolicies", {})).schedulingPolicies.length,
  },
  { operation: "DescribeSchedulingPolicies", input: ({ names }) => ({ arns: [names.fairPolicyArn] }) },
  {
    operation: "CreateQuotaShare",
    input: async (scene) => ({ ...share(await ownQueue(scene)), state: "DISABLED", tags: { team: "blue" } }),
    see: describeShare,
  },
  {
    operation: "UpdateQuotaShare",
    input: async (scene) => ({
      quotaShareArn: await madeShare(scene),
      capacityLimits: [{ maxCapacity: 1, capacityUnit: "ml.g6.xlarge" }],
      resourceSharingConfiguration: { strategy: "LEND_AND_BORROW", borrowLimit: 70 },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
      state: "DISABLED",
    }),
    see: describeShare,
  },
  {
    operation: "DeleteQuotaShare",
    input: async (scene) => ({ quotaShareArn: await madeShare(scene, { state: "DISABLED" }) }),
    see: ({ send, suffix }) => send("ListQuotaShares", { jobQueue: `queue-${suffix}` }),
  },
  { operation: "DescribeQuotaShare", input: ({ names }) => ({ quotaShareArn: names.quotaShareArn }) },
  { operation: "ListQuotaShares", input: ({ names }) => ({ jobQueue: names.trainingQueue }) },
  {
    operation: "CreateServiceEnvironment",
    input: ({ suffix }) => ({
      serviceEnvironmentName: `rich-${suffix}`,
      serviceEnvironmentType: "SAGEMAKER_TRAINING",
      state: "DISABLED",
      capacityLimits: [{ maxCapacity: 3, capacityUnit: "NUM_INSTANCES" }],
      tags: { team: "blue" },
    }),
    see: describeServiceEnvironment,
  },
  {
    operation: "UpdateServiceEnvironment",
    input: async (scene) => ({
      serviceEnvironment: await madeServiceEnvironment(scene),
      state: "DISABLED",
      capacityLimits: [{ maxCapacity: 7, capacityUnit: "ml.g6.xlarge" }],
    }),
    see: describeServiceEnvironment,
  },
  {
    operation: "DeleteServiceEnvironment",
    input: async (scene) => {
      const serviceEnvironment = await madeServiceEnvironment(scene);
      await scene.send("UpdateServiceEnvironment", { serviceEnvironment, state: "DISABLED" });
      return { serviceEnvironment };
    },
    see: ({ send, suffix }) => send("DescribeServiceEnvironments", { serviceEnvironments: [`trainers-${suffix}`] }),
  },
  {
    operation: "DescribeServiceEnvironments",
    input: ({ names }) => ({ serviceEnvironments: [names.serviceEnvironment] }),
  },
  {
    operation: "CreateConsumableResource",
    input: ({ suffix }) => ({
      consumableResourceName: `rich-${suffix}`,
      totalQuantity: 5,
      resourceType: "NON_REPLENISHABLE",
      tags: { team: "blue" },
    }),
    see: describeConsumable,
  },
  {
    operation: "UpdateConsumableResource",
    input: async (scene) => {
      const consumableResource = await madeConsumable(scene);
      const update = { consumableResource, operation: "ADD", quantity: 2, clientToken: `token-${scene.suffix}` };
      await scene.send("UpdateConsumableResource", update);
      return update;
    },
    see: describeConsumable,
  },
  {
    operation: "DeleteConsumableResource",
    input: async (scene) => ({ consumableResource: await madeConsumable(scene) }),
    see: ({ send, suffix }) =>
      send("ListConsumableResources", {
        filters: [{ name: "CONSUMABLE_RESOURCE_NAME", values: [`licence-${suffix}`] }],
      }),
  },
  { operation: "DescribeConsumableResource", input: ({ names }) => ({ consumableResource: names.consumable }) },
  {
    operation: "ListConsumableResources",
    input: () => ({ filters: [{ name: "CONSUMABLE_RESOURCE_NAME", values: ["some-l*"] }] }),
  },
  {
    operation: "ListJobsByConsumableResource",
    input: async (scene) => {
      const consumableResource = await madeConsumable(scene);
      await scene.send("SubmitJob", {
        jobName: "licensed",
        jobQueue: scene.names.queue,
        jobDefinition: scene.names.definition,
        consumableResourcePropertiesOverride: { consumableResourceList: [{ consumableResource, quantity: 2 }] },
      });
      return { consumableResource, filters: [{ name: "JOB_NAME", values: ["lic*"] }] };
    },
    others: { "ListJobsByConsumableResourceRequest.filters": [{ name: "JOB_NAME", values: ["other"] }] },
  },
  {
    operation: "TagResource",
    input: async (scene) => ({ resourceArn: await madePolicy(scene, { fairsharePolicy: {} }), tags: { team: "blue" } }),
    see: (scene, { resourceArn }) => describePolicy(scene, { arn: resourceArn ?? "" }),
  },
  {
    operation: "UntagResource",
    input: async (scene) => ({
      resourceArn: await madePolicy(scene, { fairsharePolicy: {}, tags: { team: "blue", season: "winter" } }),
      tagKeys: ["team"],
    }),
    see: (scene, { resourceArn }) => describePolicy(scene, { arn: resourceArn ?? "" }),
  },
  { operation: "ListTagsForResource", input: ({ names }) => ({ resourceArn: names.environmentArn }) },
];
