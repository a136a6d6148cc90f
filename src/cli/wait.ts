import type { JobDetail } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { arraySizeOf, describeKnownJobs, hasEnded } from "./job.ts";
import { endedChildren, exitCodeWith, outcomeJson, summaryOf } from "./outcome.ts";
import { StatusLine, type Result } from "./output.ts";
import { Pace } from "./pace.ts";
import { count, duration } from "./text.ts";

/** Waits until all these jobs have ended. The exit code is that of the first one, in the order given, that failed. */
export async function waitForJobs(connection: Connection, ids: readonly string[]): Promise<Result> {
  const status = new StatusLine(process.stderr);
  const pace = new Pace(connection.endpoint.isLocal);
  const startedAt = Date.now();
  let jobs = await describeKnownJobs(connection, ids);
  for (let open = -1; ;) {
    const stillOpen = jobs.filter((job) => !hasEnded(job)).length;
    if (stillOpen === 0) break;
    status.show(`waiting for ${count(stillOpen, "job")}, ${duration(Date.now() - startedAt)}`);
    await pace.wait(stillOpen !== open);
    open = stillOpen;
    jobs = await describeKnownJobs(connection, ids);
  }
  status.clear();
  return resultOf(connection, jobs);
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
