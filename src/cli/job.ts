import type { JobDetail } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { EXIT, Failure } from "./failure.ts";
import { exitCodeOfContainers, reasonOf } from "./job-containers.ts";

/** DescribeJobs takes at most this many ids. */
export const DESCRIBE_LIMIT = 100;

/** The states of a job, in the order of its life. */
export const JOB_STATES = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"] as const;

const COMMAND_NOT_FOUND = /not found|no such file|ENOENT/i;
const NOT_EXECUTABLE = /permission denied|EACCES|not executable|exec format/i;

export function hasEnded(job: { readonly status?: string | undefined }): boolean {
  return job.status === "SUCCEEDED" || job.status === "FAILED";
}

/** True while a job waits for its turn: it has no running attempt. */
export function isWaiting(job: { readonly status?: string | undefined }): boolean {
  return !hasEnded(job) && job.status !== "RUNNING" && job.status !== "STARTING";
}

/** Describes any number of jobs, in the order asked for; unknown ids are left out. */
export async function describeJobs(connection: Connection, ids: readonly string[]): Promise<JobDetail[]> {
  const jobs: JobDetail[] = [];
  for (let start = 0; start < ids.length; start += DESCRIBE_LIMIT) {
    const page = ids.slice(start, start + DESCRIBE_LIMIT);
    const answer = await connection.batch((batch) => batch.describeJobs({ jobs: page }));
    jobs.push(...(answer.jobs ?? []));
  }
  return jobs;
}

/** Describes jobs that must all exist. */
export async function describeKnownJobs(connection: Connection, ids: readonly string[]): Promise<JobDetail[]> {
  const jobs = await describeJobs(connection, ids);
  const known = new Set(jobs.flatMap((job) => [job.jobId, job.jobArn]));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length === 0) return jobs;
  throw new Failure(
    `No job ${unknown.join(", ")} at ${connection.endpoint.url}.`,
    EXIT.server,
    "`longshore jobs list` shows the jobs of a queue.",
  );
}

/** Describes one job, which must exist. */
export async function describeOne(connection: Connection, id: string): Promise<JobDetail> {
  const [job] = await describeKnownJobs(connection, [id]);
  if (job === undefined) throw new Error(`DescribeJobs answered without ${id}`);
  return job;
}

/** The number of children of an array parent; undefined for any other job. */
export function arraySizeOf(job: JobDetail): number | undefined {
  return job.arrayProperties?.index === undefined ? job.arrayProperties?.size : undefined;
}

export function logGroupOf(job: JobDetail): string {
  return job.container?.logConfiguration?.options?.["awslogs-group"] ?? "/aws/batch/job";
}

/**
 * The exit code that stands for a job that has ended: the program's own; where there is none, a shell's 127 or 126 if the
 * command was not found or not executable, else 1. A failed job never gives 0.
 */
export function exitCodeOf(job: JobDetail): number {
  if (job.status === "SUCCEEDED") return EXIT.ok;
  const code = exitCodeOfContainers(job);
  if (code !== undefined) return code === 0 ? EXIT.jobFailed : code;
  const reason = reasonOf(job) ?? "";
  if (COMMAND_NOT_FOUND.test(reason) && !/image|pull|manifest/i.test(reason)) return 127;
  return NOT_EXECUTABLE.test(reason) && !/image|pull/i.test(reason) ? 126 : EXIT.jobFailed;
}
