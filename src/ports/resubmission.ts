import type { SubmitJobRequest } from "@aws-sdk/client-batch";

/** `GET /longshore/jobs/ID/resubmission`: what to send to SubmitJob so that the same runs again. */
export interface Resubmission {
  readonly request: Required<Pick<SubmitJobRequest, "jobName" | "jobQueue" | "jobDefinition" | "tags">> &
    SubmitJobRequest;
  /** Why SubmitJob would refuse it, and what could be done. */
  readonly problem?: string;
  /** What is not as it was: dependencies that are over, say. */
  readonly notes: readonly string[];
  /** Asked for the failed children of an array: how many there are. */
  readonly failedChildren?: number;
}
