import type { JobStatus, StopRequest } from "../../../core/job.ts";
import { isTerminal, isWaiting } from "../../../core/job.ts";
import type { JobFilters, JobStopAnswer } from "../../../ports/job-search.ts";
import type { JobRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { arnOf, scopeOf } from "../../batch/names.ts";
import type { Call } from "../../wire/operations.ts";
import { mayRead, openToken } from "./job-search.ts";
import { readStop, toStoredSearch } from "./read-search.ts";
import type { FoundPlace } from "./search.ts";
import { deadline, jobsOfIds, searchJobs } from "./search.ts";

/** Stopped in one commit. */
const JOBS_A_STEP = 500;

/**
 * Asks the jobs that match and are not over to end, so many at a time: the newest first, and none that was submitted since the first step. To ask
 * again for what was asked changes nothing. Each job needs the permission that CancelJob or TerminateJob needs.
 */
export async function stopFound(backend: Backend, call: Call, body: Buffer | undefined): Promise<JobStopAnswer> {
  mayRead(call);
  const { filters, action, reason = "", pageToken } = readStop(body);
  // What is counted is what "terminate" would ask to end; CancelJob leaves jobs alone that have begun.
  const mayStop = action === "cancel" ? isWaiting : (status: JobStatus): boolean => !isTerminal(status);
  const { jobs, lookedTo, nextToken } = await step(backend, call, { filters, mayStop, action, pageToken });
  const open = jobs.filter(({ state }) => mayStop(state.status));
  const refused: { jobId: string; message: string }[] = [];
  const stopped: JobRecord[] = [];
  for (const job of open) {
    const permission = action === "cancel" ? "batch:CancelJob" : "batch:TerminateJob";
    const denied = action === "count" ? undefined : call.denial(permission, arnOf(call, "job", job.id));
    if (denied === undefined) stopped.push(job);
    else refused.push({ jobId: job.id, message: denied.message });
  }
  if (action !== "count" && stopped.length > 0) await stop(backend, stopped, { kind: action, reason });
  const found: Partial<Record<JobStatus, number>> = {};
  for (const { state } of stopped) found[state.status] = (found[state.status] ?? 0) + 1;
  const arrays = stopped.filter(({ scheduling, parent }) => parent === undefined && scheduling.arraySize !== undefined);
  return {
    ...{ found, arrays: arrays.length, refused },
    ...(lookedTo !== undefined && { lookedTo }),
    ...(nextToken !== undefined && { nextToken }),
  };
}

interface Step {
  readonly filters: JobFilters;
  readonly mayStop: (status: JobStatus) => boolean;
  readonly action: string;
  readonly pageToken: string | undefined;
}

interface Stepped {
  readonly jobs: readonly JobRecord[];
  readonly lookedTo?: number;
  readonly nextToken?: string;
}

async function step(backend: Backend, call: Call, { filters, mayStop, action, pageToken }: Step): Promise<Stepped> {
  const query = [scopeOf(call), "StopJobs", filters, action];
  const opened = openToken(backend, query, pageToken)?.place as { until: number; place: FoundPlace } | undefined;
  const until = opened?.until ?? backend.clock.now() + 1;
  const asked = toStoredSearch(call, filters);
  const search = {
    ...asked,
    statuses: asked.statuses.filter((status) => mayStop(status)),
    created: { ...asked.created, to: Math.min(asked.created.to ?? Infinity, until) },
  };
  if (filters.jobIds !== undefined) {
    const jobs = await jobsOfIds(backend, call, filters.jobIds, { search, order: "newest" });
    return { jobs: jobs.map(({ job }) => job) };
  }
  if (search.statuses.length === 0) return { jobs: [] };
  const page = { order: "newest", limit: JOBS_A_STEP, after: opened?.place, isOver: deadline(backend) } as const;
  const { found, lookedTo } = await searchJobs(backend, search, page);
  return {
    jobs: found.map(({ job }) => job),
    ...(lookedTo !== undefined && {
      lookedTo: lookedTo.createdAt,
      nextToken: backend.tokens.sign(query, { until, place: lookedTo }),
    }),
  };
}

async function stop({ store, clock, scheduler }: Backend, jobs: readonly JobRecord[], request: StopRequest) {
  await store.jobs.requestStops(
    jobs.map(({ id }) => id),
    request,
    clock.now(),
  );
  await scheduler.nudge();
}
