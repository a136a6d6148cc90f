import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ResourceRequirement, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import {
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  CreateServiceEnvironmentCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  UpdateJobQueueCommand,
} from "@aws-sdk/client-batch";
import { TEXTS } from "../../src/api/batch/texts.ts";
import { DEPENDENCY_RULES } from "../../src/api/batch/jobs/dependencies.ts";
import { PLACEMENT_RULES, REPLACED_RULES, SUBMIT_RULES } from "../../src/api/batch/jobs/submit-rules.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import type { Definition } from "./definitions.ts";
import {
  container,
  fargate,
  managed,
  nodeRange,
  nodes,
  pod,
  podContainer,
  sizes,
  task,
  taskContainer,
} from "./definitions.ts";
import { apiServer, createQueue, EC2, EKS, FARGATE, MANAGED_INSTANCES, ON_EKS, prefixed, refused } from "./server.ts";

const { batch } = await apiServer({ after });

await createQueue(batch, "ec2", EC2);
await createQueue(batch, "disabled", EC2);
await createQueue(batch, "on-fargate", FARGATE);
await createQueue(batch, "on-managed", MANAGED_INSTANCES);
await createQueue(batch, "pods", ON_EKS, EKS);
await batch.send(new UpdateJobQueueCommand({ jobQueue: "disabled", state: "DISABLED" }));
await batch.send(
  new CreateServiceEnvironmentCommand({
    serviceEnvironmentName: "trains",
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    capacityLimits: [{ capacityUnit: "NUM_INSTANCES", maxCapacity: 4 }],
  }),
);
await batch.send(
  new CreateJobQueueCommand({
    jobQueueName: "training",
    priority: 1,
    jobQueueType: "SAGEMAKER_TRAINING",
    serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: "trains" }],
  }),
);
const { arn: schedulingPolicyArn } = await batch.send(
  new CreateSchedulingPolicyCommand({ name: "fair", fairsharePolicy: {} }),
);
await batch.send(
  new CreateJobQueueCommand({
    jobQueueName: "fair",
    priority: 1,
    schedulingPolicyArn,
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: "ec2" }],
  }),
);

const consumables = (...names: readonly string[]) => ({
  consumableResourceList: names.map((consumableResource) => ({ consumableResource, quantity: 1 })),
});
const ofTask = { ecsProperties: { taskProperties: [{ containers: [taskContainer()] }] } };
const DEFINITIONS: Readonly<Record<string, Definition>> = {
  one: container({}, { consumableResourceProperties: consumables("a", "b") }),
  fargate: fargate(),
  managed: managed(),
  task: task(),
  pod: pod({ name: "main" }),
  pods: pod({ name: "main" }, { containers: [podContainer({ name: "main" }), podContainer({ name: "side" })] }),
  nodes: nodes(),
  fixed: nodes({ targetNodes: "0:1" }),
  three: nodes({}, { numNodes: 4, mainNode: 3, nodeRangeProperties: [nodeRange("0:2"), nodeRange("2:")] }),
  tasks: nodes(ofTask),
};
for (const [jobDefinitionName, definition] of Object.entries(DEFINITIONS)) {
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, ...definition }));
}

/** The text's name, a submission that breaks its rule and no other, and what the answer says. */
type Example = readonly [text: string, input: Partial<SubmitJobCommandInput>, message: string];

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const AWS_BATCH = [{ name: "AWS_BATCH_X", value: "x" }];
const RESERVED = "Environment variable AWS_BATCH_X is reserved: names must not start with AWS_BATCH.";
const inTask = (...containers: object[]) => ({ taskProperties: [{ containers }] });
const inPod = (change: object, more: object = {}) => ({ podProperties: { containers: [change], ...more } });
const inPodOf = (change: object) => ({ jobDefinition: "pod", jobQueue: "pods", eksPropertiesOverride: inPod(change) });
const withMetadata = (metadata: object) => ({ ...inPodOf({}), eksPropertiesOverride: { podProperties: { metadata } } });
const onNodes = (override: object, jobDefinition = "nodes") => ({
  jobDefinition,
  nodeOverrides: { nodePropertyOverrides: [{ targetNodes: "0:", ...override }] },
});
const resized = (jobDefinition: string, numNodes: number) => ({ jobDefinition, nodeOverrides: { numNodes } });
const resources = (limits: Record<string, string>, requests: Record<string, string> = {}) =>
  inPodOf({ resources: { limits, requests } });
const retry = (evaluateOnExit: object[]) => ({
  retryStrategy: { attempts: 2, evaluateOnExit: evaluateOnExit as { action: "RETRY" }[] },
});

/** What is wrong with the request itself. */
/** An override of the image, which the SDK's type does not know and the SDK sends. */
const IMAGE = (value: string): ResourceRequirement => ({ type: "IMAGE" as "VCPU", value });

const SUBMISSIONS: readonly Example[] = [
  [
    "ownTag",
    { tags: { "longshore:array-concurrency": "all" } },
    "The tag longshore:array-concurrency must be a whole number from 1 to 1000000, not all.",
  ],
  [
    "memoryLadder",
    { tags: { "longshore:memory-ladder": "more" } },
    TEXTS.memoryLadder("longshore:memory-ladder", "more"),
  ],
  [
    "arrayIndexes",
    { tags: { "longshore:array-indexes": "all" } },
    TEXTS.arrayIndexes("longshore:array-indexes", "all"),
  ],
  [
    "imageName",
    { containerOverrides: { resourceRequirements: [IMAGE("two words")] } },
    `Image "two words" is not valid: up to 255 letters, digits and - _ : . / # @ are allowed.`,
  ],
  [
    "duplicateRequirements",
    { containerOverrides: { resourceRequirements: [IMAGE("a"), IMAGE("b")] } },
    "Cannot provide duplicates in resourceRequirements.",
  ],
  ["jobName", { jobName: "a b" }, "Job name should match valid pattern"],
  ["jobName", { jobName: "-a" }, "Job name should match valid pattern"],
  ["jobName", { jobName: "a".repeat(129) }, "Job name should match valid pattern"],
  ["shareIdentifier", { shareIdentifier: "a b" }, "ShareIdentifier name should match a valid pattern."],
  ["arraySize", { arrayProperties: { size: 1 } }, "Array size must be between 2 and 1000000."],
  ["arraySize", { arrayProperties: { size: 1_000_001 } }, "Array size must be between 2 and 1000000."],
  [
    "emptyCommandEntry",
    { containerOverrides: { command: ["echo", ""] } },
    "Command override must not contain empty strings.",
  ],
  [
    "variableWithoutName",
    { containerOverrides: { environment: [{ value: "x" }] } },
    "Environment variable name is required.",
  ],
  [
    "variableName",
    { containerOverrides: { environment: [{ name: "a=b" }] } },
    'Environment variable "a=b" is not valid: no = in its name and no NUL in it.',
  ],
  ["reservedVariable", { containerOverrides: { environment: AWS_BATCH } }, RESERVED],
  [
    "reservedVariable",
    { jobDefinition: "task", ecsPropertiesOverride: inTask({ name: "a", environment: AWS_BATCH }) },
    RESERVED,
  ],
  ["reservedVariable", inPodOf({ env: AWS_BATCH }), RESERVED],
  ["reservedVariable", onNodes({ containerOverrides: { environment: AWS_BATCH } }), RESERVED],
  [
    "resourceType",
    { containerOverrides: { resourceRequirements: [{ type: "DISK" as "GPU", value: "1" }] } },
    "Resource type DISK is not valid. Valid types: [VCPU, MEMORY, GPU]",
  ],
  [
    "notNumeric",
    { containerOverrides: { resourceRequirements: [{ type: "MEMORY", value: "1.5" }] } },
    "Value 1.5 for type MEMORY in resourceRequirement is not valid. Please provide a numeric value.",
  ],
  [
    "duplicateRequirements",
    { containerOverrides: { resourceRequirements: times(2, () => ({ type: "VCPU" as const, value: "1" })) } },
    "Cannot provide duplicates in resourceRequirements.",
  ],
  [
    "oneTask",
    { jobDefinition: "task", ecsPropertiesOverride: { taskProperties: [{}, {}] } },
    "Number of taskProperties must be 1",
  ],
  [
    "duplicateContainers",
    { jobDefinition: "task", ecsPropertiesOverride: inTask({ name: "a" }, { name: "a" }) },
    "Container names must be unique",
  ],
  [
    "duplicateContainers",
    {
      jobDefinition: "pods",
      jobQueue: "pods",
      eksPropertiesOverride: { podProperties: { containers: [{ name: "main" }, { name: "main" }] } },
    },
    "Container names must be unique",
  ],
  [
    "imageName",
    inPodOf({ image: "a b" }),
    'Image "a b" is not valid: up to 255 letters, digits and - _ : . / # @ are allowed.',
  ],
  ["podResourceKind", resources({ disk: "1" }), "disk is not a supported type for resources."],
  [
    "podCpu",
    resources({ cpu: "0.1" }),
    "Value 0.1 for type cpu in resources is not valid. Provide a valid number and unit.",
  ],
  ["podMemory", resources({ memory: "1G" }), "Value 1G for type memory is not valid."],
  ["memoryTooLow", resources({ memory: "3Mi" }), "Memory must be at least 4 Mib, got 3 Mib."],
  ["podGpu", resources({ "nvidia.com/gpu": "x" }), "Value x for type nvidia.com/gpu in resources is not valid."],
  ["podCpuOrder", resources({ cpu: "1" }, { cpu: "2" }), "cpu request must be <= to cpu limit if both are provided."],
  [
    "podMemoryEqual",
    resources({ memory: "4Mi" }, { memory: "5Mi" }),
    "memory request must be equal to memory limit if both are provided.",
  ],
  [
    "podGpuEqual",
    resources({ "nvidia.com/gpu": "1" }, { "nvidia.com/gpu": "2" }),
    "gpu request must be equal to gpu limit if both are provided.",
  ],
  [
    "namespaceLength",
    withMetadata({ namespace: "a".repeat(64) }),
    "kubernetesNamespace must less than or equal to 63 characters",
  ],
  ["namespacePattern", withMetadata({ namespace: "A" }), "kubernetesNamespace must be a valid Kubernetes namespace."],
  [
    "namespaceDefault",
    withMetadata({ namespace: "default" }),
    "kubernetesNamespace cannot be the default Kubernetes namespace.",
  ],
  [
    "namespaceReserved",
    withMetadata({ namespace: "kube-x" }),
    "kubernetesNamespace cannot be a reserved Kubernetes system namespace.",
  ],
  [
    "metadataKey",
    withMetadata({ labels: { "-": "" } }),
    "The name - of the pod label key does not match a valid pattern.",
  ],
  [
    "metadataPrefix",
    withMetadata({ annotations: { "k8s.io/x": "" } }),
    "The prefix k8s.io of the pod annotation key cannot contain terms from the Kubernetes reserved namespaces.",
  ],
  [
    "labelValue",
    withMetadata({ labels: { a: "-" } }),
    "The value of pod label a does not match a valid pattern: at most 63 letters, digits and - _ . are allowed.",
  ],
  [
    "annotationValue",
    withMetadata({ annotations: { a: "x".repeat(256) } }),
    "The value of pod annotation a cannot exceed 255 characters.",
  ],
  ["numNodes", resized("nodes", 0), "Number of nodes must be between 1 and 1000."],
  ["targetNodes", onNodes({ targetNodes: "x" }), "targetNodes should contain only digits."],
  [
    "oneInstanceType",
    onNodes({ instanceTypes: ["a", "b"] }, "tasks"),
    "instanceTypes of a node range can have only 1 element.",
  ],
  ["attemptsRequired", { retryStrategy: {} }, "RetryAttempts must be provided with retry strategy."],
  ["attemptsRange", { retryStrategy: { attempts: 11 } }, "Retry attempts must be between 1 and 10."],
  [
    "tooManyExitConditions",
    retry(times(6, () => ({ action: "RETRY", onExitCode: "1" }))),
    "EvaluateOnExit cannot have more than 5 entries.",
  ],
  [
    "exitAction",
    retry([{ action: "PANIC", onExitCode: "1" }]),
    "EvaluateOnExit action PANIC is not valid. Valid actions: [RETRY, EXIT]",
  ],
  [
    "exitConditionEmpty",
    retry([{ action: "RETRY" }]),
    "EvaluateOnExit should contain at least one of onExitCode, onReason or onStatusReason",
  ],
  [
    "exitConditionTooLong",
    retry([{ action: "RETRY", onReason: "a".repeat(513) }]),
    "Evaluate on exit condition cannot exceed 512 characters.",
  ],
  [
    "exitConditionCharacters",
    retry([{ action: "RETRY", onReason: "a|b" }]),
    "Evaluate on exit condition contains restricted characters.",
  ],
  [
    "timeoutTooShort",
    { timeout: { attemptDurationSeconds: 59 } },
    "Job timeout attemptDurationSeconds must be at least 60.",
  ],
  ["schedulingPriority", { schedulingPriorityOverride: 10_000 }, "Scheduling priority must be between 0 and 9999."],
  [
    "tooManyConsumables",
    { consumableResourcePropertiesOverride: consumables(..."cdefgh") },
    "Each ConsumableResourceProperty can have at most 5 consumableResources",
  ],
  [
    "consumableWithoutName",
    { consumableResourcePropertiesOverride: consumables("") },
    "consumableResource is required in each entry of consumableResourceProperties.",
  ],
  [
    "consumableQuantity",
    { consumableResourcePropertiesOverride: { consumableResourceList: [{ consumableResource: "a", quantity: -1 }] } },
    "The quantity of consumableResource a must be at least 1.",
  ],
  [
    "duplicateConsumables",
    {
      consumableResourcePropertiesOverride: consumables(
        "a",
        "arn:aws:batch:us-east-1:123456789012:consumable-resource/a",
      ),
    },
    "Cannot have duplicate consumableResource in consumableResourceProperties",
  ],
  [
    "tooManyTags",
    { tags: Object.fromEntries(times(51, (n) => [`k${n}`, "v"])) },
    "A resource can have at most 50 tags.",
  ],
  ["tagReserved", { tags: { "aws:x": "y" } }, "Tag keys and values must not start with aws:."],
  ["tagKey", { tags: { "": "y" } }, 'Tag key "" is not valid: 1 to 128 letters, digits, spaces and + - = . _ : / @.'],
  [
    "tagValue",
    { tags: { a: "*" } },
    "The value of tag a is not valid: at most 256 letters, digits, spaces and + - = . _ : / @.",
  ],
  ["tooLarge", { parameters: { a: "x".repeat(31_000) } }, "SubmitJob request cannot exceed 30 KiB."],
];

/** What does not go with the queue or the definition. */
const PLACEMENTS: readonly Example[] = [
  ["queueNotEnabled", { jobQueue: "disabled" }, "JobQueue disabled is not in ENABLED state."],
  [
    "serviceJobQueue",
    { jobQueue: "training" },
    "JobQueue training is of type SAGEMAKER_TRAINING: it takes service jobs, which SubmitServiceJob submits.",
  ],
  ...(
    [
      ["one", "on-fargate", "EC2"],
      ["nodes", "pods", "EC2"],
      ["task", "on-managed", "EC2"],
      ["fargate", "ec2", "FARGATE"],
      ["managed", "ec2", "MANAGED_INSTANCES"],
      ["pod", "ec2", "EKS"],
    ] as const
  ).map(([jobDefinition, jobQueue, capability]): Example => [
    "capability",
    { jobDefinition, jobQueue },
    `Job Queue is attached to Compute Environment that can not run Jobs with capability ${capability}.`,
  ]),
  [
    "tagsOfPod",
    { jobDefinition: "pod", jobQueue: "pods", propagateTags: true },
    "Batch on EKS does not support tag propagation.",
  ],
  [
    "fairShareOnly",
    { shareIdentifier: "a" },
    "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share scheduling policy.",
  ],
  [
    "fairShareOnly",
    { schedulingPriorityOverride: 1 },
    "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share scheduling policy.",
  ],
  ["shareRequired", { jobQueue: "fair", schedulingPriorityOverride: 1 }, "shareIdentifier must be specified."],
  [
    "priorityRequired",
    { jobQueue: "fair", shareIdentifier: "a" },
    "Either schedulingPriority in job definition or schedulingPriorityOverride should be specified.",
  ],
  [
    "overrideKind",
    { ecsPropertiesOverride: inTask({ name: "a" }) },
    "ecsPropertiesOverride can not be used with a job definition that has containerProperties.",
  ],
  [
    "overrideKind",
    { jobDefinition: "nodes", containerOverrides: { command: ["x"] } },
    "containerOverrides can not be used with a job definition that has nodeProperties.",
  ],
  [
    "overrideKind",
    { jobDefinition: "task", nodeOverrides: { numNodes: 2 } },
    "nodeOverrides can not be used with a job definition that has ecsProperties.",
  ],
  [
    "arrayOfNodes",
    { jobDefinition: "nodes", arrayProperties: { size: 2 } },
    "Array properties can not be used with a multinode job definition.",
  ],
  [
    "numNodesFixed",
    resized("fixed", 1),
    "Number of nodes can not be overridden: no node range of the job definition has an open upper boundary.",
  ],
  [
    "numNodesTooFew",
    resized("three", 2),
    "Number of nodes must be greater than the lower boundary of the open node ranges of the job definition.",
  ],
  ["rangeOutside", onNodes({ targetNodes: "2" }), "targetNodes 2 is out of range, must be less than numNodes."],
  [
    "nodeOverrideKind",
    onNodes({ ecsPropertiesOverride: inTask({}) }),
    "ecsPropertiesOverride can not be used for nodes of the node range 0: of the job definition.",
  ],
  [
    "rangeInstanceTypes",
    onNodes({ instanceTypes: ["c5.large"] }),
    "Using instanceTypes with nodeRangeProperty is only allowed for ecsProperties jobs.",
  ],
  [
    "overrideTarget",
    { jobDefinition: "task", ecsPropertiesOverride: inTask({ name: "c" }) },
    'The override of container "c" must name a container of the job definition.',
  ],
  [
    "overrideTarget",
    { jobDefinition: "task", ecsPropertiesOverride: inTask({}) },
    'The override of container "" must name a container of the job definition.',
  ],
  [
    "overrideTarget",
    inPodOf({ name: "other" }),
    'The override of container "other" must name a container of the job definition.',
  ],
  [
    "overrideTarget",
    onNodes({ ecsPropertiesOverride: inTask({ name: "a" }, { name: "b" }) }, "tasks"),
    'The override of container "a" must name a container of the job definition.',
  ],
];

/** What parameters make of the definition. */
const REPLACED: readonly Example[] = [
  [
    "tooLarge",
    { containerOverrides: { command: times(100, () => "Ref::a") }, parameters: { a: "x".repeat(10_000) } },
    "The job with its parameters and overrides cannot exceed 256 KiB.",
  ],
];

/** What the overrides make of the definition: its own rules hold again. */
const MERGED: readonly Example[] = [
  [
    "memoryTooLow",
    { containerOverrides: { resourceRequirements: [{ type: "MEMORY", value: "2" }] } },
    "Memory must be at least 4 Mib, got 2 Mib.",
  ],
  [
    "vcpuTooLow",
    {
      jobDefinition: "task",
      ecsPropertiesOverride: inTask(...["a", "b"].map((name) => ({ name, resourceRequirements: sizes("0.25", "64") }))),
    },
    "vCPU must be at least 1, got 0.5.",
  ],
  [
    "fargateSize",
    {
      jobDefinition: "fargate",
      jobQueue: "on-fargate",
      containerOverrides: { resourceRequirements: [{ type: "VCPU", value: "2" }] },
    },
    "Fargate resource requirements (2.00 vCPU, 2048 MiB) not valid.",
  ],
  [
    "podMemoryEqual",
    { ...inPodOf({ resources: { limits: { memory: "8Mi" }, requests: { memory: "9Mi" } } }) },
    "memory request must be equal to memory limit if both are provided.",
  ],
  ["mainNode", resized("three", 3), "Main node index is out of range, must be less than numNodes."],
  [
    "memoryTooLow",
    onNodes({ containerOverrides: { resourceRequirements: [{ type: "MEMORY", value: "3" }] } }),
    "Memory must be at least 4 Mib, got 3 Mib.",
  ],
  [
    "tooManyConsumables",
    { consumableResourcePropertiesOverride: consumables("c", "d", "e", "f") },
    "Each ConsumableResourceProperty can have at most 5 consumableResources",
  ],
];

async function submit(input: Partial<SubmitJobCommandInput>): Promise<unknown> {
  const request = { jobName: "refused", jobQueue: "ec2", jobDefinition: "one", ...input };
  return batch.send(new SubmitJobCommand(request));
}

for (const [family, examples] of [
  [prefixed, [...SUBMISSIONS, ...MERGED, ...REPLACED]],
  [(text: string) => text, PLACEMENTS],
] as const) {
  for (const [text, input, message] of examples) {
    test(`SubmitJob: ${text}: ${message.slice(0, 80)}`, () => assert.rejects(submit(input), refused(family(message))));
  }
}

test("every rule of SubmitJob has an example", () => {
  const ofDependencies = DEPENDENCY_RULES.flatMap(({ texts }) => texts);
  const shown = [...SUBMISSIONS, ...PLACEMENTS, ...REPLACED].map(([text]) => text);
  assertEachRuleBroken([SUBMIT_RULES, PLACEMENT_RULES, REPLACED_RULES], [...shown, ...ofDependencies]);
});

test("nothing of what was refused is there", async () => {
  for (const jobQueue of ["ec2", "pods", "on-fargate", "on-managed", "fair"]) {
    const filters = [{ name: "JOB_NAME", values: ["refused"] }];
    const { jobSummaryList } = await batch.send(new ListJobsCommand({ jobQueue, filters }));
    assert.deepEqual(jobSummaryList, []);
  }
});

test("the request comes before the queue, the queue before the definition, both before what does not fit", async () => {
  const bad = { jobName: "a b", jobQueue: "nowhere", jobDefinition: "nothing", arrayProperties: { size: 1 } };
  await assert.rejects(submit(bad), refused(prefixed("Job name should match valid pattern")));
  const next = { ...bad, jobName: "a" };
  await assert.rejects(submit(next), refused(prefixed("Array size must be between 2 and 1000000.")));
  const lookups = { jobQueue: "nowhere", jobDefinition: "nothing", shareIdentifier: "a" };
  await assert.rejects(submit(lookups), refused("JobQueue nowhere not found."));
  await assert.rejects(
    submit({ ...lookups, jobQueue: "disabled" }),
    refused("JobDefinition name nothing does not exist or is not in ACTIVE status"),
  );
  await assert.rejects(
    submit({ ...lookups, jobQueue: "disabled", jobDefinition: "one" }),
    refused("JobQueue disabled is not in ENABLED state."),
  );
});
