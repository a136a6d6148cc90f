import type { Explanation } from "../../../core/explain/explanation.ts";
import { explainEnded, explainUnseen } from "../../../core/explain/explain.ts";
import { isTerminal } from "../../../core/job.ts";
import type { Backend } from "../../batch/backend.ts";
import type { Call } from "../../wire/operations.ts";
import { describedJob, findJob } from "./find-job.ts";

/**
 * Why a job is where it is. For who may describe it. A node of a multi-node parallel job is explained as the job that it is of: they start together.
 *
 * @throws ResourceNotFoundException, 404, when there is no such job, or it is somebody else's.
 */
export async function explainJob(backend: Backend, call: Call, idOrArn: string): Promise<Explanation> {
  const job = await describedJob(backend, call, idOrArn);
  if (isTerminal(job.state.status)) return explainEnded(job);
  const explanation = backend.scheduler.explain(job.id);
  if (explanation !== undefined) return explanation;
  // It may have ended since it was read.
  const now = (await findJob(backend, call, job.id)) ?? job;
  return isTerminal(now.state.status) ? explainEnded(now) : explainUnseen(now);
}
