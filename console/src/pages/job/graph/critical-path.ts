import type { GraphNode, JobGraph } from "../../../../../src/ports/job-graph.ts";
import type { DrawnEdge } from "./drawn-edges.ts";

export interface CriticalPath {
  /** Ids of the edges on the way of jobs that decides, or decided, when the job can start. */
  readonly edges: ReadonlySet<string>;
  /** Those on it, the job itself among them. */
  readonly jobs: ReadonlySet<string>;
  /** What is waited for and waits for nothing else in the graph: it runs, or waits for room. */
  readonly blockers: readonly GraphNode[];
}

/**
 * Backwards from the job: of what each waits for, the one that is not over and has the longest way before it; where all are over, the one that ended
 * last.
 */
export function criticalPath({ jobId, nodes }: JobGraph, edges: readonly DrawnEdge[]): CriticalPath {
  const byId = new Map(nodes.map((node) => [node.jobId, node]));
  const into = new Map<string, DrawnEdge[]>();
  for (const edge of edges) into.set(edge.to, [...(into.get(edge.to) ?? []), edge]);
  const open = openAncestors(jobId, byId, into);
  const lengths = new Map<string, number>();
  // Jobs are waited for only by later ones: there are no circles, and a graph of 2,000 in a row is not too deep.
  const lengthOf = (id: string): number => {
    let length = lengths.get(id);
    if (length === undefined) {
      const before = (into.get(id) ?? []).filter(({ from }) => isOpen(byId.get(from)));
      length = 1 + Math.max(0, ...before.map(({ from }) => lengthOf(from)));
      lengths.set(id, length);
    }
    return length;
  };
  const rank = (edge: DrawnEdge): number => {
    const node = byId.get(edge.from);
    return isOpen(node) ? Number.MAX_SAFE_INTEGER / 2 + lengthOf(edge.from) : (node?.job?.stoppedAt ?? 0);
  };
  const way: DrawnEdge[] = [];
  for (let at: string | undefined = jobId; at !== undefined;) {
    const [decisive]: DrawnEdge[] = (into.get(at) ?? []).toSorted((a, b) => rank(b) - rank(a));
    if (decisive !== undefined) way.push(decisive);
    at = decisive?.from;
  }
  return {
    edges: new Set(way.map(({ id }) => id)),
    jobs: new Set([jobId, ...way.map(({ from }) => from)]),
    blockers: open.filter(({ jobId: id }) => !(into.get(id) ?? []).some(({ from }) => isOpen(byId.get(from)))),
  };
}

function openAncestors(
  jobId: string,
  byId: ReadonlyMap<string, GraphNode>,
  into: ReadonlyMap<string, readonly DrawnEdge[]>,
): GraphNode[] {
  const found = new Map<string, GraphNode>();
  const next = [jobId];
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    for (const { from } of into.get(id) ?? []) {
      const node = byId.get(from);
      if (node === undefined || !isOpen(node) || found.has(from)) continue;
      found.set(from, node);
      next.push(from);
    }
  }
  return [...found.values()];
}

function isOpen(node: GraphNode | undefined): boolean {
  const status = node?.job?.status;
  return status !== undefined && status !== "SUCCEEDED" && status !== "FAILED";
}
