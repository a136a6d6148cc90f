import type { ResourceType, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import type { Command } from "commander";
import type { Resubmission } from "../../ports/resubmission.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, keyValue, withConnection, wholeNumber, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import type { Result } from "../output.ts";
import { waitForJobs } from "../wait.ts";

interface RerunOptions extends ClientOptions {
  readonly failed?: boolean;
  readonly queue?: string;
  readonly definition?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cpus?: string;
  readonly memory?: number;
  readonly gpus?: number;
  readonly timeout?: number;
  readonly attempts?: number;
  readonly wait?: boolean;
}

export function rerunCommand(): Command {
  return clientCommand("rerun")
    .summary("submit a job again, or only the failed children of an array")
    .description(
      "Submits a job once more as it was and prints the new id. With --failed only the children of an array that failed run again, each with the index that it had; of a child (ID:3), that child. The new job has the tag longshore:rerun-of.",
    )
    .argument("<job>", "job id or ARN")
    .option("--failed", "only the failed children of an array")
    .option("--queue <name>", "another job queue")
    .option("--definition <name>", "another job definition: name, name:revision or ARN")
    .option("--env <key=value>", "environment variable (repeatable)", keyValue)
    .option("--cpus <n>", "other vCPUs per job, like 1 or 0.25")
    .option("--memory <mib>", "other memory per job in MiB", wholeNumber(4))
    .option("--gpus <n>", "other GPUs per job", wholeNumber(1))
    .option("--timeout <seconds>", "end an attempt after this time (at least 60)", wholeNumber(60))
    .option("--attempts <n>", "try a failing job up to N times (1 to 10)", wholeNumber(1, 10))
    .option("--wait", "wait until it has ended; the exit code is then the job's")
    .action((job: string, options: RerunOptions) =>
      withConnection(options, (connection) => rerun(connection, job, options)),
    );
}

async function rerun(connection: Connection, job: string, options: RerunOptions): Promise<Result> {
  const path = `/longshore/jobs/${encodeURIComponent(job)}/resubmission${options.failed === true ? "?failed=true" : ""}`;
  const { request, problem } = await adminCall<Resubmission>(connection, "GET", path);
  const isOtherwise = options.definition !== undefined || options.queue !== undefined;
  if (problem !== undefined && !isOtherwise) throw new Error(problem);
  const answer = await connection.batch((batch) => batch.submitJob(withChanges(request, options)));
  const { jobId = "", jobArn, jobName } = answer;
  if (options.wait === true) return waitForJobs(connection, [jobId]);
  return { data: { jobArn, jobName, jobId }, text: jobId, brief: jobId };
}

/** What is said on the command line goes before what was. */
function withChanges(request: Resubmission["request"], options: RerunOptions): SubmitJobCommandInput {
  const { queue, definition, env, cpus, memory, gpus, timeout, attempts } = options;
  const resources = [
    ...(cpus === undefined ? [] : [{ type: "VCPU" as ResourceType, value: cpus }]),
    ...(memory === undefined ? [] : [{ type: "MEMORY" as ResourceType, value: String(memory) }]),
    ...(gpus === undefined ? [] : [{ type: "GPU" as ResourceType, value: String(gpus) }]),
  ];
  const changed = new Set(resources.map(({ type }) => type));
  const over = request.containerOverrides ?? {};
  const names = new Set(Object.keys(env ?? {}));
  const environment = [
    ...(over.environment ?? []).filter(({ name }) => !names.has(name ?? "")),
    ...Object.entries(env ?? {}).map(([name, value]) => ({ name, value })),
  ];
  const requirements = [...(over.resourceRequirements ?? []).filter(({ type }) => !changed.has(type!)), ...resources];
  const overrides = {
    ...over,
    ...(environment.length > 0 && { environment }),
    ...(requirements.length > 0 && { resourceRequirements: requirements }),
  };
  return {
    ...request,
    ...(queue !== undefined && { jobQueue: queue }),
    ...(definition !== undefined && { jobDefinition: definition }),
    ...(Object.keys(overrides).length > 0 && { containerOverrides: overrides }),
    ...(timeout !== undefined && { timeout: { attemptDurationSeconds: timeout } }),
    ...(attempts !== undefined && { retryStrategy: { ...request.retryStrategy, attempts } }),
  };
}
