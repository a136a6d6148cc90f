import type { JobStatus, JobSummary, ListJobsCommandInput } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { JOB_STATES } from "./job.ts";
import type { Result } from "./output.ts";
import { withQueueHint } from "./queue-hint.ts";
import { duration, moment, table } from "./text.ts";

export interface ListOptions {
  readonly queue: string;
  readonly array?: string;
  readonly status?: JobStatus;
  readonly limit: number;
}

const REASON_WIDTH = 60;

/** The jobs of a queue, newest first, or the children of an array, by index. */
export async function listJobs(connection: Connection, options: ListOptions): Promise<Result> {
  const found = await withQueueHint(connection, () => collect(connection, options));
  const jobs = found.slice(0, options.limit);
  const more = found.length > jobs.length ? `\nThere are more: --limit N shows N of them.` : "";
  const where = options.array === undefined ? `queue ${options.queue}` : `array ${options.array}`;
  return {
    data: { jobSummaryList: jobs },
    text: jobs.length === 0 ? `No jobs in ${where}.` : asTable(jobs) + more,
    brief: jobs.map((job) => job.jobId).join("\n"),
  };
}

async function collect(connection: Connection, options: ListOptions): Promise<JobSummary[]> {
  if (options.array !== undefined) return children(connection, options.array, options);
  const where = { jobQueue: options.queue };
  const jobs =
    options.status === undefined
      ? // A filter makes ListJobs give all states, newest first; this one lets every job through.
        await pages(connection, { ...where, filters: [{ name: "AFTER_CREATED_AT", values: ["0"] }] }, options.limit)
      : await pages(connection, { ...where, jobStatus: options.status }, options.limit);
  return jobs.sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
}

/** Filters do not apply to children, so each state is asked for. */
async function children(connection: Connection, arrayJobId: string, options: ListOptions): Promise<JobSummary[]> {
  const states = options.status === undefined ? JOB_STATES : [options.status];
  const jobs: JobSummary[] = [];
  for (const jobStatus of states) jobs.push(...(await pages(connection, { arrayJobId, jobStatus }, Infinity)));
  return jobs.sort((a, b) => (a.arrayProperties?.index ?? 0) - (b.arrayProperties?.index ?? 0));
}

/** One more than the limit, if there are more: so that the user can be told. */
async function pages(connection: Connection, input: ListJobsCommandInput, limit: number): Promise<JobSummary[]> {
  const jobs: JobSummary[] = [];
  let nextToken: string | undefined;
  do {
    const page = nextToken === undefined ? {} : { nextToken };
    const answer = await connection.batch((batch) => batch.listJobs({ ...input, ...page, maxResults: 100 }));
    jobs.push(...(answer.jobSummaryList ?? []));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined && jobs.length <= limit);
  return jobs;
}

function asTable(jobs: readonly JobSummary[]): string {
  return table(
    ["ID", "NAME", "STATUS", "CREATED", "RAN", "EXIT", "REASON"],
    jobs.map((job) => [
      job.jobId ?? "",
      nameWithArray(job),
      job.status ?? "",
      moment(job.createdAt),
      ranFor(job),
      job.container?.exitCode === undefined ? "-" : String(job.container.exitCode),
      shortReason(job),
    ]),
  );
}

function nameWithArray({ jobName = "", arrayProperties }: JobSummary): string {
  const { index, size, statusSummary } = arrayProperties ?? {};
  if (index !== undefined || size === undefined) return jobName;
  const { SUCCEEDED = 0, FAILED = 0 } = statusSummary ?? {};
  return `${jobName} [${statusSummary === undefined ? "" : `${SUCCEEDED + FAILED}/`}${size}]`;
}

function ranFor({ startedAt, stoppedAt }: JobSummary): string {
  if (startedAt === undefined || startedAt <= 0) return "-";
  return duration((stoppedAt ?? Date.now()) - startedAt);
}

function shortReason(job: JobSummary): string {
  if (job.status === "SUCCEEDED") return "";
  const reason = job.container?.reason ?? job.statusReason ?? "";
  return reason.length > REASON_WIDTH ? `${reason.slice(0, REASON_WIDTH - 1)}…` : reason;
}
