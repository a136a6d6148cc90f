import type {
  FoundJob,
  JobFilters,
  JobSearchAnswer,
  JobSearchRequest,
  JobStopAnswer,
  JobStopRequest,
} from "../../../src/ports/job-search.ts";
import { call } from "./call.ts";

/** How long a page of the table looks by itself before it asks whether to look further. */
const PATIENCE_MS = 4_000;

export function searchJobs(body: JobSearchRequest, signal?: AbortSignal): Promise<JobSearchAnswer> {
  return call("/longshore/job-search", "longshore", { method: "POST", body, ...(signal !== undefined && { signal }) });
}

/** Goes on while the server has looked only so far, until the page is full or it has taken long. */
export async function searchPage(
  request: JobSearchRequest & { readonly limit: number },
  signal: AbortSignal,
): Promise<JobSearchAnswer> {
  const until = Date.now() + PATIENCE_MS;
  let answer = await searchJobs(request, signal);
  while (answer.isPartial && answer.nextToken !== undefined && answer.jobs.length < request.limit) {
    if (Date.now() >= until) break;
    const limit = request.limit - answer.jobs.length;
    const more = await searchJobs({ ...request, limit, pageToken: answer.nextToken }, signal);
    const previousToken = answer.previousToken ?? more.previousToken;
    answer = { ...more, jobs: [...answer.jobs, ...more.jobs], ...(previousToken !== undefined && { previousToken }) };
  }
  return answer;
}

/** These jobs as they are now, by id; those that are gone are left out. */
export async function jobsById(jobIds: readonly string[], signal?: AbortSignal): Promise<Map<string, FoundJob>> {
  if (jobIds.length === 0) return new Map();
  const { jobs } = await searchJobs({ filters: { jobIds }, limit: 1_000 }, signal);
  return new Map(jobs.map((job) => [job.jobId, job]));
}

export function stopStep(body: JobStopRequest, signal: AbortSignal): Promise<JobStopAnswer> {
  return call("/longshore/job-search/stop", "longshore", { method: "POST", body, signal });
}

export type { FoundJob, JobFilters, JobSearchAnswer, JobStopAnswer };
