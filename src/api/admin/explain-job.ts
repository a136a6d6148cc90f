import type { Explanation } from "../../core/explain/explanation.ts";
import { explainEnded, explainUnseen } from "../../core/explain/explain.ts";
import { isTerminal } from "../../core/job.ts";
import type { JobRecord } from "../../ports/store.ts";
import type { Backend } from "../batch/backend.ts";
import { findJobs, isOfKind, ownerId } from "../batch/jobs/job-records.ts";
import { scopeOf, toJobId } from "../batch/names.ts";
import { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";

/**
 * Why a job is where it is. For who may describe it. A node of a multi-node parallel job is explained as the job that it is of: they start together.
 *
 * @throws ResourceNotFoundException, 404, when there is no such job, or it is somebody else's.
 */
export async function explainJob(backend: Backend, call: Call, idOrArn: string): Promise<Explanation> {
  const job = await find(backend, call, idOrArn);
  const denied = call.denial(`batch:${job === undefined || isPlain(job) ? "DescribeJobs" : "DescribeServiceJob"}`, "*");
  if (denied !== undefined) throw denied;
  if (job === undefined) throw new ApiError("ResourceNotFoundException", 404, `Job ${toJobId(idOrArn)} not found.`);
  if (isTerminal(job.state.status)) return explainEnded(job);
  const explanation = backend.scheduler.explain(job.id);
  if (explanation !== undefined) return explanation;
  // It may have ended since it was read.
  const now = (await find(backend, call, job.id)) ?? job;
  return isTerminal(now.state.status) ? explainEnded(now) : explainUnseen(now);
}

async function find({ store }: Backend, call: Call, idOrArn: string): Promise<JobRecord | undefined> {
  const id = toJobId(idOrArn);
  const [job] = await findJobs(store.jobs, scopeOf(call), [id]);
  const [found] = job === undefined ? await findJobs(store.jobs, scopeOf(call), [id], "service-job") : [job];
  if (found?.node === undefined) return found;
  return (await findJobs(store.jobs, scopeOf(call), [ownerId(found)]))[0];
}

function isPlain(job: JobRecord): boolean {
  return isOfKind("job", job);
}
