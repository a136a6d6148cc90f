import type { BatchOperationName } from "../../src/api/wire/operations.ts";
import type { Scene } from "./sample.ts";

/** Listings of at least two items each, to be read one at a time. */
export interface PagedListing {
  readonly operation: BatchOperationName;
  readonly input: (scene: Scene) => object | Promise<object>;
}

async function twice(scene: Scene, make: (scene: Scene) => Promise<unknown>): Promise<void> {
  await make({ ...scene, suffix: `${scene.suffix}-first` });
  await make({ ...scene, suffix: `${scene.suffix}-second` });
}

export const PAGED_LISTINGS: readonly PagedListing[] = [
  { operation: "DescribeComputeEnvironments", input: () => ({}) },
  { operation: "DescribeJobQueues", input: () => ({}) },
  { operation: "DescribeJobDefinitions", input: () => ({}) },
  { operation: "ListSchedulingPolicies", input: () => ({}) },
  { operation: "ListJobs", input: ({ names }) => ({ jobQueue: names.queue, jobStatus: "RUNNABLE" }) },
  {
    operation: "DescribeServiceEnvironments",
    async input(scene) {
      await twice(scene, ({ send, suffix }) =>
        send("CreateServiceEnvironment", {
          serviceEnvironmentName: `paged-${suffix}`,
          serviceEnvironmentType: "SAGEMAKER_TRAINING",
          capacityLimits: [{ maxCapacity: 1, capacityUnit: "NUM_INSTANCES" }],
        }),
      );
      return {};
    },
  },
  {
    operation: "ListConsumableResources",
    async input(scene) {
      await twice(scene, ({ send, suffix }) =>
        send("CreateConsumableResource", { consumableResourceName: `paged-${suffix}` }),
      );
      return {};
    },
  },
  {
    operation: "ListQuotaShares",
    async input(scene) {
      const jobQueue = scene.names.trainingQueue;
      await twice(scene, ({ send, suffix }) =>
        send("CreateQuotaShare", {
          quotaShareName: `paged-${suffix}`,
          jobQueue,
          capacityLimits: [{ maxCapacity: 1, capacityUnit: "ml.g6.xlarge" }],
          resourceSharingConfiguration: { strategy: "RESERVE" },
          preemptionConfiguration: { inSharePreemption: "DISABLED" },
        }),
      );
      return { jobQueue };
    },
  },
  {
    operation: "ListServiceJobs",
    async input(scene) {
      const { trainingQueue: jobQueue } = scene.names;
      await twice(scene, ({ send, suffix }) =>
        send("SubmitServiceJob", {
          jobName: "paged",
          jobQueue,
          quotaShareName: "some-share",
          serviceJobType: "SAGEMAKER_TRAINING",
          serviceRequestPayload: JSON.stringify({
            TrainingJobName: "train",
            AlgorithmSpecification: { TrainingImage: "scratch", ContainerEntrypoint: ["true"] },
            ResourceConfig: { InstanceCount: 1, InstanceType: "ml.g6.xlarge" },
          }),
          clientToken: `paged-${suffix}`,
        }),
      );
      return { jobQueue, jobStatus: "RUNNABLE" };
    },
  },
  {
    operation: "ListJobsByConsumableResource",
    async input(scene) {
      const { queue: jobQueue, definition: jobDefinition, consumable } = scene.names;
      const consumableResourceList = [{ consumableResource: consumable, quantity: 1 }];
      await twice(scene, ({ send }) =>
        send("SubmitJob", {
          jobName: "paged",
          jobQueue,
          jobDefinition,
          consumableResourcePropertiesOverride: { consumableResourceList },
        }),
      );
      return { consumableResource: consumable };
    },
  },
];
