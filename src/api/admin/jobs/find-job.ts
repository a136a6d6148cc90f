import type { JobRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { findJobs, isOfKind, ownerId } from "../../batch/jobs/job-records.ts";
import { scopeOf, toJobId } from "../../batch/names.ts";
import { ApiError } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";

/**
 * A job or service job of whom it is asked, for who may describe it; for a node of a multi-node parallel job the job that it is of.
 *
 * @throws ResourceNotFoundException, 404, when there is no such job, or it is somebody else's.
 */
export async function describedJob(backend: Backend, call: Call, idOrArn: string): Promise<JobRecord> {
  const job = await findJob(backend, call, idOrArn);
  const isPlain = job === undefined || isOfKind("job", job);
  const denied = call.denial(`batch:${isPlain ? "DescribeJobs" : "DescribeServiceJob"}`, "*");
  if (denied !== undefined) throw denied;
  if (job === undefined) throw new ApiError("ResourceNotFoundException", 404, `Job ${toJobId(idOrArn)} not found.`);
  return job;
}

export async function findJob({ store }: Backend, call: Call, idOrArn: string): Promise<JobRecord | undefined> {
  const id = toJobId(idOrArn);
  const [job] = await findJobs(store.jobs, scopeOf(call), [id]);
  const [found] = job === undefined ? await findJobs(store.jobs, scopeOf(call), [id], "service-job") : [job];
  if (found?.node === undefined) return found;
  return (await findJobs(store.jobs, scopeOf(call), [ownerId(found)]))[0];
}
