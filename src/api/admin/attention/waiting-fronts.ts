import type { WaitingFront } from "../../../core/attention/queue-attention.ts";
import { demandOf } from "../../../core/job.ts";
import type { QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { findJobs } from "../../batch/jobs/job-records.ts";
import { scopeOf } from "../../batch/names.ts";
import type { Call } from "../../wire/operations.ts";

/** The queues that have a first job, with what it asks for and what it waits for. */
export async function waitingFronts(
  { scheduler, store }: Backend,
  call: Call,
  queues: readonly ResourceRecord<QueueSettings>[],
): Promise<WaitingFront[]> {
  const fronts = queues.flatMap(({ arn, name, settings }) => {
    const [first] = scheduler.snapshot(arn).front;
    if (first === undefined) return [];
    const { jobId, since } = first;
    return [{ jobId, name, since, isEnabled: settings.state !== "DISABLED", explanation: scheduler.explain(jobId) }];
  });
  const ids = fronts.map(({ jobId }) => jobId);
  const found = ids.length === 0 ? [] : await findJobs(store.jobs, scopeOf(call), ids, "any");
  const wanted = new Map(found.map((job) => [job.id, demandOf(job).requirements.vcpuMilli] as const));
  return fronts.map(({ jobId, ...front }) => {
    const wantedVcpuMilli = wanted.get(jobId);
    return { ...front, ...(wantedVcpuMilli !== undefined && { wantedVcpuMilli }) };
  });
}
