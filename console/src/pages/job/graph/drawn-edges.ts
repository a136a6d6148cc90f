import type { GraphEdge, JobGraph } from "../../../../../src/ports/job-graph.ts";

/** All that one job waits for of another one: drawn as one line. */
export interface DrawnEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

export type Line = Pick<DrawnEdge, "from" | "to">;

/** Of a job's upper left corner, pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** One line for each pair. That an array's children wait for each other is told in its node. */
export function drawnEdges({ edges }: Pick<JobGraph, "edges">): DrawnEdge[] {
  const byPair = new Map<string, { from: string; to: string; labels: Set<string> }>();
  for (const edge of edges) {
    if (edge.from === edge.to) continue;
    const id = `${edge.from} ${edge.to}`;
    const pair = byPair.get(id) ?? { from: edge.from, to: edge.to, labels: new Set<string>() };
    pair.labels.add(labelOf(edge));
    byPair.set(id, pair);
  }
  return [...byPair].map(([id, { from, to, labels }]) => ({
    ...{ id, from, to },
    label: [...labels].filter((label) => label !== "").join(", "),
  }));
}

function labelOf({ type, index }: GraphEdge): string {
  const child = index === undefined ? "" : `child ${index}`;
  return [type ?? "", child].filter((part) => part !== "").join(" ");
}
