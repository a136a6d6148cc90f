import "@xyflow/react/dist/base.css";
import "./graph.css";
import type { ReactFlowInstance } from "@xyflow/react";
import { Controls, MarkerType, MiniMap, ReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { JobGraph } from "../../../../../src/ports/job-graph.ts";
import { useIsDark, useStatusLooks } from "../../../components/job-colors.ts";
import type { CriticalPath } from "./critical-path.ts";
import type { JobFlowNode } from "./job-node.tsx";
import { JobNode, lookOf } from "./job-node.tsx";
import type { DrawnEdge } from "./drawn-edges.ts";
import { NODE_HEIGHT, NODE_WIDTH, placesOf } from "./layout.ts";
import { neighbour } from "./neighbour.ts";

export interface DrawingProps {
  readonly graph: JobGraph;
  readonly edges: readonly DrawnEdge[];
  readonly path: CriticalPath;
  /** Ids of what was searched for, and which of them is to be in the middle. */
  readonly found: ReadonlySet<string>;
  readonly middle: string | undefined;
  readonly onOpen: (jobId: string) => void;
}

const NODE_TYPES = { job: JobNode };
/** More than these do not fit into the frame in a size that can be read. */
const FITS = 24;
const READABLE_ZOOM = 0.85;
const MOVE = { duration: 200 };

/** The graph itself; loaded when it is to be seen. */
export default function Drawing({ graph, edges, path, found, middle, onOpen }: DrawingProps) {
  const looks = useStatusLooks();
  const isDark = useIsDark();
  const flow = useRef<ReactFlowInstance<JobFlowNode>>(undefined);
  const frame = useRef<HTMLDivElement>(null);
  const [tabStop, setTabStop] = useState(graph.jobId);
  // Where jobs are changes with who depends on whom, and not with how they are.
  const structure = JSON.stringify([
    graph.nodes.map(({ jobId }) => jobId),
    edges.map(({ from, to }) => ({ from, to })),
  ]);
  const places = useMemo(() => placesOf(...(JSON.parse(structure) as Parameters<typeof placesOf>)), [structure]);
  const sequential = useMemo(
    () => new Set(graph.edges.filter(({ from, to }) => from === to).map(({ to }) => to)),
    [graph],
  );
  const nodes = useMemo(
    () =>
      graph.nodes.map((node): JobFlowNode => {
        const { jobId } = node;
        const marks = { isRoot: jobId === graph.jobId, isCritical: path.jobs.has(jobId) && path.jobs.size > 1 };
        return {
          ...{ id: jobId, type: "job", position: places.get(jobId)!, width: NODE_WIDTH, height: NODE_HEIGHT },
          data: {
            ...{ node, ...marks, isFound: found.has(jobId), hasTabStop: jobId === tabStop },
            ...{ isSequential: sequential.has(jobId), onOpen },
          },
        };
      }),
    [graph, places, path, found, tabStop, sequential, onOpen],
  );
  const lines = useMemo(
    () =>
      edges.map(({ id, from, to, label }) => ({
        ...{ id, source: from, target: to, label, className: path.edges.has(id) ? "critical" : "" },
        markerEnd: { type: MarkerType.ArrowClosed, color: path.edges.has(id) ? "#e07700" : "#8c8c94" },
      })),
    [edges, path],
  );
  const show = (jobId: string): void => {
    const place = places.get(jobId);
    if (place === undefined) return;
    const zoom = Math.max(READABLE_ZOOM, flow.current?.getZoom() ?? 1);
    void flow.current?.setCenter(place.x + NODE_WIDTH / 2, place.y + NODE_HEIGHT / 2, { ...MOVE, zoom });
  };
  useEffect(() => {
    if (middle !== undefined) show(middle);
    // Only when something else is to be in the middle.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [middle]);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const from = (event.target as HTMLElement).dataset["job"];
    const next = from === undefined ? undefined : neighbour(from, event.key, edges, places);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setTabStop(next);
    show(next);
    frame.current?.querySelector<HTMLElement>(`[data-job="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
  };
  return (
    // Arrow keys go from link to link.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={frame} className="graph-frame" onKeyDownCapture={onKeyDown}>
      <ReactFlow<JobFlowNode>
        nodes={nodes}
        edges={lines}
        nodeTypes={NODE_TYPES}
        colorMode={isDark ? "dark" : "light"}
        minZoom={0.03}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onInit={(instance) => {
          flow.current = instance;
          if (graph.nodes.length <= FITS) void instance.fitView({ padding: 0.1, maxZoom: 1.1 });
          else show(graph.jobId);
        }}
      >
        <Controls showInteractive={false} />
        {graph.nodes.length > FITS && (
          <MiniMap<JobFlowNode>
            pannable
            zoomable
            ariaLabel="All jobs of the graph, small"
            nodeColor={({ data }) => lookOf(looks, data.node.job?.status).fill}
          />
        )}
      </ReactFlow>
    </div>
  );
}
