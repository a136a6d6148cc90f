import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { GraphEdge, GraphNode, JobGraph } from "../../../../../src/ports/job-graph.ts";
import { jobPath } from "../job-id.ts";

export interface GraphListProps {
  readonly graph: JobGraph;
  readonly onOpen: (jobId: string) => void;
}

/** The same as the drawing, in words. */
export function GraphList({ graph, onOpen }: GraphListProps) {
  const before = graph.nodes.filter(({ step }) => step < 0).toSorted((a, b) => b.step - a.step);
  const after = graph.nodes.filter(({ step }) => step > 0).toSorted((a, b) => a.step - b.step);
  return (
    <SpaceBetween size="s">
      <Part title={`Waits for (${before.length})`} nodes={before} graph={graph} onOpen={onOpen} />
      <Part title={`Waited for by (${after.length})`} nodes={after} graph={graph} onOpen={onOpen} />
    </SpaceBetween>
  );
}

interface PartProps extends GraphListProps {
  readonly title: string;
  readonly nodes: readonly GraphNode[];
}

function Part({ title, nodes, graph, onOpen }: PartProps) {
  const names = new Map(graph.nodes.map(({ jobId, job }) => [jobId, job?.name ?? jobId]));
  return (
    <div>
      <Box variant="h3">{title}</Box>
      <ul className="graph-list">
        {nodes.map(({ jobId, job }) => (
          <li key={jobId}>
            <Link
              href={jobPath(jobId)}
              onFollow={(event) => {
                event.preventDefault();
                onOpen(jobId);
              }}
            >
              {job?.name ?? jobId}
            </Link>{" "}
            {job?.status ?? "removed"}
            {job?.array !== undefined && `, array of ${job.array.size}`}
            {waitsText(graph.edges, jobId, names)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function waitsText(edges: readonly GraphEdge[], jobId: string, names: ReadonlyMap<string, string>): string {
  const own = edges.filter(({ to }) => to === jobId);
  if (own.length === 0) return "";
  const texts = own.map(({ from, type, index }) => {
    const what =
      from === jobId ? "the child before" : `${names.get(from)}${index === undefined ? "" : `, child ${index}`}`;
    return type === undefined ? what : `${what} (${type})`;
  });
  return `, waits for ${texts.join("; ")}`;
}
