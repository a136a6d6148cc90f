import type { SubmitJobRequest, SubmitJobResponse } from "@aws-sdk/client-batch";
import type { Resubmission } from "../../../src/ports/resubmission.ts";
import { batch } from "./batch.ts";
import { call } from "./call.ts";

/** The SubmitJob request that does the same again, or only an array's failed children. */
export function resubmissionOf(jobId: string, failedOnly: boolean, signal?: AbortSignal): Promise<Resubmission> {
  const query = failedOnly ? "?failed=true" : "";
  return call(`/longshore/jobs/${encodeURIComponent(jobId)}/resubmission${query}`, "longshore", {
    ...(signal !== undefined && { signal }),
  });
}

/** Submits it. Rejects with what is in its way, too. */
export async function resubmit(jobId: string, failedOnly: boolean): Promise<SubmitJobResponse> {
  const { request, problem } = await resubmissionOf(jobId, failedOnly);
  if (problem !== undefined) throw new ResubmissionProblem(problem);
  return batch("SubmitJob", request as SubmitJobRequest);
}

/** Why a job cannot be run again as it was. */
export class ResubmissionProblem extends Error {
  override readonly name = "ResubmissionProblem";
}
