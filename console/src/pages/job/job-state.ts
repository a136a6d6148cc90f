import type { JobDetail } from "@aws-sdk/client-batch";

/** What of a job, or of a service job, its logs are shown with. */
export interface LoggedJob {
  readonly jobId?: string | undefined;
  readonly jobName?: string | undefined;
  readonly status?: string | undefined;
  readonly statusReason?: string | undefined;
}

export function hasEnded({ status }: Pick<LoggedJob, "status">): boolean {
  return status === "SUCCEEDED" || status === "FAILED";
}

/** It has not been given capacity. */
export function isWaiting({ status }: Pick<LoggedJob, "status">): boolean {
  return status === "SUBMITTED" || status === "PENDING" || status === "RUNNABLE";
}

export function isArray({ arrayProperties }: JobDetail): boolean {
  return arrayProperties?.size !== undefined;
}

/** A multi-node parallel job itself, not one of its nodes. */
export function hasNodes({ nodeProperties }: JobDetail): boolean {
  return nodeProperties !== undefined;
}
