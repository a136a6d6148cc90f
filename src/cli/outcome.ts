import type { JobDetail, JobSummary } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { arraySizeOf, exitCodeOf, hasEnded } from "./job.ts";
import { exitCodeOfContainers, reasonOf } from "./job-containers.ts";
import { oneLine } from "./neutral.ts";
import { count, duration } from "./text.ts";

const FAILURES_SHOWN = 10;

/** How one child of an array ended. */
export interface ChildOutcome {
  readonly index: number;
  readonly jobId: string;
  readonly status: string;
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
}

/** The children of an array that ended in one of these states, by index. */
export async function endedChildren(
  connection: Connection,
  parent: JobDetail,
  states: readonly ("SUCCEEDED" | "FAILED")[],
): Promise<ChildOutcome[]> {
  const children: ChildOutcome[] = [];
  for (const state of states) {
    if (parent.arrayProperties?.statusSummary?.[state] === 0) continue;
    for await (const page of childPages(connection, parent.jobId ?? "", state)) children.push(...page.map(toOutcome));
  }
  return children.sort((a, b) => a.index - b.index);
}

async function* childPages(
  connection: Connection,
  arrayJobId: string,
  jobStatus: "SUCCEEDED" | "FAILED",
): AsyncGenerator<JobSummary[]> {
  let nextToken: string | undefined;
  do {
    const page = nextToken === undefined ? {} : { nextToken };
    const answer = await connection.batch((batch) => batch.listJobs({ arrayJobId, jobStatus, ...page }));
    yield answer.jobSummaryList ?? [];
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
}

function toOutcome(summary: JobSummary): ChildOutcome {
  const { jobId = "", status = "FAILED", container, statusReason } = summary;
  return {
    index: summary.arrayProperties?.index ?? Number(jobId.split(":")[1]),
    jobId,
    status,
    exitCode: container?.exitCode,
    reason: container?.reason ?? statusReason,
  };
}

/** An array's exit code is that of its failed child with the lowest index that has one. */
export function exitCodeWith(job: JobDetail, children: readonly ChildOutcome[]): number {
  const failed = children.find((child) => child.status === "FAILED" && (child.exitCode ?? 0) !== 0);
  return failed?.exitCode ?? exitCodeOf(job);
}

/** What `run --json` and `jobs wait --json` say about a job that has ended. Times are epoch ms. */
export function outcomeJson(job: JobDetail, children: readonly ChildOutcome[], exitCode: number): object {
  const { jobId, jobName, status, statusReason, createdAt, startedAt, stoppedAt } = job;
  const isArray = arraySizeOf(job) !== undefined;
  return {
    jobId,
    jobName,
    status,
    statusReason,
    exitCode,
    createdAt,
    startedAt,
    stoppedAt,
    ...(isArray ? { statusSummary: job.arrayProperties?.statusSummary, children } : {}),
  };
}

/** The last words about a job: how it ended, how long it took, and where to look if it failed; without a server, how to get one first. */
export function summaryOf(
  job: JobDetail,
  children: readonly ChildOutcome[],
  elapsedMs: number,
  serverStays = true,
): string {
  const size = arraySizeOf(job);
  const took = duration(elapsedMs);
  if (size === undefined) return singleSummary(job, took);
  const { SUCCEEDED = 0, FAILED = 0 } = job.arrayProperties?.statusSummary ?? {};
  const head = `Job ${job.jobId}: ${SUCCEEDED} succeeded, ${FAILED} failed, ${took}.`;
  const failed = children.filter((child) => child.status === "FAILED");
  if (failed.length === 0) return head;
  const lines = failed.slice(0, FAILURES_SHOWN).map((child) => `  [${child.index}] ${howItFailed(child)}`);
  const more = failed.length - lines.length;
  if (more > 0) lines.push(`  and ${count(more, "more child", "more children")}`);
  const first = serverStays ? "" : "longshore up, then ";
  return [head, ...lines, `Their output: ${first}longshore logs ${failed[0]?.jobId ?? ""}`].join("\n");
}

function singleSummary(job: JobDetail, took: string): string {
  if (!hasEnded(job) || job.status === "SUCCEEDED") return `Job ${job.jobId} succeeded, ${took}.`;
  const attempts = job.attempts?.length ?? 0;
  const tried = attempts > 1 ? ` after ${attempts} attempts` : "";
  const how = howItFailed({ exitCode: exitCodeOfContainers(job), reason: reasonOf(job) });
  return `Job ${job.jobId} failed${tried}, ${took}: ${how}`;
}

function howItFailed(job: { readonly exitCode: number | undefined; readonly reason: string | undefined }): string {
  const reason = oneLine(job.reason ?? "no reason given");
  return job.exitCode === undefined ? reason : `exit code ${job.exitCode}, ${reason}`;
}
