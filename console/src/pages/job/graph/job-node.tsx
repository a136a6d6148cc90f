import type { Node, NodeProps } from "@xyflow/react";
import { Handle, Position, useStore } from "@xyflow/react";
import type { GraphNode } from "../../../../../src/ports/job-graph.ts";
import type { StatusLooks } from "../../../components/job-colors.ts";
import { useStatusLooks } from "../../../components/job-colors.ts";
import { jobPath } from "../job-id.ts";

export interface JobNodeData extends Record<string, unknown> {
  readonly node: GraphNode;
  readonly isRoot: boolean;
  readonly isCritical: boolean;
  readonly isFound: boolean;
  /** The one that the Tab key comes to. */
  readonly hasTabStop: boolean;
  /** Its children wait for each other. */
  readonly isSequential: boolean;
  readonly onOpen: (jobId: string) => void;
}

export type JobFlowNode = Node<JobNodeData, "job">;

/** Texts that are smaller than this part of their size are not drawn: the colour says how the job is. */
const SMALLEST_READABLE = 0.45;

export function JobNode({ data }: NodeProps<JobFlowNode>) {
  const { node, isRoot, isCritical, isFound, hasTabStop, isSequential, onOpen } = data;
  const { jobId, job, hasMore } = node;
  const looks = useStatusLooks();
  const isFar = useStore(({ transform }) => transform[2] < SMALLEST_READABLE);
  const look = lookOf(looks, job?.status);
  const status = job?.status ?? "removed";
  const progress = job?.array === undefined ? "" : `, array of ${job.array.size}`;
  const about = `${job?.name ?? jobId}, ${status}${progress}`;
  const flags = [isRoot && "root", isCritical && "critical", isFound && "found", isFar && "far"];
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <a
        href={jobPath(jobId)}
        className={`graph-job ${flags.filter((flag) => flag !== false).join(" ")}`}
        style={{ borderInlineStartColor: look.fill, ...(isFar && { background: look.fill }) }}
        tabIndex={hasTabStop ? 0 : -1}
        data-job={jobId}
        {...(isFar && { "aria-label": about })}
        {...(isRoot && { "aria-current": "page" })}
        title={`${job?.name ?? "A job that was removed"}\n${jobId}\n${status}${job?.statusReason === undefined ? "" : `: ${job.statusReason}`}`}
        draggable={false}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          onOpen(jobId);
        }}
      >
        <span className="graph-job-name">{job?.name ?? jobId}</span>
        <span className="graph-job-status">
          <span className="graph-job-dot" style={{ background: look.fill }} />
          {status}
          {job?.nodes !== undefined && ` · ${job.nodes} nodes`}
          {isSequential && " · SEQUENTIAL"}
          {hasMore === true && " · more"}
        </span>
        {job?.array !== undefined && <ArrayBar array={job.array} looks={looks} />}
      </a>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}

function ArrayBar({
  array: { size, counts },
  looks,
}: {
  readonly array: { readonly size: number; readonly counts: Readonly<Record<string, number>> };
  readonly looks: StatusLooks;
}) {
  const over = (counts["SUCCEEDED"] ?? 0) + (counts["FAILED"] ?? 0);
  return (
    <span className="graph-job-array" title={`${over} of ${size} children are over`}>
      <span className="graph-job-bar">
        {(["FAILED", "SUCCEEDED", "RUNNING", "STARTING"] as const).map((status) => (
          <span key={status} style={{ flexGrow: counts[status] ?? 0, background: looks[status].fill }} />
        ))}
        <span style={{ flexGrow: size - over - (counts["RUNNING"] ?? 0) - (counts["STARTING"] ?? 0) }} />
      </span>
      {over}/{size}
    </span>
  );
}

export function lookOf(looks: StatusLooks, status: string | undefined): StatusLooks["FAILED"] {
  return looks[status as keyof StatusLooks] ?? { fill: "#8c8c94", ink: "#000000" };
}
