import type {
  ContainerOverrides,
  EcsPropertiesOverride,
  EksContainerOverride,
  EksPropertiesOverride,
  NodeOverrides,
  NodePropertyOverride,
  TaskContainerOverrides,
} from "@aws-sdk/client-batch";
import type { ImageOverride } from "../../../core/submission/overrides.ts";
import { parseTargetNodes } from "../../../core/tasks/nodes.ts";
import { CONSUMABLE_RULES } from "../consumables/consumable-rules.ts";
import { IMAGE_NAME } from "../names.ts";
import { METADATA_RULES } from "../definitions/pod-metadata-rules.ts";
import { POD_RESOURCE_RULES } from "../definitions/pod-resource-rules.ts";
import { REQUIREMENTS_RULES } from "../definitions/requirement-rules.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { VARIABLE_RULES } from "../definitions/variable-rules.ts";

/** What can be said of SubmitJob's overrides without looking at what they override (reference 4.11). */
export const CONTAINER_OVERRIDE_RULES: readonly Rule<ContainerOverrides & TaskContainerOverrides & ImageOverride>[] = [
  rule("emptyCommandEntry", ({ command = [] }) => command.includes("")),
  each(({ environment }) => environment, VARIABLE_RULES),
  within(({ resourceRequirements }) => resourceRequirements, REQUIREMENTS_RULES),
  rule("duplicateRequirements", ({ images = [] }) => images.length > 1),
  quotingRule("imageName", ({ images = [] }) => {
    const bad = images.find((image) => !IMAGE_NAME.test(image));
    return bad === undefined ? undefined : [bad];
  }),
];

export const TASK_OVERRIDE_RULES: readonly Rule<EcsPropertiesOverride>[] = [
  rule("oneTask", ({ taskProperties = [] }) => taskProperties.length > 1),
  each(({ taskProperties = [] }) => taskProperties[0]?.containers, CONTAINER_OVERRIDE_RULES),
  rule("duplicateContainers", ({ taskProperties = [] }) => hasTwice(taskProperties[0]?.containers)),
];

const POD_CONTAINER_OVERRIDE_RULES: readonly Rule<EksContainerOverride>[] = [
  quotingRule("imageName", ({ image }) => (!image || IMAGE_NAME.test(image) ? undefined : [image])),
  each(({ env }) => env, VARIABLE_RULES),
  within(({ resources }) => resources, POD_RESOURCE_RULES),
];

export const POD_OVERRIDE_RULES: readonly Rule<EksPropertiesOverride>[] = [
  each(
    ({ podProperties: pod }) => [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])],
    POD_CONTAINER_OVERRIDE_RULES,
  ),
  rule("duplicateContainers", ({ podProperties: pod }) => hasTwice(pod?.containers) || hasTwice(pod?.initContainers)),
  within(({ podProperties }) => podProperties?.metadata, METADATA_RULES),
];

const NODE_OVERRIDE_RULES: readonly Rule<NodePropertyOverride>[] = [
  rule("targetNodes", ({ targetNodes = "" }) => parseTargetNodes(targetNodes, 1) === undefined),
  within(({ containerOverrides }) => containerOverrides, CONTAINER_OVERRIDE_RULES),
  within(({ ecsPropertiesOverride }) => ecsPropertiesOverride, TASK_OVERRIDE_RULES),
  within(({ eksPropertiesOverride }) => eksPropertiesOverride, POD_OVERRIDE_RULES),
  rule("oneInstanceType", ({ instanceTypes = [] }) => instanceTypes.length > 1),
  within(({ consumableResourcePropertiesOverride }) => consumableResourcePropertiesOverride, CONSUMABLE_RULES),
];

export const NODES_OVERRIDE_RULES: readonly Rule<NodeOverrides>[] = [
  rule("numNodes", ({ numNodes = 1 }) => numNodes < 1 || numNodes > 1000),
  each(({ nodePropertyOverrides }) => nodePropertyOverrides, NODE_OVERRIDE_RULES),
];

function hasTwice(containers: readonly { readonly name?: string | undefined }[] = []): boolean {
  return new Set(containers.map(({ name }) => name)).size < containers.length;
}
