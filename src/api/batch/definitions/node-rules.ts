import type { NodeProperties, NodeRangeProperty } from "@aws-sdk/client-batch";
import { parseTargetNodes, rangeOfEachNode } from "../../../core/tasks/nodes.ts";
import { CONSUMABLE_RULES } from "../consumables/consumable-rules.ts";
import type { Place } from "./ecs-task.ts";
import { taskOfContainer } from "./ecs-task.ts";
import { EKS_PROPERTIES_RULES } from "./pod-rules.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { ECS_PROPERTIES_RULES, ECS_TASK_RULES } from "./task-rules.ts";

interface RangeSubject {
  readonly range: NodeRangeProperty;
  readonly numNodes: number;
}

/** How a range names its nodes and which kind of properties it has. */
const RANGE_SHAPE_RULES: readonly Rule<RangeSubject>[] = [
  rule("targetNodes", ({ range: { targetNodes = "" } }) => parseTargetNodes(targetNodes, 1) === undefined),
  quotingRule("rangeOutside", ({ range: { targetNodes = "" }, numNodes }) => {
    const { from, to } = parseTargetNodes(targetNodes, numNodes)!;
    return from >= numNodes || to >= numNodes ? [targetNodes] : undefined;
  }),
  quotingRule("rangeOrder", ({ range: { targetNodes = "" }, numNodes }) => {
    const { from, to } = parseTargetNodes(targetNodes, numNodes)!;
    return to < from ? [targetNodes] : undefined;
  }),
  quotingRule("rangeEmpty", ({ range }) => (kindsOf(range).length === 0 ? [range.targetNodes!] : undefined)),
  rule(
    "rangeTaskAndContainer",
    ({ range: { container, ecsProperties } }) => container !== undefined && ecsProperties !== undefined,
  ),
  rule("rangePodAndOther", ({ range }) => kindsOf(range).length > 1),
  rule(
    "rangeInstanceTypes",
    ({ range: { instanceTypes, ecsProperties } }) => Boolean(instanceTypes?.length) && ecsProperties === undefined,
  ),
  rule("oneInstanceType", ({ range: { instanceTypes = [] } }) => instanceTypes.length > 1),
];

/** What runs on the nodes of a range. Nodes are EC2 instances or, with EKS, nodes of a cluster. */
const RANGE_CONTENT_RULES: readonly Rule<{ readonly range: NodeRangeProperty; readonly place: Place }>[] = [
  within(({ range: { container }, place }) => container && taskOfContainer(container, place), ECS_TASK_RULES),
  within(({ range: { ecsProperties }, place }) => ecsProperties && { ecsProperties, place }, ECS_PROPERTIES_RULES),
  within(({ range }) => range.eksProperties, EKS_PROPERTIES_RULES),
  within(({ range }) => range.consumableResourceProperties, CONSUMABLE_RULES),
];

export interface NodesSubject {
  readonly nodes: NodeProperties;
  readonly place: Place;
}

/** What holds for all nodes together, also after a submission has changed their number and properties. */
export const MERGED_NODE_RULES: readonly Rule<NodesSubject>[] = [
  rule("mainNode", ({ nodes: { mainNode, numNodes } }) => mainNode! < 0 || mainNode! >= numNodes!),
  quotingRule("rangeCoverage", ({ nodes }) => {
    const node = rangeOfEachNode(nodes).findIndex((range) => range === undefined);
    return node < 0 ? undefined : [node];
  }),
  rule("sameInstanceType", ({ nodes }) => new Set(rangesOf(nodes).flatMap(instanceTypesOf)).size > 1),
  each(({ nodes, place }) => rangesOf(nodes).map((range) => ({ range, place })), RANGE_CONTENT_RULES),
  rule("rangeNamespaces", ({ nodes }) => new Set(rangesOf(nodes).map(namespaceOf)).size > 1),
];

/** `nodeProperties` of a definition (reference 3.3). */
export const NODE_RULES: readonly Rule<NodesSubject>[] = [
  rule("numNodes", ({ nodes: { numNodes } }) => numNodes! < 1 || numNodes! > 1000),
  rule("tooManyRanges", ({ nodes }) => rangesOf(nodes).length > 5),
  each(({ nodes }) => rangesOf(nodes).map((range) => ({ range, numNodes: nodes.numNodes! })), RANGE_SHAPE_RULES),
  rule("rangesMixed", ({ nodes }) => new Set(rangesOf(nodes).map(isPod)).size > 1),
  ...MERGED_NODE_RULES,
];

function rangesOf({ nodeRangeProperties = [] }: NodeProperties): readonly NodeRangeProperty[] {
  return nodeRangeProperties;
}

function kindsOf({ container, ecsProperties, eksProperties }: NodeRangeProperty): unknown[] {
  return [container, ecsProperties, eksProperties].filter((kind) => kind !== undefined);
}

function isPod({ eksProperties }: NodeRangeProperty): boolean {
  return eksProperties !== undefined;
}

function instanceTypesOf({ instanceTypes = [], container }: NodeRangeProperty): string[] {
  return container?.instanceType ? [...instanceTypes, container.instanceType] : instanceTypes;
}

function namespaceOf({ eksProperties }: NodeRangeProperty): string | undefined {
  return eksProperties?.podProperties?.metadata?.namespace;
}
