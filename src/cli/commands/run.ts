import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { JobDetail } from "@aws-sdk/client-batch";
import { Command } from "commander";
import { connect, endpointOf, type Connection } from "../connection.ts";
import { EXIT, Failure, toFailure } from "../failure.ts";
import { followJob } from "../follow.ts";
import { definitionForImage } from "../image-definition.ts";
import { arraySizeOf } from "../job.ts";
import { addJobOptions, nameFrom, submitRequest, type JobOptions } from "../job-request.ts";
import { endedChildren, exitCodeWith, outcomeJson, summaryOf } from "../outcome.ts";
import { LogPrinter, say, StatusLine, writeLine } from "../output.ts";
import { Pace } from "../pace.ts";
import { progressReporter } from "../progress.ts";
import { withQueueHint } from "../queue-hint.ts";
import { RunConnection } from "../run-connection.ts";
import { addServerOptions, serverOptionsOf, type ServerFlags } from "./up.ts";

interface RunOptions extends ServerFlags, JobOptions {
  readonly name?: string;
  readonly image?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly json?: boolean;
}

const NOTES = `
The job's output goes to stdout (lines of array children with [INDEX] in front), progress and the summary to stderr. With
--json, output goes to stderr, and stdout gets one JSON object at the end.

Ends with the exit code of the job; of an array, with that of its failed child with the lowest index. 127: command not
found. 130: interrupted. 2: usage. 3: server unreachable or the job refused.

Without --image the command runs as the server's definition "default" says: with the process driver, on this machine.
A relative path of a program (./work.sh) is then taken from the current directory.

Examples:
  longshore run -- echo hello
  longshore run --array 8 -- sh -c 'echo part $AWS_BATCH_JOB_ARRAY_INDEX'
  longshore run --image alpine:3 --memory 256 -- cat /etc/os-release`;

export function runCommand(): Command {
  const command = new Command("run")
    .summary("run a command as a job and wait for it")
    .description(
      "Runs a command as a job, shows its output and ends with its exit code. Uses the server that runs on the data " +
        "directory; if none does, it is the server itself as long as the job runs.",
    )
    .argument("[command...]", "the command and its arguments, after --")
    .option("--image <name>", "container image to run it in (needs Docker)")
    .option("--name <name>", "job name (default: from the command)")
    .option("--endpoint <url>", "use this server, and never start one")
    .option("--region <region>", "AWS region (default: AWS_REGION, else us-east-1)")
    .option("--json", "print one JSON object about the job at the end")
    .passThroughOptions()
    .addHelpText("after", NOTES)
    .action(run);
  return addServerOptions(addJobOptions(command));
}

async function run(command: readonly string[], options: RunOptions): Promise<void> {
  if (command.length === 0 && options.image === undefined) {
    throw new Failure("There is no command to run.", EXIT.usage, "For example: longshore run -- echo hello");
  }
  const connection = await open(options);
  try {
    process.exitCode = await runJob(connection, command, options);
  } catch (error) {
    throw toFailure(error, connection.endpoint.url) ?? error;
  } finally {
    if (connection instanceof RunConnection) await connection.stopServer();
    else connection.close();
  }
}

async function open(options: RunOptions): Promise<Connection> {
  if (options.endpoint !== undefined) return connect(endpointOf(options));
  const server = { ...serverOptionsOf(options, 0), logLevel: "error" };
  const connection = await RunConnection.open(server, options.region);
  for (const notice of connection.notices) say(`longshore: ${notice}`);
  return connection;
}

async function runJob(connection: Connection, command: readonly string[], options: RunOptions): Promise<number> {
  const startedAt = Date.now();
  const jobId = await submit(connection, command, options);
  const status = new StatusLine(process.stderr);
  const printer = new LogPrinter(options.json === true ? process.stderr : process.stdout, () => status.clear());
  const pace = new Pace(connection.endpoint.isLocal);
  const interrupt = endJobOnSignal(connection, jobId, pace, status);
  const listener = {
    lines: (child: number | undefined, lines: readonly { message: string }[]) =>
      printer.print(
        child,
        lines.map(({ message }) => message),
      ),
    progress: progressReporter(status, jobId, startedAt),
  };
  try {
    const job = await followJob(connection, jobId, listener, pace);
    status.clear();
    return await report(connection, job, options, interrupt.happened, startedAt);
  } finally {
    status.clear();
    interrupt.stop();
  }
}

async function submit(connection: Connection, command: readonly string[], options: RunOptions): Promise<string> {
  const definition = options.image === undefined ? "default" : await definitionForImage(connection, options.image);
  const argv = options.image === undefined ? fromHere(command) : command;
  const name = nameFrom(options.name ?? basename(command[0] ?? options.image ?? "job"));
  const request = submitRequest(name, definition, argv, options);
  const send = connection instanceof RunConnection ? connection.once.bind(connection) : connection.batch;
  const answer = await withQueueHint(connection, () => send((batch) => batch.submitJob(request)));
  if (answer.jobId === undefined) throw new Error("SubmitJob answered without a job id");
  return answer.jobId;
}

/** Jobs have a working directory of their own, where `./work.sh` would mean nothing. */
function fromHere(command: readonly string[]): readonly string[] {
  const [program, ...rest] = command;
  if (program === undefined || !program.includes("/") || !existsSync(program)) return command;
  return [resolve(program), ...rest];
}

/** The first signal ends the job and lets the command see it end; the second ends the command at once. */
function endJobOnSignal(
  connection: Connection,
  jobId: string,
  pace: Pace,
  status: StatusLine,
): { readonly happened: boolean; stop(): void } {
  let happened = false;
  const onSignal = (): void => {
    if (happened) {
      status.clear();
      process.exit(EXIT.interrupted);
    }
    happened = true;
    status.clear();
    say(`Ending job ${jobId} (again to leave at once) ...`);
    connection
      .batch((batch) => batch.terminateJob({ jobId, reason: "Interrupted by the user" }))
      .then(
        () => pace.wake(),
        (error: unknown) => say(`longshore: the job could not be ended: ${String(error)}`),
      );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    get happened() {
      return happened;
    },
    stop: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}

async function report(
  connection: Connection,
  job: JobDetail,
  options: RunOptions,
  interrupted: boolean,
  startedAt: number,
): Promise<number> {
  const isArray = arraySizeOf(job) !== undefined;
  const all = isArray && options.json === true;
  const children = isArray ? await endedChildren(connection, job, all ? ["SUCCEEDED", "FAILED"] : ["FAILED"]) : [];
  const exitCode = interrupted ? EXIT.interrupted : exitCodeWith(job, children);
  if (options.json === true) await writeLine(process.stdout, JSON.stringify(outcomeJson(job, children, exitCode)));
  const serverStays = !(connection instanceof RunConnection && connection.isServer);
  say(summaryOf(job, children, Date.now() - startedAt, serverStays));
  return exitCode;
}
