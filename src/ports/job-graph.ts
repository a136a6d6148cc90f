import type { JobStatus } from "../core/job.ts";

/** A job with all that it depends on and all that depends on it, as far as was asked for. An array is one node. */
export interface JobGraph {
  /** The node that the graph was asked of: for a child the array, for a node of a multi-node parallel job the job. */
  readonly jobId: string;
  readonly nodes: readonly GraphNode[];
  /** Between the nodes. */
  readonly edges: readonly GraphEdge[];
  /** There is more than `limit` and `depth` let through: nodes with more neighbours say so. */
  readonly isPartial: boolean;
}

export interface GraphNode {
  readonly jobId: string;
  /** Absent of a job that was removed with its history: only its id is known. */
  readonly job?: GraphJob;
  /** How many steps from the job asked of: negative towards what it depends on. */
  readonly step: number;
  /** It has neighbours that are not told. */
  readonly hasMore?: true;
}

export interface GraphJob {
  readonly name: string;
  readonly queueArn: string;
  readonly status: JobStatus;
  readonly statusReason?: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  /** Of an array, with how many children are in each state. */
  readonly array?: { readonly size: number; readonly counts: Readonly<Record<string, number>> };
  /** Of a multi-node parallel job. */
  readonly nodes?: number;
}

/** `to` waits for `from`. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Absent: all of `from` must have SUCCEEDED. SEQUENTIAL: children wait for the child before them, `from` and `to` are one. */
  readonly type?: "N_TO_N" | "SEQUENTIAL" | "AFTER_ANY" | "AFTER_NOT_OK";
  /** Only this child of `from` is waited for. */
  readonly index?: number;
}
