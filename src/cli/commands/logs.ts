import type { JobDetail } from "@aws-sdk/client-batch";
import type { Command } from "commander";
import { clientCommand, wholeNumber, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import { followJob, readJob } from "../follow.ts";
import { describeOne, hasEnded, logGroupOf } from "../job.ts";
import { logStreamsOf, reasonOf } from "../job-containers.ts";
import type { Listener } from "../job-output.ts";
import { StreamReader, type Line } from "../log-reader.ts";
import { LogPrinter, say, writeLine } from "../output.ts";
import { Pace } from "../pace.ts";
import { oneLine } from "../neutral.ts";

interface LogsOptions extends ClientOptions {
  readonly follow?: boolean;
  readonly attempt?: number;
}

type Take = NonNullable<Listener["lines"]>;

export function logsCommand(): Command {
  return clientCommand("logs")
    .summary("a job's output")
    .description(
      "Prints a job's output: of all attempts, or of one; of an array, that of all children, with [INDEX] in front. " +
        "With --json: one JSON object per line, {timestamp, message, index}.",
    )
    .argument("<id>", "job id")
    .option("-f, --follow", "go on until the job has ended")
    .option("--attempt <n>", "only this attempt, from 1", wholeNumber(1))
    .action((id: string, options: LogsOptions) =>
      withConnection(options, async (connection) => {
        await printLogs(connection, id, options);
        return undefined;
      }),
    );
}

async function printLogs(connection: Connection, id: string, options: LogsOptions): Promise<void> {
  let lines = 0;
  const print = printerFor(options);
  const take: Take = (child, page) => {
    lines += page.length;
    return print(child, page);
  };
  const job = await readOutput(connection, id, options, take);
  if (lines === 0) say(whyEmpty(job));
}

async function readOutput(connection: Connection, id: string, options: LogsOptions, take: Take): Promise<JobDetail> {
  if (options.follow === true) {
    return followJob(connection, id, { lines: take, progress: () => undefined }, new Pace(connection.endpoint.isLocal));
  }
  const job = await describeOne(connection, id);
  if (options.attempt === undefined) await readJob(connection, job, take);
  else await readAttempt(connection, job, options.attempt, take);
  return job;
}

async function readAttempt(connection: Connection, job: JobDetail, attempt: number, take: Take): Promise<void> {
  const stream = job.attempts?.[attempt - 1]?.container?.logStreamName ?? logStreamsOf(job)[attempt - 1];
  if (stream === undefined) {
    const attempts = job.attempts?.length ?? 0;
    throw new Failure(
      `Job ${job.jobId} has no log of attempt ${attempt}.`,
      EXIT.server,
      attempts === 0 ? undefined : `Its attempts are 1 to ${attempts}.`,
    );
  }
  await new StreamReader(connection, logGroupOf(job), stream).read((lines) => take(undefined, lines));
}

function printerFor(options: LogsOptions): Take {
  if (options.json === true) {
    return (index, lines) =>
      writeLine(
        process.stdout,
        lines.map(({ timestamp, message }) => JSON.stringify({ timestamp, message, index })).join("\n"),
      );
  }
  const printer = new LogPrinter(process.stdout);
  return (child, lines: readonly Line[]) =>
    printer.print(
      child,
      lines.map(({ message }) => message),
    );
}

function whyEmpty(job: JobDetail): string {
  const reason = reasonOf(job);
  const because = reason === undefined ? "" : `: ${oneLine(reason)}`;
  if (job.startedAt) return `Job ${job.jobId} has written nothing${hasEnded(job) ? "" : " yet"}.`;
  const state = hasEnded(job) ? "never started" : `has not started (${job.status})`;
  return `Job ${job.jobId} ${state}${because}`;
}
