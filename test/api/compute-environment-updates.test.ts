import assert from "node:assert/strict";
import { after, test } from "node:test";
import type {
  ComputeEnvironmentDetail,
  ComputeResourceUpdate,
  UpdateComputeEnvironmentCommandInput,
} from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  DescribeComputeEnvironmentsCommand,
  UpdateComputeEnvironmentCommand,
} from "@aws-sdk/client-batch";
import {
  INFRASTRUCTURE_UPDATE_RULES,
  UPDATE_COMPUTE_ENVIRONMENT_RULES,
} from "../../src/api/batch/environments/compute-environment-update.ts";
import { describeJob, ended, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import {
  apiServer,
  createQueue,
  EC2,
  EKS,
  environmentRequest,
  FARGATE,
  MANAGED_INSTANCES,
  ON_EKS,
  prefixed,
  refused,
  UNMANAGED,
  untilEnvironment,
} from "./server.ts";

const { batch } = await apiServer({ after });

const REGULAR_ROLE = "arn:aws:iam::123456789012:role/batch";
const PROGRESSIVE = { ...EC2, allocationStrategy: "BEST_FIT_PROGRESSIVE", instanceTypes: ["m5", "c5"] };

const create = async (name: string, resources: object = EC2, more = {}) => {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest(name, resources, more)));
  await untilEnvironment(batch, name, "VALID");
};
const update = (computeEnvironment: string, input: Partial<UpdateComputeEnvironmentCommandInput>) =>
  batch.send(new UpdateComputeEnvironmentCommand({ computeEnvironment, ...input }));
const updateResources = (name: string, computeResources: ComputeResourceUpdate) => update(name, { computeResources });
async function describe(name: string): Promise<ComputeEnvironmentDetail> {
  const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: [name] });
  return (await batch.send(query)).computeEnvironments![0]!;
}

await create("best-fit", { ...EC2, minvCpus: 2, desiredvCpus: 4, tags: { a: "b", c: "d" } });
await create("progressive", PROGRESSIVE);
await create("regular-role", PROGRESSIVE, { serviceRole: REGULAR_ROLE });
await create("fargate", FARGATE);
await create("managed-instances", MANAGED_INSTANCES);
await create("eks", ON_EKS, EKS);
await create("unmanaged", EC2, UNMANAGED);

/** What is wrong, the text that says so (AWS wraps those about the request alone), which environment, the request. */
type Refusal = readonly [text: string, message: string | RegExp, name: string, input: object];
const resources = (computeResources: object) => ({ computeResources });

// Reference 6.7.
const REFUSED: readonly Refusal[] = [
  [
    "resourceState",
    prefixed("State ASLEEP is not valid. Valid states: [ENABLED, DISABLED]"),
    "best-fit",
    { state: "ASLEEP" },
  ],
  [
    "notOneOf",
    prefixed("containerInsights MORE is not valid. Valid values: [ENABLED, ENHANCED, DISABLED]"),
    "best-fit",
    { ecsSettings: { containerInsights: "MORE" } },
  ],
  ...[0, 7201].map((jobExecutionTimeoutMinutes): Refusal => [
    "updateTimeout",
    prefixed("jobExecutionTimeoutMinutes must be between 1 and 7200."),
    "best-fit",
    { updatePolicy: { jobExecutionTimeoutMinutes } },
  ]),
  [
    "unmanagedvCpus",
    prefixed("unmanagedvCpus is not applicable for managed Compute Environments"),
    "best-fit",
    { unmanagedvCpus: 1 },
  ],
  [
    "unmanagedvCpusNegative",
    prefixed("unmanagedvCpus should be greater than or equal to 0."),
    "unmanaged",
    { unmanagedvCpus: -1 },
  ],
  [
    "noComputeResources",
    prefixed("At least one compute-resources attribute must be specified"),
    "best-fit",
    resources({}),
  ],
  [
    "bestFitInUpdate",
    prefixed("BEST_FIT is not supported when updating a compute environment."),
    "progressive",
    resources({ allocationStrategy: "BEST_FIT" }),
  ],
  [
    "resourcesOfUnmanaged",
    prefixed("computeResources of an UNMANAGED Compute Environment cannot be updated."),
    "unmanaged",
    resources({ maxvCpus: 4 }),
  ],
  ...(
    [
      ["progressive", "FARGATE"],
      ["fargate", "EC2"],
      ["fargate", "ECS_MANAGED_INSTANCES"],
    ] as const
  ).map(([name, type]): Refusal => [
    "typeFixed",
    "Compute resource type can not be changed to or from Fargate.",
    name,
    resources({ type }),
  ]),
  ...(
    [
      ["progressive", "ECS_MANAGED_INSTANCES"],
      ["managed-instances", "SPOT"],
    ] as const
  ).map(([name, type]): Refusal => [
    "managedInstancesFixed",
    "Compute resource type can not be changed to or from ECS_MANAGED_INSTANCES.",
    name,
    resources({ type }),
  ]),
  ...(
    [
      ["best-fit", REGULAR_ROLE],
      ["regular-role", "AWSServiceRoleForBatch"],
    ] as const
  ).map(([name, serviceRole]): Refusal => [
    "serviceRoleFixed",
    "The service role can not be changed between the service-linked role and another role.",
    name,
    { serviceRole },
  ]),
  [
    "desiredForEks",
    prefixed("desiredvCpus is not applicable for EKS Compute Environments."),
    "eks",
    resources({ desiredvCpus: 4 }),
  ],
  [
    "desiredvCpusLowered",
    "Manually scaling down compute environment is not supported. Disconnecting job queues from compute environment will cause it to scale-down to minvCpus",
    "best-fit",
    resources({ desiredvCpus: 3 }),
  ],
  [
    "infrastructureRole",
    "This change replaces instances, which only a compute environment with the service-linked role AWSServiceRoleForBatch can do.",
    "regular-role",
    resources({ instanceTypes: ["m5"] }),
  ],
  ...[{ subnets: ["subnet-2"] }, { instanceTypes: ["m5"] }, { updateToLatestImageVersion: true }].map(
    (sent): Refusal => [
      "infrastructureStrategy",
      "This change replaces instances, which a compute environment with the allocation strategy BEST_FIT can not do.",
      "best-fit",
      resources(sent),
    ],
  ),
];

/** What the merged resources break is refused with the texts of creations. */
const REFUSED_RESOURCES: readonly Refusal[] = [
  ["", prefixed("maxvCpus should be greater than or equal to minvCpus."), "best-fit", resources({ maxvCpus: 1 })],
  ["", prefixed("maxvCpus should be greater than 0."), "fargate", resources({ maxvCpus: 0 })],
  ["", prefixed("desiredvCpus should be between minvCpus and maxvCpus."), "best-fit", resources({ desiredvCpus: 17 })],
  ["", prefixed("minvCpus is not applicable for Fargate."), "fargate", resources({ minvCpus: 0 })],
  [
    "",
    prefixed("subnets is not applicable for ECS_MANAGED_INSTANCES."),
    "managed-instances",
    resources({ subnets: [] }),
  ],
  ["", /Instance type can only be one of/, "progressive", resources({ instanceTypes: ["m5.gigantic"] })],
  ["", prefixed("Bid percentage must be between 0 to 100."), "progressive", resources({ bidPercentage: 101 })],
  ["", "ComputeEnvironment nowhere not found.", "nowhere", { state: "DISABLED" }],
];

test("what UpdateComputeEnvironment refuses; nothing is changed then", async () => {
  for (const [text, message, name, input] of [...REFUSED, ...REFUSED_RESOURCES]) {
    const before = await describe(name);
    await assert.rejects(update(name, { ...input, context: "changed" }), refused(message), text);
    assert.deepEqual(await describe(name), before);
  }
  assertEachRuleBroken(
    [UPDATE_COMPUTE_ENVIRONMENT_RULES, INFRASTRUCTURE_UPDATE_RULES],
    REFUSED.map(([text]) => text),
  );
});

test("only what is sent changes", async () => {
  await create("merged", { ...EC2, minvCpus: 2 }, { tags: { team: "blue" } });
  const before = await describe("merged");
  const answer = await update("merged", { state: "DISABLED", computeResources: { maxvCpus: 32 } });
  assert.deepEqual(
    [answer.computeEnvironmentName, answer.computeEnvironmentArn],
    ["merged", before.computeEnvironmentArn],
  );
  await untilEnvironment(batch, "merged", "VALID");
  assert.deepEqual(await describe("merged"), {
    ...before,
    state: "DISABLED",
    computeResources: { ...before.computeResources, maxvCpus: 32 },
  });
  await update("merged", { serviceRole: "", context: "c", ecsSettings: { containerInsights: "ENABLED" } });
  const { serviceRole, context, ecsSettings, statusReason } = await describe("merged");
  assert.deepEqual(
    { serviceRole, context, ecsSettings, statusReason },
    {
      serviceRole: before.serviceRole,
      context: "c",
      ecsSettings: { containerInsights: "ENABLED" },
      statusReason: "ComputeEnvironment Healthy",
    },
  );
});

test("desiredvCpus grows, and follows the bounds", async () => {
  await create("desired", { ...EC2, minvCpus: 2 });
  const desired = async () => (await describe("desired")).computeResources?.desiredvCpus;
  assert.equal(await desired(), 2);
  await updateResources("desired", { desiredvCpus: 10 });
  assert.equal(await desired(), 10);
  await updateResources("desired", { maxvCpus: 8 });
  assert.equal(await desired(), 8);
  await updateResources("desired", { minvCpus: 1 });
  assert.equal(await desired(), 8);
});

test("the update policy is kept, with AWS's defaults for what was never given", async () => {
  const policy = async () => (await describe("fargate")).updatePolicy;
  assert.equal(await policy(), undefined);
  await update("fargate", { updatePolicy: { terminateJobsOnUpdate: true } });
  assert.deepEqual(await policy(), { terminateJobsOnUpdate: true, jobExecutionTimeoutMinutes: 30 });
  await update("fargate", { updatePolicy: { jobExecutionTimeoutMinutes: 7200 } });
  assert.deepEqual(await policy(), { terminateJobsOnUpdate: true, jobExecutionTimeoutMinutes: 7200 });
});

test("empty texts and lists take away what they can take away", async () => {
  const image = { imageType: "ECS_AL2023" };
  await create("resets", {
    ...PROGRESSIVE,
    ec2KeyPair: "key",
    imageId: "ami-1",
    placementGroup: "group",
    ec2Configuration: [image],
    launchTemplate: {
      launchTemplateId: "lt-1",
      version: "3",
      overrides: [{ launchTemplateId: "lt-2", targetInstanceTypes: ["m5"] }],
    },
  });
  const now = async () => (await describe("resets")).computeResources!;
  await updateResources("resets", { launchTemplate: { version: "4" } });
  assert.deepEqual(
    (await now()).launchTemplate,
    { launchTemplateId: "lt-1", version: "4" },
    "overrides are to be sent again",
  );
  await updateResources("resets", { launchTemplate: { launchTemplateName: "named" } });
  assert.deepEqual((await now()).launchTemplate, { launchTemplateName: "named", version: "4" });
  await updateResources("resets", { launchTemplate: { launchTemplateId: "" } });
  assert.equal((await now()).launchTemplate, undefined);
  await updateResources("resets", {
    ...{ ec2KeyPair: "", imageId: "", placementGroup: "", ec2Configuration: [], subnets: [], securityGroupIds: [] },
    allocationStrategy: "" as "BEST_FIT_PROGRESSIVE",
  });
  assert.deepEqual(await now(), { ...PROGRESSIVE, subnets: [], securityGroupIds: [], desiredvCpus: 0 });
  await updateResources("fargate", { subnets: [], securityGroupIds: [], maxvCpus: 8 });
  assert.deepEqual((await describe("fargate")).computeResources, { ...FARGATE, maxvCpus: 8 });
  await updateResources("fargate", { subnets: ["subnet-2"], type: "FARGATE_SPOT" });
  assert.deepEqual((await describe("fargate")).computeResources, {
    ...FARGATE,
    maxvCpus: 8,
    subnets: ["subnet-2"],
    type: "FARGATE_SPOT",
  });
});

test("an infrastructure update changes the type, the strategy and the types; updateToLatestImageVersion is not kept", async () => {
  await create("infrastructure", PROGRESSIVE);
  await updateResources("infrastructure", {
    type: "SPOT",
    allocationStrategy: "SPOT_PRICE_CAPACITY_OPTIMIZED",
    instanceTypes: ["m6i"],
    tags: {},
    updateToLatestImageVersion: true,
  });
  assert.deepEqual((await describe("infrastructure")).computeResources, {
    ...PROGRESSIVE,
    type: "SPOT",
    allocationStrategy: "SPOT_PRICE_CAPACITY_OPTIMIZED",
    instanceTypes: ["m6i"],
    tags: {},
    desiredvCpus: 0,
  });
  await updateResources("best-fit", { subnets: [...EC2.subnets], tags: { c: "d", a: "b" }, maxvCpus: 20 });
  assert.equal((await describe("best-fit")).computeResources?.maxvCpus, 20, "what is sent and the same is no change");
});

test("the parts of a managed instances provider are merged", async () => {
  await updateResources("managed-instances", {
    managedInstancesProvider: {
      propagateTags: "CAPACITY_PROVIDER",
      instanceLaunchTemplate: { monitoring: "DETAILED", capacityOptionType: "SPOT" } as { monitoring: string },
    },
    capacityTags: { cost: "42" },
  });
  const { managedInstancesProvider: provider } = MANAGED_INSTANCES;
  assert.deepEqual((await describe("managed-instances")).computeResources, {
    ...MANAGED_INSTANCES,
    capacityTags: { cost: "42" },
    managedInstancesProvider: {
      ...provider,
      propagateTags: "CAPACITY_PROVIDER",
      instanceLaunchTemplate: { ...provider.instanceLaunchTemplate, monitoring: "DETAILED" },
    },
  });
});

test("terminateJobsOnUpdate: an infrastructure update ends the jobs that run as if their host were gone; they may be retried", async () => {
  await createQueue(batch, "replaced", PROGRESSIVE);
  await update("replaced", { updatePolicy: { terminateJobsOnUpdate: true } });
  const retryStrategy = { attempts: 2, evaluateOnExit: [{ action: "RETRY" as const, onStatusReason: "Host EC2*" }] };
  const once = await submit(batch, ["sleep", "60"], { jobQueue: "replaced" });
  const again = await submitScript(batch, '[ "$AWS_BATCH_JOB_ATTEMPT" = 2 ] || exec sleep 60', {
    jobQueue: "replaced",
    retryStrategy,
  });
  await untilStatus(batch, once, "RUNNING");
  await untilStatus(batch, again, "RUNNING");
  await updateResources("replaced", { maxvCpus: 20 });
  assert.equal((await describeJob(batch, once)).status, "RUNNING", "a scaling update ends nothing");
  await updateResources("replaced", { instanceTypes: ["m6i"] });
  const lost = /^Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$/;
  const [ofOnce, ofAgain] = await Promise.all([ended(batch, once), ended(batch, again)]);
  assert.equal(ofOnce.status, "FAILED");
  assert.match(ofOnce.statusReason!, lost);
  assert.equal(ofAgain.status, "SUCCEEDED");
  assert.equal(ofAgain.attempts?.length, 2);
  assert.match(ofAgain.attempts?.[0]?.statusReason ?? "", lost);
  assert.equal(ofAgain.isTerminated, false);
  await untilEnvironment(batch, "replaced", "VALID");
});

test("without terminateJobsOnUpdate, the jobs that run go on", async () => {
  await createQueue(batch, "kept", PROGRESSIVE);
  const running = await submit(batch, ["sleep", "0.2"], { jobQueue: "kept" });
  await untilStatus(batch, running, "RUNNING");
  await updateResources("kept", { instanceTypes: ["m6i"] });
  assert.equal((await ended(batch, running)).status, "SUCCEEDED");
});
