import { Graph, layout } from "@dagrejs/dagre";
import type { Line, Place } from "./drawn-edges.ts";
import { columnPlaces } from "./column-layout.ts";

export const NODE_WIDTH = 220;
export const NODE_HEIGHT = 62;
const ROW_GAP = 18;
const COLUMN_GAP = 90;

/** Beyond these dagre takes seconds and more. */
const MOST_FOR_DAGRE = 60;

/** From left to right in the order in which jobs wait for each other. Pixels, of the upper left corner. */
export function placesOf(ids: readonly string[], edges: readonly Line[]): Map<string, Place> {
  return ids.length + edges.length > 2 * MOST_FOR_DAGRE ? columnPlaces(ids, edges) : dagrePlaces(ids, edges);
}

function dagrePlaces(ids: readonly string[], edges: readonly Line[]): Map<string, Place> {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: ROW_GAP, ranksep: COLUMN_GAP });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  return new Map(
    ids.map((id): [string, Place] => {
      const { x, y } = graph.node(id) as Place;
      return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
}
