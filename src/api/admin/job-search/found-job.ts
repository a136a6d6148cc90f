import { isTerminal } from "../../../core/job.ts";
import type { FoundJob } from "../../../ports/job-search.ts";
import type { JobRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { jobHead, statusSummary } from "../../batch/jobs/job-detail.ts";

export interface ToShow {
  readonly job: JobRecord;
  readonly tags: Readonly<Record<string, string>>;
}

const NANO_USD = 1e9;

/** What a table shows of jobs; what they cost is looked up for all of them together. */
export async function foundJobs(backend: Backend, jobs: readonly ToShow[]): Promise<FoundJob[]> {
  const ended = jobs.flatMap(({ job }) =>
    job.state.attempts.flatMap(({ id, stoppedAt }) => (stoppedAt === undefined ? [] : [{ id, stoppedAt }])),
  );
  const uses = ended.length === 0 ? undefined : await backend.store.uses.ofAttempts(ended);
  return jobs.map(({ job, tags }) => {
    const costs = job.state.attempts.flatMap(({ id }) => uses?.get(id)?.nanoUsd ?? []);
    return {
      ...foundJob(backend, job, tags),
      ...(costs.length > 0 && { costUsd: costs.reduce((sum, cost) => sum + cost, 0) / NANO_USD }),
    };
  });
}

function foundJob({ scheduler }: Backend, job: JobRecord, tags: ToShow["tags"]): FoundJob {
  const { state, scheduling } = job;
  const { startedAt, stoppedAt, shareIdentifier, ...head } = jobHead(job, scheduler);
  const { vcpuMilli, memoryMiB, gpus } = scheduling.requirements;
  const last = state.attempts.at(-1);
  return {
    ...head,
    jobQueue: job.queueArn,
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(shareIdentifier !== undefined && { shareIdentifier }),
    attempts: state.attempts.length,
    ...(last?.exitCode !== undefined && { exitCode: last.exitCode }),
    ...(last?.reason !== undefined && { reason: last.reason }),
    resources: { vcpus: vcpuMilli / 1000, memoryMiB, gpus },
    tags,
    ...(job.parent !== undefined && { array: { index: job.parent.index } }),
    ...(job.parent === undefined &&
      scheduling.arraySize !== undefined && { array: { size: scheduling.arraySize, counts: statusSummary(job) } }),
    ...(scheduling.nodes !== undefined && { nodes: scheduling.nodes.count }),
    ...(state.isCancelled && { isCancelled: true }),
    ...(state.isTerminated && !isTerminal(state.status) && { isTerminated: true }),
  };
}
