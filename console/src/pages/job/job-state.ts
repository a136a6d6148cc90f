import type { JobDetail } from "@aws-sdk/client-batch";

export function hasEnded({ status }: Pick<JobDetail, "status">): boolean {
  return status === "SUCCEEDED" || status === "FAILED";
}

/** It has not been given capacity. */
export function isWaiting({ status }: Pick<JobDetail, "status">): boolean {
  return status === "SUBMITTED" || status === "PENDING" || status === "RUNNABLE";
}

export function isArray({ arrayProperties }: JobDetail): boolean {
  return arrayProperties?.size !== undefined;
}

/** A multi-node parallel job itself, not one of its nodes. */
export function hasNodes({ nodeProperties }: JobDetail): boolean {
  return nodeProperties !== undefined;
}
