import { isTerminal } from "../../../core/job.ts";
import type { Backend } from "../../batch/backend.ts";
import { arnOf, toJobId } from "../../batch/names.ts";
import { ApiError } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import { findJob } from "./find-job.ts";

export interface InterruptionAnswer {
  readonly jobId: string;
}

/**
 * Takes away what a running job runs on, as AWS does when it takes back Spot capacity: the attempt ends for that reason, and is tried again where the
 * job's retry strategy says so. Answers when the scheduler has seen it. For who may terminate the job.
 *
 * @throws ResourceNotFoundException, 404; ClientException, 400, when the job does not run.
 */
export async function interruptJob(backend: Backend, call: Call, idOrArn: string): Promise<InterruptionAnswer> {
  const denied = call.denial("batch:TerminateJob", arnOf(call, "job", toJobId(idOrArn)));
  if (denied !== undefined) throw denied;
  const job = await findJob(backend, call, idOrArn);
  if (job === undefined) throw new ApiError("ResourceNotFoundException", 404, `Job ${toJobId(idOrArn)} not found.`);
  const { status } = job.state;
  const mayHaveActiveChildren = job.scheduling.arraySize !== undefined && job.parent === undefined;
  if (isTerminal(status) || (!mayHaveActiveChildren && status !== "STARTING" && status !== "RUNNING")) {
    throw new ApiError("ClientException", 400, `Job ${job.id} is ${status}: only what runs can be interrupted.`);
  }
  await backend.store.jobs.requestStops([job.id], { kind: "interrupt", reason: "" }, backend.clock.now());
  await backend.scheduler.nudge();
  return { jobId: job.id };
}
