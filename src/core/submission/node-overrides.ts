import type { NodeOverrides, NodeProperties, NodePropertyOverride, NodeRangeProperty } from "@aws-sdk/client-batch";
import { mergeConsumables } from "../consumables.ts";
import type { NodeRange } from "../tasks/nodes.ts";
import { parseTargetNodes, rangeOfEachNode } from "../tasks/nodes.ts";
import { mergeContainer, mergePod, mergeTask } from "./overrides.ts";

/**
 * Merges SubmitJob's node overrides into a definition's ranges. A range all of whose nodes are overridden alike stays that range; of one whose
 * nodes are overridden differently, each run of equal nodes becomes a range of its own.
 */
export function mergeNodes(definition: NodeProperties, overrides: NodeOverrides | undefined): NodeProperties {
  const nodes = { ...definition, numNodes: overrides?.numNodes ?? definition.numNodes };
  const over = (overrides?.nodePropertyOverrides ?? []).map((override) => ({
    override,
    nodes: parseTargetNodes(override.targetNodes!, nodes.numNodes!)!,
  }));
  const rangeOfNode = rangeOfEachNode(nodes);
  const merged = (nodes.nodeRangeProperties ?? []).flatMap((range) => {
    const runs = equalRuns(rangeOfNode, range, over);
    const isUniform = new Set(runs.map(({ key }) => key)).size <= 1;
    if (isUniform) return [mergeRange(range, runs[0]?.overrides ?? [])];
    return runs.map((run) => ({ ...mergeRange(range, run.overrides), targetNodes: targetText(run) }));
  });
  return { ...nodes, nodeRangeProperties: merged };
}

interface RangeOverride {
  readonly override: NodePropertyOverride;
  readonly nodes: NodeRange;
}

interface Run extends NodeRange {
  readonly overrides: readonly NodePropertyOverride[];
  /** Equal for equal overrides. */
  readonly key: string;
}

/** The nodes that take their properties from `range`, in runs of neighbours that the same overrides are for. */
function equalRuns(
  rangeOfNode: readonly NodeRangeProperty[],
  range: NodeRangeProperty,
  overrides: readonly RangeOverride[],
): Run[] {
  const runs: Run[] = [];
  for (const [node, own] of rangeOfNode.entries()) {
    if (own !== range) continue;
    const found = overrides.filter(({ nodes }) => contains(nodes, node));
    const key = found.map(({ nodes: { from, to } }) => `${from}:${to}`).join(" ");
    const last = runs.at(-1);
    if (last !== undefined && last.to === node - 1 && last.key === key) runs.splice(-1, 1, { ...last, to: node });
    else runs.push({ from: node, to: node, key, overrides: found.map(({ override }) => override) });
  }
  return runs;
}

function mergeRange(range: NodeRangeProperty, overrides: readonly NodePropertyOverride[]): NodeRangeProperty {
  return overrides.reduce(mergeOne, range);
}

function mergeOne(range: NodeRangeProperty, override: NodePropertyOverride): NodeRangeProperty {
  const { container, ecsProperties, eksProperties, consumableResourceProperties } = range;
  const consumables = mergeConsumables(consumableResourceProperties, override.consumableResourcePropertiesOverride);
  return {
    ...range,
    ...(container !== undefined && { container: mergeContainer(container, override.containerOverrides) }),
    ...(ecsProperties !== undefined && { ecsProperties: mergeTask(ecsProperties, override.ecsPropertiesOverride) }),
    ...(eksProperties !== undefined && { eksProperties: mergePod(eksProperties, override.eksPropertiesOverride) }),
    ...(override.instanceTypes !== undefined && { instanceTypes: override.instanceTypes }),
    ...(consumables !== undefined && { consumableResourceProperties: consumables }),
  };
}

function contains({ from, to }: NodeRange, node: number): boolean {
  return from <= node && node <= to;
}

function targetText({ from, to }: NodeRange): string {
  return from === to ? String(from) : `${from}:${to}`;
}
