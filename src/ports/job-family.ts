import type { JobStatus } from "../core/job.ts";

/** How jobs belong together: the children of an array, and who depends on whom. */
export interface JobFamily {
  /** Which of an array's children from index `from` up to but not including `to` have a record, in any order. */
  recordedIndexes(parentId: string, range: IndexRange): Promise<number[]>;
  /** The same as runs of equal status, each without a gap, in any order. */
  statusRuns(parentId: string, range: IndexRange): Promise<StatusRun[]>;
  /** Those of them that failed, with how, by index. */
  failures(parentId: string, range: IndexRange): Promise<ChildFailure[]>;
  /** Who depends on these jobs, or on children of these arrays: in order of both ids, those behind `after`. */
  dependents(ids: readonly string[], page: { after?: DependentPair; limit: number }): Promise<DependentPair[]>;
}

export interface IndexRange {
  readonly from: number;
  readonly to: number;
}

export interface StatusRun {
  readonly status: JobStatus;
  readonly first: number;
  readonly last: number;
}

export interface ChildFailure {
  readonly index: number;
  readonly statusReason?: string;
  /** Of the last attempt. */
  readonly exitCode?: number;
  readonly reason?: string;
}

export interface DependentPair {
  readonly jobId: string;
  readonly dependentId: string;
}
