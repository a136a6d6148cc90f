import type { PlainJobStatus } from "../core/job.ts";

/** What has become of an array's children, by index: small enough to be asked for with each change. */
export interface ArrayChildren {
  readonly arrayJobId: string;
  /** Of the whole array. */
  readonly size: number;
  /** Children from this index up to but not including `to` are told of: 10,000 at most. */
  readonly from: number;
  readonly to: number;
  /** By status, the indexes: `0-119,122,200-9999`. A status that no child has is absent. */
  readonly indexes: Readonly<Partial<Record<PlainJobStatus, string>>>;
  /** The failed ones by how they failed; those of which there are most come first. */
  readonly failures: readonly FailureGroup[];
  /** How many failed in ways of which there are fewer than of those in `failures`, which tells of 100 at most. */
  readonly otherFailures: number;
}

export interface FailureGroup {
  /** Of the last attempt; absent of a child that never ran. */
  readonly exitCode?: number;
  /** The container's reason, or else the job's statusReason. */
  readonly reason?: string;
  readonly count: number;
  /** `3,17-20` */
  readonly indexes: string;
}
