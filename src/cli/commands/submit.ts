import type { ArrayJobDependency, JobDependency, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { DryRun } from "../../ports/dry-run.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, keyValue, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { dryRunText } from "../dry-run-text.ts";
import { addJobOptions, submitRequest, type JobOptions } from "../job-request.ts";
import type { Result } from "../output.ts";
import { withQueueHint } from "../queue-hint.ts";
import { waitForJobs } from "../wait.ts";

interface SubmitOptions extends ClientOptions, JobOptions {
  readonly definition: string;
  readonly dependsOn?: JobDependency[];
  readonly afterAny?: JobDependency[];
  readonly afterNotOk?: JobDependency[];
  readonly image?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly tag?: Readonly<Record<string, string>>;
  readonly wait?: boolean;
  readonly dryRun?: boolean;
}

/** AWS's own, and Longshore's, which the SDK sends too. */
const DEPENDENCY_TYPES = ["N_TO_N", "SEQUENTIAL", "AFTER_ANY", "AFTER_NOT_OK"];

export function submitCommand(): Command {
  const command = clientCommand("submit")
    .summary("submit a job and print its id")
    .description("Submits a job and prints its id. Without a command after --, the job definition's own command runs.")
    .argument("<name>", "job name")
    .argument("[command...]", "the command and its arguments, after --")
    .option("--definition <name>", "job definition: name, name:revision or ARN", "default")
    .option(
      "--depends-on <id[:type]>",
      "start after this job; types N_TO_N and SEQUENTIAL (alone: `SEQUENTIAL`) are for arrays (repeatable)",
      dependency,
    )
    .option("--after-any <id>", "start when this job is over, however it ended (repeatable)", after("AFTER_ANY"))
    .option("--after-not-ok <id>", "start when this job has failed (repeatable)", after("AFTER_NOT_OK"))
    .option("--image <name>", "container image to run it in instead of the definition's")
    .option("--param <key=value>", "value for Ref::KEY in the definition's command (repeatable)", keyValue)
    .option("--tag <key=value>", "tag (repeatable)", keyValue)
    .addOption(new Option("--wait", "wait until it has ended; the exit code is then the job's").conflicts("dryRun"))
    .option(
      "--dry-run",
      "submit nothing; say whether it is valid, whether it would start now or why not, and what it would cost",
    );
  return addJobOptions(command).action((name: string, argv: string[], options: SubmitOptions) =>
    withConnection(options, (connection) => submit(connection, name, argv, options)),
  );
}

async function submit(
  connection: Connection,
  name: string,
  argv: readonly string[],
  options: SubmitOptions,
): Promise<Result> {
  const { dependsOn = [], afterAny = [], afterNotOk = [] } = options;
  const dependencies = [...dependsOn, ...afterAny, ...afterNotOk];
  const { tags, ...request } = submitRequest(name, options.definition, argv, options, options.image);
  const whole = {
    ...request,
    ...(dependencies.length === 0 ? {} : { dependsOn: dependencies }),
    ...(options.param === undefined ? {} : { parameters: options.param }),
    ...(options.tag === undefined && tags === undefined ? {} : { tags: { ...tags, ...options.tag } }),
  };
  if (options.dryRun === true) return dryRun(connection, whole);
  const answer = await withQueueHint(connection, () => connection.batch((batch) => batch.submitJob(whole)));
  const { jobId = "", jobArn, jobName } = answer;
  if (options.wait === true) return waitForJobs(connection, [jobId], options);
  return { data: { jobArn, jobName, jobId }, text: jobId, brief: jobId };
}

async function dryRun(connection: Connection, request: SubmitJobCommandInput): Promise<Result> {
  const run = await withQueueHint(connection, () =>
    adminCall<DryRun>(connection, "POST", "/longshore/dry-run", request),
  );
  return { data: run, text: dryRunText(run), brief: run.outcome };
}

/** `ID`, `ID:TYPE` or `SEQUENTIAL`. The id of an array child has a colon too: `ID:3`. */
function dependency(text: string, previous: readonly JobDependency[] = []): JobDependency[] {
  if (text === "SEQUENTIAL") return [...previous, { type: "SEQUENTIAL" }];
  const [, jobId = text, suffix] = /^(.+):([A-Z_]+)$/.exec(text) ?? [];
  if (jobId === "") throw new InvalidArgumentError("It must be a job id.");
  if (suffix === undefined) return [...previous, { jobId }];
  if (!DEPENDENCY_TYPES.includes(suffix)) {
    throw new InvalidArgumentError(`The type must be ${DEPENDENCY_TYPES.join(" or ")}.`);
  }
  return [...previous, { jobId, type: suffix as ArrayJobDependency }];
}

function after(type: string) {
  return (jobId: string, previous: readonly JobDependency[] = []): JobDependency[] => [
    ...previous,
    { jobId, type: type as ArrayJobDependency },
  ];
}
