import { Command, Option } from "commander";
import type { JobUsage } from "../../ports/cost-report.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, wholeNumber, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { Failure } from "../failure.ts";
import { describeKnownJobs, JOB_STATES } from "../job.ts";
import { jobDetailText } from "../job-detail-text.ts";
import { listJobs, type ListOptions } from "../job-list.ts";
import type { Result } from "../output.ts";
import { RefusedCall } from "../signed-call.ts";
import { count } from "../text.ts";
import { waitForJobs } from "../wait.ts";

interface EndOptions extends ClientOptions {
  readonly reason: string;
}

export function jobsCommand(): Command {
  const jobs = new Command("jobs").summary("list, describe, wait for, cancel, terminate and interrupt jobs");
  jobs.addCommand(listCommand(), { isDefault: true });
  jobs.addCommand(
    withIds(clientCommand("describe").summary("all about jobs")).action((ids: string[], options: ClientOptions) =>
      withConnection(options, (connection) => describe(connection, ids)),
    ),
  );
  jobs.addCommand(
    withIds(clientCommand("wait").summary("wait until jobs have ended"))
      .description("Waits until all jobs have ended. The exit code is that of the first one that failed.")
      .action((ids: string[], options: ClientOptions) =>
        withConnection(options, (connection) => waitForJobs(connection, ids, options)),
      ),
  );
  jobs.addCommand(endCommand("cancel", "cancel jobs that have not started", "Cancelled by the user"));
  jobs.addCommand(endCommand("terminate", "end jobs, also running ones", "Terminated by the user"));
  jobs.addCommand(
    withIds(clientCommand("interrupt").summary("take away what jobs run on, as when Spot capacity is taken back"))
      .description(
        "Ends the attempts of running jobs as AWS does when it takes back Spot capacity: with `Host EC2 (instance ID) terminated.`, on Fargate with `Your Spot Task was interrupted.`. They start again where their retry strategy says so.",
      )
      .action((ids: string[], options: ClientOptions) =>
        withConnection(options, (connection) => interrupt(connection, ids)),
      ),
  );
  return jobs;
}

async function interrupt(connection: Connection, ids: readonly string[]): Promise<Result> {
  for (const id of ids) {
    await adminCall(connection, "POST", `/longshore/jobs/${encodeURIComponent(id)}/interruption`);
  }
  return { data: { jobs: ids }, text: `Interrupted ${count(ids.length, "job")}.`, brief: ids.join("\n") };
}

function listCommand(): Command {
  return clientCommand("list")
    .summary("jobs of a queue or children of an array, newest first")
    .option("--queue <name>", "job queue", "default")
    .addOption(new Option("--array <id>", "the children of this array job, by index"))
    .addOption(new Option("--status <status>", "only jobs in this state").choices(JOB_STATES))
    .option("--limit <n>", "show at most so many", wholeNumber(1, 1_000_000), 100)
    .action((options: ClientOptions & ListOptions) =>
      withConnection(options, (connection) => listJobs(connection, options)),
    );
}

function withIds(command: Command): Command {
  return command.argument("<id...>", "job ids");
}

function endCommand(name: "cancel" | "terminate", summary: string, reason: string): Command {
  return withIds(clientCommand(name).summary(summary))
    .option("--reason <text>", "shown as the job's status reason", reason)
    .action((ids: string[], options: EndOptions) =>
      withConnection(options, (connection) => end(connection, name, ids, options.reason)),
    );
}

async function describe(connection: Connection, ids: readonly string[]): Promise<Result> {
  const jobs = await describeKnownJobs(connection, ids);
  const usages: (JobUsage | undefined)[] = [];
  for (const { jobId } of jobs) usages.push(await usageOf(connection, jobId ?? ""));
  return {
    data: { jobs, usage: usages.filter((usage) => usage !== undefined) },
    text: jobs.map((job, index) => jobDetailText(job, usages[index])).join("\n\n"),
    brief: jobs.map((job) => `${job.jobId} ${job.status}`).join("\n"),
  };
}

/** Undefined where AWS Batch itself, or another emulator, answers. */
async function usageOf(connection: Connection, jobId: string): Promise<JobUsage | undefined> {
  try {
    return await adminCall<JobUsage>(connection, "GET", `/longshore/jobs/${encodeURIComponent(jobId)}/usage`);
  } catch (error) {
    if (error instanceof RefusedCall || error instanceof Failure) return undefined;
    throw error;
  }
}

async function end(
  connection: Connection,
  how: "cancel" | "terminate",
  ids: readonly string[],
  reason: string,
): Promise<Result> {
  // The API accepts unknown ids in silence; a user who mistyped one wants to know.
  await describeKnownJobs(connection, ids);
  for (const jobId of ids) {
    await connection.batch((batch) =>
      how === "cancel" ? batch.cancelJob({ jobId, reason }) : batch.terminateJob({ jobId, reason }),
    );
  }
  const word = how === "cancel" ? "cancel" : "end";
  return { data: { jobs: ids }, text: `Asked to ${word} ${count(ids.length, "job")}.`, brief: ids.join("\n") };
}
