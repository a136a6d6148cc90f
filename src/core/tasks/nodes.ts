import type { NodeProperties, NodeRangeProperty } from "@aws-sdk/client-batch";

/** Nodes `from` to `to`, both included. */
export interface NodeRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The nodes that `targetNodes` means: `a:b`, `:b`, `a:`, `:` or `n` (reference 3.3). An open end means the last node. Undefined when it is none of
 * these.
 */
export function parseTargetNodes(targetNodes: string, numNodes: number): NodeRange | undefined {
  const match = /^(\d*)(:?)(\d*)$/.exec(targetNodes);
  if (match === null || targetNodes === "") return undefined;
  const [, from = "", colon, to = ""] = match;
  if (colon === "") return { from: Number(from), to: Number(from) };
  return { from: Number(from || 0), to: to === "" ? numNodes - 1 : Number(to) };
}

/** Whether a range goes on to the last node, however many there are. */
export function isOpenEnded(targetNodes: string): boolean {
  return targetNodes.endsWith(":");
}

/** For each node, the range that it takes its properties from: of those that it is in the narrowest, of equals the last. */
export function rangeOfEachNode({ numNodes, nodeRangeProperties = [] }: NodeProperties) {
  const widestFirst = nodeRangeProperties
    .map((range, index) => ({ range, index, nodes: parseTargetNodes(range.targetNodes!, numNodes!)! }))
    .sort((a, b) => width(b.nodes) - width(a.nodes) || a.index - b.index);
  const byNode = Array.from<NodeRangeProperty>({ length: numNodes! });
  for (const { range, nodes } of widestFirst) {
    byNode.fill(range, nodes.from, nodes.to + 1);
  }
  return byNode;
}

function width({ from, to }: NodeRange): number {
  return to - from;
}
