import type { JobDetail } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { arraySizeOf, describeKnownJobs, hasEnded } from "./job.ts";
import { endedChildren, exitCodeWith, outcomeJson, summaryOf } from "./outcome.ts";
import { say, StatusLine, type Result } from "./output.ts";
import { Pace } from "./pace.ts";
import { ProgressBar, sumOfTallies, tallyOf, type Tally } from "./progress-bar.ts";
import { duration } from "./text.ts";

/** Without a terminal, a line says so often how far it is. */
const SAID_EVERY_MS = 30_000;

/** Waits until all these jobs have ended. The exit code is that of the first one, in the order given, that failed. With --json nothing is said meanwhile. */
export async function waitForJobs(
  connection: Connection,
  ids: readonly string[],
  { json = false }: { readonly json?: boolean } = {},
): Promise<Result> {
  const status = new StatusLine(process.stderr);
  const pace = new Pace(connection.endpoint.isLocal);
  const bar = new ProgressBar();
  const startedAt = Date.now();
  let saidAt = startedAt;
  let jobs = await describeKnownJobs(connection, ids);
  for (let seen = ""; ;) {
    const tally = sumOfTallies(jobs.map(tallyOfJob));
    if (jobs.every(hasEnded)) break;
    const now = Date.now();
    const line = `${bar.line(tally, now)}, ${duration(now - startedAt)}`;
    if (!json) status.show(line);
    if (!json && !process.stderr.isTTY && now - saidAt >= SAID_EVERY_MS) {
      saidAt = now;
      say(`Waiting: ${line}`);
    }
    const state = JSON.stringify(tally);
    await pace.wait(state !== seen);
    seen = state;
    jobs = await describeKnownJobs(connection, ids);
  }
  status.clear();
  return resultOf(connection, jobs);
}

/** Of an array its children. */
function tallyOfJob(job: JobDetail): Tally {
  const summary = arraySizeOf(job) === undefined ? undefined : job.arrayProperties?.statusSummary;
  return tallyOf(summary ?? { [job.status ?? "SUBMITTED"]: 1 });
}

async function resultOf(connection: Connection, jobs: readonly JobDetail[]): Promise<Result> {
  const outcomes = [];
  for (const job of jobs) {
    const children = arraySizeOf(job) === undefined ? [] : await endedChildren(connection, job, ["FAILED"]);
    const exitCode = exitCodeWith(job, children);
    const elapsedMs = (job.stoppedAt ?? 0) - (job.createdAt ?? 0);
    outcomes.push({
      job,
      exitCode,
      text: summaryOf(job, children, elapsedMs),
      json: outcomeJson(job, children, exitCode),
    });
  }
  return {
    data: { jobs: outcomes.map(({ json }) => json) },
    text: outcomes.map(({ text }) => text).join("\n"),
    brief: outcomes.map(({ job }) => `${job.jobId} ${job.status}`).join("\n"),
    exitCode: outcomes.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0,
  };
}
