import type { JobDefinition, PlatformCapability } from "@aws-sdk/client-batch";
import type { BatchInput } from "../../wire/operations.ts";
import { CONSUMABLE_RULES } from "../consumables/consumable-rules.ts";
import type { Place } from "./ecs-task.ts";
import { taskOfContainer } from "./ecs-task.ts";
import { RESOURCE_NAME } from "../names.ts";
import { NODE_RULES } from "./node-rules.ts";
import { EKS_PROPERTIES_RULES } from "./pod-rules.ts";
import { RETRY_RULES, TIMEOUT_RULES } from "./retry-rules.ts";
import type { Rule } from "../rules.ts";
import { quotingRule, rule, within } from "../rules.ts";
import { TAG_RULES } from "../tags/tags.ts";
import { ECS_PROPERTIES_RULES, ECS_TASK_RULES } from "./task-rules.ts";

/** A request to register a definition, and the region that it is for. */
export interface Registration {
  readonly input: BatchInput<"RegisterJobDefinition">;
  readonly region: string;
}

const CAPABILITIES: ReadonlySet<string> = new Set(["EC2", "FARGATE", "MANAGED_INSTANCES"]);

/** Which of its members say what runs (reference 3.5, 4.1, 4.2). */
const KIND_RULES: readonly Rule<Registration>[] = [
  rule("oneCapability", ({ input: { platformCapabilities = [] } }) => platformCapabilities.length > 1),
  quotingRule("unknownCapability", ({ input: { platformCapabilities = [] } }) => {
    const unknown = platformCapabilities.find((capability) => !CAPABILITIES.has(capability));
    return unknown === undefined ? undefined : [unknown];
  }),
  rule("containerAndTask", ({ input }) => has(input, "containerProperties") && has(input, "ecsProperties")),
  rule("containerAndPod", ({ input }) => has(input, "containerProperties") && has(input, "eksProperties")),
  rule("taskAndPod", ({ input }) => has(input, "ecsProperties") && has(input, "eksProperties")),
  rule("nodePropertiesOfContainer", ({ input }) => input.type === "container" && has(input, "nodeProperties")),
  rule("fargateNodes", ({ input }) => input.type === "multinode" && platformOf(input) === "FARGATE"),
  rule("managedNodes", ({ input }) => input.type === "multinode" && platformOf(input) === "MANAGED_INSTANCES"),
  rule("nodePropertiesRequired", ({ input }) => input.type === "multinode" && !has(input, "nodeProperties")),
  quotingRule("notInMultinode", ({ input }) => {
    const other = (["containerProperties", "ecsProperties", "eksProperties"] as const).find((one) => has(input, one));
    return input.type === "multinode" && other !== undefined ? [other] : undefined;
  }),
  rule("imageRequired", ({ input }) => input.type === "container" && !hasProperties(input)),
  rule(
    "managedContainer",
    ({ input }) => has(input, "containerProperties") && platformOf(input) === "MANAGED_INSTANCES",
  ),
  rule("capabilityOfPod", ({ input }) => isPod(input) && Boolean(input.platformCapabilities?.length)),
  rule("tagsOfPod", ({ input }) => isPod(input) && input.propagateTags === true),
];

/** What runs. */
const CONTENT_RULES: readonly Rule<Registration>[] = [
  within(
    ({ input, region }) =>
      input.containerProperties && taskOfContainer(input.containerProperties, placeOf(input, region)),
    ECS_TASK_RULES,
  ),
  within(
    ({ input, region }) => input.ecsProperties && { ecsProperties: input.ecsProperties, place: placeOf(input, region) },
    ECS_PROPERTIES_RULES,
  ),
  within(({ input }) => input.eksProperties, EKS_PROPERTIES_RULES),
  within(
    ({ input, region }) => input.nodeProperties && { nodes: input.nodeProperties, place: placeOf(input, region) },
    NODE_RULES,
  ),
];

/** RegisterJobDefinition, in the order in which it is checked (reference 4). */
export const REGISTER_RULES: readonly Rule<Registration>[] = [
  quotingRule(
    "definitionName",
    ({ input: { jobDefinitionName: name } }) => (RESOURCE_NAME.test(name) ? undefined : [name]),
    "bare",
  ),
  quotingRule("definitionType", ({ input: { type } }) =>
    type === "container" || type === "multinode" ? undefined : [type],
  ),
  ...KIND_RULES,
  ...CONTENT_RULES,
  within(({ input }) => input.retryStrategy, RETRY_RULES),
  within(({ input }) => input.timeout, TIMEOUT_RULES),
  rule("schedulingPriority", ({ input }) => !isPriority(input.schedulingPriority)),
  within(({ input }) => input.consumableResourceProperties, CONSUMABLE_RULES),
  within(({ input }) => input.tags, TAG_RULES),
  quotingRule("tooLarge", ({ input }) => oversize(input, "Job definition", 24)),
];

type DefinitionKind = Pick<JobDefinition, "eksProperties" | "nodeProperties">;

/** Where the jobs of a definition run that names no platform. */
export function platformOf({ platformCapabilities }: Pick<JobDefinition, "platformCapabilities">): PlatformCapability {
  return platformCapabilities?.[0] ?? "EC2";
}

/** Whether a Kubernetes cluster runs it. */
export function isPod({ eksProperties, nodeProperties }: DefinitionKind): boolean {
  const ranges = nodeProperties?.nodeRangeProperties ?? [];
  return eksProperties !== undefined || ranges.some((range) => range.eksProperties !== undefined);
}

export function isPriority(priority = 0): boolean {
  return priority >= 0 && priority <= 9999;
}

/** What the text about a request that is too large quotes, if it is. The request as JSON, in bytes (reference 9). */
export function oversize(request: object, noun: string, kibibytes: number): [string, number] | undefined {
  return Buffer.byteLength(JSON.stringify(request)) > kibibytes * 1024 ? [noun, kibibytes] : undefined;
}

type Properties = "containerProperties" | "ecsProperties" | "eksProperties" | "nodeProperties";

function has(input: Registration["input"], member: Properties): boolean {
  return input[member] !== undefined;
}

function hasProperties(input: Registration["input"]): boolean {
  return has(input, "containerProperties") || has(input, "ecsProperties") || has(input, "eksProperties");
}

function placeOf(input: Registration["input"], region: string): Place {
  return { platform: platformOf(input), region };
}
