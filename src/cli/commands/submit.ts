import type { ArrayJobDependency, JobDependency } from "@aws-sdk/client-batch";
import { InvalidArgumentError, type Command } from "commander";
import { clientCommand, keyValue, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { addJobOptions, submitRequest, type JobOptions } from "../job-request.ts";
import type { Result } from "../output.ts";
import { withQueueHint } from "../queue-hint.ts";
import { waitForJobs } from "../wait.ts";

interface SubmitOptions extends ClientOptions, JobOptions {
  readonly definition: string;
  readonly dependsOn?: JobDependency[];
  readonly param?: Readonly<Record<string, string>>;
  readonly tag?: Readonly<Record<string, string>>;
  readonly wait?: boolean;
}

const DEPENDENCY_TYPES: readonly ArrayJobDependency[] = ["N_TO_N", "SEQUENTIAL"];

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
    .option("--param <key=value>", "value for Ref::KEY in the definition's command (repeatable)", keyValue)
    .option("--tag <key=value>", "tag (repeatable)", keyValue)
    .option("--wait", "wait until it has ended; the exit code is then the job's");
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
  const request = {
    ...submitRequest(name, options.definition, argv, options),
    ...(options.dependsOn === undefined ? {} : { dependsOn: options.dependsOn }),
    ...(options.param === undefined ? {} : { parameters: options.param }),
    ...(options.tag === undefined ? {} : { tags: options.tag }),
  };
  const answer = await withQueueHint(connection, () => connection.batch((batch) => batch.submitJob(request)));
  const { jobId = "", jobArn, jobName } = answer;
  if (options.wait === true) return waitForJobs(connection, [jobId]);
  return { data: { jobArn, jobName, jobId }, text: jobId, brief: jobId };
}

/** `ID`, `ID:TYPE` or `SEQUENTIAL`. The id of an array child has a colon too: `ID:3`. */
function dependency(text: string, previous: readonly JobDependency[] = []): JobDependency[] {
  if (text === "SEQUENTIAL") return [...previous, { type: "SEQUENTIAL" }];
  const [, jobId = text, suffix] = /^(.+):([A-Z_]+)$/.exec(text) ?? [];
  if (jobId === "") throw new InvalidArgumentError("It must be a job id.");
  if (suffix === undefined) return [...previous, { jobId }];
  const type = DEPENDENCY_TYPES.find((one) => one === suffix);
  if (type === undefined) throw new InvalidArgumentError(`The type must be ${DEPENDENCY_TYPES.join(" or ")}.`);
  return [...previous, { jobId, type }];
}
