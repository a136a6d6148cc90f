import type { Demand, Demands } from "../access/authorized.ts";
import type { BatchInput, BatchOperationName, Call } from "../wire/operations.ts";

/**
 * What each operation demands of the caller's policy, as the Service Authorization Reference lists actions and resource types for AWS
 * Batch. A resource is named as the handler will look it up, so that no other spelling of its name slips through a Deny.
 */
export const BATCH_DEMANDS: { readonly [Op in BatchOperationName]: Demands<BatchInput<Op>> } = {
  CancelJob: ({ jobId }, call) => [["CancelJob", job(call, jobId)]],
  // For each job by itself, by the handler.
  CancelJobs: () => [],
  CreateComputeEnvironment: (input, call) =>
    creates("CreateComputeEnvironment", arn(call, "compute-environment", input.computeEnvironmentName), input.tags),
  CreateConsumableResource: (input, call) =>
    creates("CreateConsumableResource", arn(call, "consumable-resource", input.consumableResourceName), input.tags),
  CreateJobQueue: (input, call) => [
    ...creates("CreateJobQueue", arn(call, "job-queue", input.jobQueueName), input.tags),
    ...usedByQueue("CreateJobQueue", call, input),
  ],
  CreateQuotaShare: (input, call) => {
    const queue = named(call, "job-queue", input.jobQueue);
    const share = `${queue}/quota-share/${input.quotaShareName}`;
    return [...creates("CreateQuotaShare", share, input.tags), ["CreateQuotaShare", queue]];
  },
  CreateSchedulingPolicy: (input, call) =>
    creates("CreateSchedulingPolicy", arn(call, "scheduling-policy", input.name), input.tags),
  CreateServiceEnvironment: (input, call) =>
    creates("CreateServiceEnvironment", arn(call, "service-environment", input.serviceEnvironmentName), input.tags),
  DeleteComputeEnvironment: ({ computeEnvironment }, call) => [
    ["DeleteComputeEnvironment", named(call, "compute-environment", computeEnvironment)],
  ],
  DeleteConsumableResource: ({ consumableResource }, call) => [
    ["DeleteConsumableResource", named(call, "consumable-resource", consumableResource)],
  ],
  DeleteJobQueue: ({ jobQueue }, call) => [["DeleteJobQueue", named(call, "job-queue", jobQueue)]],
  DeleteQuotaShare: ({ quotaShareArn }) => [["DeleteQuotaShare", quotaShareArn]],
  DeleteSchedulingPolicy: ({ arn: policy }) => [["DeleteSchedulingPolicy", policy]],
  DeleteServiceEnvironment: ({ serviceEnvironment }, call) => [
    ["DeleteServiceEnvironment", named(call, "service-environment", serviceEnvironment)],
  ],
  DeregisterJobDefinition: ({ jobDefinition }, call) => [["DeregisterJobDefinition", definition(call, jobDefinition)]],
  DescribeComputeEnvironments: () => [["DescribeComputeEnvironments", EVERYTHING]],
  DescribeConsumableResource: ({ consumableResource }, call) => [
    ["DescribeConsumableResource", named(call, "consumable-resource", consumableResource)],
  ],
  DescribeJobDefinitions: () => [["DescribeJobDefinitions", EVERYTHING]],
  DescribeJobQueues: () => [["DescribeJobQueues", EVERYTHING]],
  DescribeJobs: () => [["DescribeJobs", EVERYTHING]],
  DescribeQuotaShare: ({ quotaShareArn }) => [["DescribeQuotaShare", quotaShareArn]],
  DescribeSchedulingPolicies: () => [["DescribeSchedulingPolicies", EVERYTHING]],
  DescribeServiceEnvironments: () => [["DescribeServiceEnvironments", EVERYTHING]],
  DescribeServiceJob: () => [["DescribeServiceJob", EVERYTHING]],
  GetJobQueueSnapshot: ({ jobQueue }, call) => [["GetJobQueueSnapshot", named(call, "job-queue", jobQueue)]],
  ListConsumableResources: () => [["ListConsumableResources", EVERYTHING]],
  ListJobs: () => [["ListJobs", EVERYTHING]],
  ListJobsByConsumableResource: ({ consumableResource }, call) => [
    ["ListJobsByConsumableResource", named(call, "consumable-resource", consumableResource)],
  ],
  ListQuotaShares: ({ jobQueue }, call) => [["ListQuotaShares", named(call, "job-queue", jobQueue)]],
  ListSchedulingPolicies: () => [["ListSchedulingPolicies", EVERYTHING]],
  ListServiceJobs: () => [["ListServiceJobs", EVERYTHING]],
  ListTagsForResource: ({ resourceArn }) => [["ListTagsForResource", tagged(resourceArn)]],
  RegisterJobDefinition: (input, call) => {
    const { jobDefinitionName: name, consumableResourceProperties: consumables } = input;
    return [
      ["RegisterJobDefinition", arn(call, "job-definition", name)],
      ...consumes("RegisterJobDefinition", call, consumables?.consumableResourceList),
      ...tags(arn(call, "job-definition", `${name}:*`), input.tags),
    ];
  },
  SubmitJob: (input, call) => [
    ["SubmitJob", definition(call, input.jobDefinition)],
    ["SubmitJob", named(call, "job-queue", input.jobQueue)],
    ...consumes("SubmitJob", call, input.consumableResourcePropertiesOverride?.consumableResourceList),
    ...tags(arn(call, "job", "*"), input.tags),
  ],
  SubmitServiceJob: (input, call) => {
    const queue = named(call, "job-queue", input.jobQueue);
    const { quotaShareName: share } = input;
    return [
      ["SubmitServiceJob", queue],
      ...(share === undefined ? [] : [["SubmitServiceJob", `${queue}/quota-share/${share}`] as const]),
      ...tags(arn(call, "service-job", "*"), input.tags),
    ];
  },
  TagResource: ({ resourceArn }) => [["TagResource", tagged(resourceArn)]],
  TerminateJob: ({ jobId }, call) => [["TerminateJob", job(call, jobId)]],
  TerminateJobs: () => [],
  TerminateServiceJob: ({ jobId }, call) => [["TerminateServiceJob", serviceJob(call, jobId)]],
  TerminateServiceJobs: () => [],
  UntagResource: ({ resourceArn }) => [["UntagResource", tagged(resourceArn)]],
  UpdateComputeEnvironment: ({ computeEnvironment }, call) => [
    ["UpdateComputeEnvironment", named(call, "compute-environment", computeEnvironment)],
  ],
  UpdateConsumableResource: ({ consumableResource }, call) => [
    ["UpdateConsumableResource", named(call, "consumable-resource", consumableResource)],
  ],
  UpdateJobQueue: (input, call) => [
    ["UpdateJobQueue", named(call, "job-queue", input.jobQueue)],
    ...usedByQueue("UpdateJobQueue", call, input),
  ],
  UpdateQuotaShare: ({ quotaShareArn }) => [["UpdateQuotaShare", quotaShareArn]],
  UpdateSchedulingPolicy: ({ arn: policy }) => [["UpdateSchedulingPolicy", policy]],
  UpdateServiceEnvironment: ({ serviceEnvironment }, call) => [
    ["UpdateServiceEnvironment", named(call, "service-environment", serviceEnvironment)],
  ],
  UpdateServiceJob: ({ jobId }, call) => [["UpdateServiceJob", serviceJob(call, jobId)]],
};

/** The resource of actions that have none. */
const EVERYTHING = "*";

type Type =
  | "compute-environment"
  | "consumable-resource"
  | "job"
  | "job-definition"
  | "job-queue"
  | "scheduling-policy"
  | "service-environment"
  | "service-job";

function arn({ region, account }: Call, type: Type, name: string): string {
  return `arn:aws:batch:${region}:${account}:${type}/${name}`;
}

/** What may be named by its ARN is looked up by that. */
function named(call: Call, type: Type, nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? nameOrArn : arn(call, type, nameOrArn);
}

/** Jobs and definitions are looked up by what stands last in an ARN. Without a revision, it is the definition as a whole. */
function job(call: Call, idOrArn: string): string {
  return arn(call, "job", lastPart(idOrArn));
}

function serviceJob(call: Call, idOrArn: string): string {
  return arn(call, "service-job", lastPart(idOrArn));
}

function definition(call: Call, nameOrArn: string): string {
  return arn(call, "job-definition", lastPart(nameOrArn));
}

function lastPart(nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? nameOrArn.slice(nameOrArn.indexOf("/") + 1) : nameOrArn;
}

/** In whatever partition it is said to be: there is only one here. */
function tagged(resourceArn: string): string {
  return resourceArn.replace(/^arn:aws[a-z-]*:/, "arn:aws:");
}

function creates(action: string, resource: string, given: Record<string, string> | undefined): Demand[] {
  return [[action, resource], ...tags(resource, given)];
}

function tags(resource: string, given: Record<string, string> | undefined): Demand[] {
  return Object.keys(given ?? {}).length === 0 ? [] : [["TagResource", resource]];
}

type UsedByQueue = Pick<
  BatchInput<"UpdateJobQueue">,
  "computeEnvironmentOrder" | "serviceEnvironmentOrder" | "schedulingPolicyArn"
>;

function usedByQueue(action: string, call: Call, used: UsedByQueue): Demand[] {
  const environments = used.computeEnvironmentOrder?.map(({ computeEnvironment }) =>
    named(call, "compute-environment", computeEnvironment),
  );
  const serviceEnvironments = used.serviceEnvironmentOrder?.map(({ serviceEnvironment }) =>
    named(call, "service-environment", serviceEnvironment),
  );
  const policies = used.schedulingPolicyArn ? [used.schedulingPolicyArn] : [];
  return [...(environments ?? []), ...(serviceEnvironments ?? []), ...policies].map((resource) => [action, resource]);
}

function consumes(
  action: string,
  call: Call,
  list: readonly { readonly consumableResource?: string | undefined }[] | undefined,
): Demand[] {
  const names = (list ?? []).flatMap(({ consumableResource }) => consumableResource ?? []);
  return names.map((name) => [action, named(call, "consumable-resource", name)]);
}
