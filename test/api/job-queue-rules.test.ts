import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CreateJobQueueCommandInput, JobQueueDetail, UpdateJobQueueCommandInput } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  CreateQuotaShareCommand,
  CreateSchedulingPolicyCommand,
  CreateServiceEnvironmentCommand,
  DeleteJobQueueCommand,
  DescribeJobQueuesCommand,
  DescribeQuotaShareCommand,
  UpdateJobQueueCommand,
} from "@aws-sdk/client-batch";
import {
  CREATE_JOB_QUEUE_RULES,
  ENVIRONMENT_MIX_RULES,
  ENVIRONMENT_ORDER_RULES,
  UPDATE_JOB_QUEUE_RULES,
} from "../../src/api/batch/queues/job-queue-rules.ts";
import type { Refusal } from "../support/refusals.ts";
import { testRefusals, WRONG_TAGS } from "../support/refusals.ts";
import {
  apiServer,
  EC2,
  EKS,
  environmentRequest,
  FARGATE,
  MANAGED_INSTANCES,
  ON_EKS,
  prefixed,
  refused,
  UNMANAGED,
  untilQueue,
} from "./server.ts";

const { batch } = await apiServer({ after });
const PREFIX = "arn:aws:batch:us-east-1:123456789012:";

const { managedInstancesProvider: provider } = MANAGED_INSTANCES;
const instanceLaunchTemplate = { ...provider.instanceLaunchTemplate, capacityOptionType: "SPOT" };
const SPOT_INSTANCES = { ...MANAGED_INSTANCES, managedInstancesProvider: { ...provider, instanceLaunchTemplate } };
const ENVIRONMENTS: Record<string, readonly [resources: object, more?: object]> = {
  "ec2-1": [EC2],
  "ec2-2": [EC2],
  "ec2-3": [EC2],
  "ec2-4": [EC2],
  spot: [{ ...EC2, type: "SPOT", allocationStrategy: "SPOT_CAPACITY_OPTIMIZED" }],
  arm: [{ ...EC2, instanceTypes: ["m7g"] }],
  fargate: [FARGATE],
  "fargate-spot": [{ ...FARGATE, type: "FARGATE_SPOT" }],
  "on-demand": [MANAGED_INSTANCES],
  "on-demand-2": [MANAGED_INSTANCES],
  "spot-instances": [SPOT_INSTANCES],
  eks: [ON_EKS, EKS],
  unmanaged: [EC2, UNMANAGED],
};
for (const [name, [resources, more]] of Object.entries(ENVIRONMENTS)) {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest(name, resources, more)));
}
for (const name of ["trains", "trains-too"]) {
  await batch.send(
    new CreateServiceEnvironmentCommand({
      serviceEnvironmentName: name,
      serviceEnvironmentType: "SAGEMAKER_TRAINING",
      capacityLimits: [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }],
    }),
  );
}
const policy = (name: string) => `${PREFIX}scheduling-policy/${name}`;
for (const name of ["fair", "fairer"]) {
  await batch.send(new CreateSchedulingPolicyCommand({ name, fairsharePolicy: {} }));
}
await batch.send(
  new CreateSchedulingPolicyCommand({ name: "quota", quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } }),
);

const order = (...names: readonly string[]) =>
  names.map((computeEnvironment, index) => ({ order: index + 1, computeEnvironment }));
const service = (...names: readonly string[]) =>
  names.map((serviceEnvironment, index) => ({ order: index + 1, serviceEnvironment }));
const create = (jobQueueName: string, more: Partial<CreateJobQueueCommandInput> = {}) =>
  batch.send(
    new CreateJobQueueCommand({ jobQueueName, priority: 1, computeEnvironmentOrder: order("ec2-1"), ...more }),
  );
const TRAINING = { computeEnvironmentOrder: [], serviceEnvironmentOrder: service("trains") };
const update = (jobQueue: string, input: Partial<UpdateJobQueueCommandInput>) =>
  batch.send(new UpdateJobQueueCommand({ jobQueue, ...input }));
async function describe(name: string): Promise<JobQueueDetail> {
  return (await batch.send(new DescribeJobQueuesCommand({ jobQueues: [name] }))).jobQueues![0]!;
}

/** What is refused leaves a queue as it was, or not there. */
async function changingNothing(name: string, call: () => Promise<unknown>): Promise<void> {
  const before = await describe(name);
  try {
    await call();
  } finally {
    assert.deepEqual(await describe(name), before);
  }
}

const LIMIT = {
  reason: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
  state: "RUNNABLE",
  maxTimeSeconds: 600,
  action: "CANCEL",
} as const;
const TRAINING_LIMIT = { ...LIMIT, reason: "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", action: "TERMINATE" } as const;
const limited = (...limits: readonly object[]) => ({ jobStateTimeLimitActions: limits as (typeof LIMIT)[] });
const CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY";

/** Rules of creations and of updates alike (reference 3.10). */
const SHARED: readonly Refusal<CreateJobQueueCommandInput & UpdateJobQueueCommandInput>[] = [
  [
    "an unknown state",
    { state: "ASLEEP" as "ENABLED" },
    "State ASLEEP is not valid. Valid states: [ENABLED, DISABLED]",
    "resourceState",
  ],
  ["a negative priority", { priority: -1 }, "priority must be between 0 and 2147483647.", "priorityRange"],
  [
    "an action of the other kind of queues",
    limited({ ...LIMIT, action: "TERMINATE" }),
    "Invalid job action. Valid job actions: [CANCEL]",
    "timeLimitAction",
  ],
  [
    "an action for another state",
    limited({ ...LIMIT, state: "PENDING" }),
    "Invalid job state. Valid job states: [RUNNABLE]",
    "timeLimitState",
  ],
  ...[599, 86_401].map((maxTimeSeconds): (typeof SHARED)[number] => [
    `an action after ${maxTimeSeconds} s`,
    limited({ ...LIMIT, maxTimeSeconds }),
    "maxTimeSeconds must be between 600 and 86400.",
    "timeLimitSeconds",
  ]),
  ...["ACTION_REQUIRED", "MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE"].map((reason): (typeof SHARED)[number] => [
    `an action for ${reason}`,
    limited({ ...LIMIT, reason }),
    `Invalid job reason. Valid job reasons: [${CAPACITY}, MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE, MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT, MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED]`,
    "timeLimitReason",
  ]),
  [
    "two actions for the same reason",
    limited(LIMIT, { ...LIMIT, maxTimeSeconds: 700 }),
    "Duplicate job state limit actions are not allowed.",
    "duplicateTimeLimits",
  ],
];

const ORDERS: readonly Refusal<CreateJobQueueCommandInput & UpdateJobQueueCommandInput>[] = [
  [
    "no environment",
    { computeEnvironmentOrder: [] },
    "At least 1 compute environment must be provided",
    "noEnvironments",
  ],
  [
    "four environments",
    { computeEnvironmentOrder: order("ec2-1", "ec2-2", "ec2-3", "ec2-4") },
    "Only 3 environments are allowed in job queue request.",
    "tooManyEnvironments",
  ],
  [
    "the same order twice",
    { computeEnvironmentOrder: order("ec2-1", "ec2-2").map((entry) => ({ ...entry, order: 1 })) },
    "Duplicate ComputeEnvironment order values.",
    "duplicateOrder",
  ],
  [
    "the same environment twice",
    { computeEnvironmentOrder: order("ec2-1", `${PREFIX}compute-environment/ec2-1`) },
    "Duplicate ComputeEnvironments within order list.",
    "duplicateEnvironments",
  ],
  ...(
    [
      [["ec2-1", "fargate"], "Fargate and EC2 compute environments can not be mixed.", "environmentsMixed"],
      [["fargate-spot", "spot"], "Fargate and EC2 compute environments can not be mixed.", "environmentsMixed"],
      [["unmanaged", "fargate"], "Fargate and EC2 compute environments can not be mixed.", "environmentsMixed"],
      [["ec2-1", "eks"], "EKS and ECS compute environments can not be mixed.", "orchestrationsMixed"],
      [["eks", "fargate"], "EKS and ECS compute environments can not be mixed.", "orchestrationsMixed"],
      [
        ["ec2-1", "on-demand"],
        "Managed Instances and other compute environments can not be mixed.",
        "managedInstancesMixed",
      ],
      [
        ["on-demand", "fargate"],
        "Managed Instances and other compute environments can not be mixed.",
        "managedInstancesMixed",
      ],
      [
        ["on-demand", "spot-instances", "on-demand-2"],
        "On-Demand Managed Instances compute environments must come before Spot ones.",
        "onDemandAfterSpot",
      ],
      [
        ["ec2-1", "arm"],
        "All compute environments of a job queue must have the same architecture.",
        "architecturesMixed",
      ],
    ] as const
  ).map(([names, text, textName]): (typeof ORDERS)[number] => [
    names.join(" beside "),
    { computeEnvironmentOrder: order(...names) },
    text,
    textName,
  ]),
];

const incompatible = (type: string, member: string) =>
  `The jobQueueType provided is ${type}, which is incompatible with the provided ${member}.`;

testRefusals<CreateJobQueueCommandInput>(
  "CreateJobQueue",
  (wrong) => changingNothing("refused", () => create("refused", wrong)),
  [CREATE_JOB_QUEUE_RULES, ENVIRONMENT_ORDER_RULES, ENVIRONMENT_MIX_RULES],
  [
    ["a bad name", { jobQueueName: "a/b" }, "Job Queue name should match a valid pattern.", "queueName"],
    ["too long a name", { jobQueueName: "a".repeat(129) }, "Job Queue name should match a valid pattern.", "queueName"],
    ...WRONG_TAGS,
    ...SHARED,
    ...ORDERS,
    [
      "an unknown type",
      { jobQueueType: "LAMBDA" as "ECS" },
      "jobQueueType LAMBDA is not valid. Valid values: [ECS, ECS_FARGATE, ECS_MANAGED_INSTANCES, EKS, SAGEMAKER_TRAINING]",
      "notOneOf",
    ],
    [
      "both kinds of environments",
      { serviceEnvironmentOrder: service("trains") },
      "A job queue can't have both a serviceEnvironmentOrder and a computeEnvironmentOrder.",
      "bothOrders",
    ],
    [
      "training without a service environment",
      { jobQueueType: "SAGEMAKER_TRAINING" },
      "Job queues of type SAGEMAKER_TRAINING must have serviceEnvironmentOrder.",
      "trainingWithoutEnvironment",
    ],
    [
      "a service environment for another type",
      { ...TRAINING, jobQueueType: "ECS" },
      incompatible("ECS", "serviceEnvironmentOrder"),
      "queueTypeIncompatible",
    ],
    [
      "compute environments for another type",
      { computeEnvironmentOrder: order("fargate"), jobQueueType: "ECS" },
      incompatible("ECS", "computeEnvironmentOrder"),
      "queueTypeIncompatible",
    ],
    [
      "an action that is not for training",
      { ...TRAINING, ...limited(LIMIT) },
      "Invalid job action. Valid job actions: [TERMINATE]",
      "timeLimitAction",
    ],
    [
      "a reason that is not for training",
      { ...TRAINING, ...limited({ ...LIMIT, action: "TERMINATE" }) },
      `Invalid job reason. Valid job reasons: [${CAPACITY}, MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE, MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED]`,
      "timeLimitReason",
    ],
  ],
);

await create("ecs");
await create("training", { ...TRAINING, schedulingPolicyArn: policy("quota") });
await create("fair", { schedulingPolicyArn: policy("fair") });
for (const name of ["ecs", "training", "fair"]) await untilQueue(batch, name, "VALID");

testRefusals<UpdateJobQueueCommandInput>(
  "UpdateJobQueue",
  (wrong) => changingNothing("ecs", () => update("ecs", { priority: 5, ...wrong })),
  [ENVIRONMENT_ORDER_RULES, ENVIRONMENT_MIX_RULES],
  [
    ...SHARED,
    ...ORDERS,
    [
      "environments of another type",
      { computeEnvironmentOrder: order("fargate") },
      incompatible("ECS", "computeEnvironmentOrder"),
      "queueTypeIncompatible",
    ],
  ],
);

test("a queue stays of its type, and with or without a policy, for life", async () => {
  const refusals: readonly [name: string, input: Partial<UpdateJobQueueCommandInput>, message: string | RegExp][] = [
    ["ecs", { serviceEnvironmentOrder: service("trains") }, prefixed(incompatible("ECS", "serviceEnvironmentOrder"))],
    [
      "training",
      { computeEnvironmentOrder: order("ec2-1") },
      prefixed(incompatible("SAGEMAKER_TRAINING", "computeEnvironmentOrder")),
    ],
    ["training", limited(LIMIT), prefixed("Invalid job action. Valid job actions: [TERMINATE]")],
    [
      "ecs",
      { schedulingPolicyArn: policy("fair") },
      "A job queue that was created without a scheduling policy can not have one.",
    ],
    ["fair", { schedulingPolicyArn: "" }, "The scheduling policy of a job queue can be replaced but not removed."],
    [
      "training",
      { schedulingPolicyArn: policy("fair") },
      "The scheduling policy of a job queue can only be replaced by one of the same kind.",
    ],
    [
      "fair",
      { schedulingPolicyArn: policy("quota") },
      "Quota Management feature is only supported for SageMaker Training job queues.",
    ],
    ["fair", { schedulingPolicyArn: policy("nowhere") }, `SchedulingPolicy ${policy("nowhere")} not found.`],
    ["fair", { schedulingPolicyArn: "fairer" }, "Only scheduling policy Arn can be allowed."],
  ];
  for (const [name, input, message] of refusals) {
    const refusal = changingNothing(name, () => update(name, { priority: 7, ...input }));
    await assert.rejects(refusal, refused(message));
  }
  assert.deepEqual(
    [...new Set(UPDATE_JOB_QUEUE_RULES.flatMap(({ texts }) => texts))].toSorted(),
    [
      ...new Set([...SHARED.map(([, , , text]) => text), "queueTypeIncompatible", "policyAdded", "policyRemoved"]),
    ].toSorted(),
    "each is broken above",
  );
  await assert.rejects(
    create("wants-quota", { schedulingPolicyArn: policy("quota") }),
    refused("Quota Management feature is only supported for SageMaker Training job queues."),
  );
});

test("a policy is replaced by one of its kind; an empty one means none", async () => {
  await update("fair", { schedulingPolicyArn: policy("fairer") });
  assert.equal((await describe("fair")).schedulingPolicyArn, policy("fairer"));
  await update("ecs", { schedulingPolicyArn: "" });
  await create("no-policy", { schedulingPolicyArn: "" });
  for (const name of ["ecs", "no-policy"]) assert.equal((await describe(name)).schedulingPolicyArn, undefined);
});

const ACCEPTED: Record<string, readonly [names: readonly string[], type: string]> = {
  "both-of-ec2": [["ec2-1", "spot"], "ECS"],
  "only-arm": [["arm"], "ECS"],
  "both-of-fargate": [["fargate", "fargate-spot"], "ECS_FARGATE"],
  "managed-instances": [["on-demand", "on-demand-2", "spot-instances"], "ECS_MANAGED_INSTANCES"],
  "of-pods": [["eks"], "EKS"],
  "own-machines-first": [["unmanaged", "arm"], "ECS"],
};
for (const [name, [environments, type]] of Object.entries(ACCEPTED)) {
  test(`${environments.join(", ")} make a queue of type ${type}, said or not`, async () => {
    await create(name, { computeEnvironmentOrder: order(...environments) });
    assert.equal((await describe(name)).jobQueueType, type);
    await create(`${name}-said`, { computeEnvironmentOrder: order(...environments), jobQueueType: type as "ECS" });
    assert.equal((await describe(`${name}-said`)).jobQueueType, type);
  });
}

test("what is given comes back, and what is sent changes", async () => {
  await create("whole", {
    state: "DISABLED",
    priority: 1000,
    schedulingPolicyArn: policy("fair"),
    tags: { a: "b" },
    ...limited(LIMIT),
  });
  const { jobQueueArn, ...whole } = await describe("whole");
  const expected = {
    jobQueueName: "whole",
    state: "DISABLED",
    status: "VALID",
    statusReason: "JobQueue Healthy",
    priority: 1000,
    schedulingPolicyArn: policy("fair"),
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: `${PREFIX}compute-environment/ec2-1` }],
    serviceEnvironmentOrder: [],
    jobQueueType: "ECS",
    tags: { a: "b" },
    jobStateTimeLimitActions: [LIMIT],
  };
  assert.deepEqual([jobQueueArn, whole], [`${PREFIX}job-queue/whole`, expected]);
  await update("whole", { jobStateTimeLimitActions: [] });
  assert.deepEqual((await describe("whole")).jobStateTimeLimitActions, []);
  await update("training", { serviceEnvironmentOrder: service("trains-too"), ...limited(TRAINING_LIMIT) });
  const training = await describe("training");
  assert.deepEqual(
    [training.serviceEnvironmentOrder, training.jobStateTimeLimitActions],
    [[{ order: 1, serviceEnvironment: `${PREFIX}service-environment/trains-too` }], [TRAINING_LIMIT]],
  );
});

test("the quota shares of a queue go with it", async () => {
  const share = {
    quotaShareName: "share",
    jobQueue: "training",
    capacityLimits: [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }],
    resourceSharingConfiguration: { strategy: "RESERVE" as const },
    preemptionConfiguration: { inSharePreemption: "DISABLED" as const },
  };
  const { quotaShareArn } = await batch.send(new CreateQuotaShareCommand(share));
  await update("training", { state: "DISABLED" });
  await batch.send(new DeleteJobQueueCommand({ jobQueue: "training" }));
  await untilQueue(batch, "training", "gone");
  await create("training", { ...TRAINING, schedulingPolicyArn: policy("quota") });
  await assert.rejects(
    batch.send(new DescribeQuotaShareCommand({ quotaShareArn })),
    refused(`QuotaShare ${quotaShareArn} not found.`),
  );
  await batch.send(new CreateQuotaShareCommand(share));
});
