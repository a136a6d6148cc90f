import type { JobQueueDetail } from "@aws-sdk/client-batch";
import { Command } from "commander";
import { clientCommand, repeated, wholeNumber, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import type { Result } from "../output.ts";
import { keyValues, table } from "../text.ts";

interface CreateOptions extends ClientOptions {
  readonly environment: readonly string[];
  readonly priority: number;
}

export function queuesCommand(): Command {
  const queues = new Command("queues").summary("list, describe, create, enable, disable and delete job queues");
  queues.addCommand(
    clientCommand("list")
      .summary("all job queues")
      .action((options: ClientOptions) => withConnection(options, list)),
    { isDefault: true },
  );
  queues.addCommand(
    named("describe", "all about one job queue").action((name: string, options: ClientOptions) =>
      withConnection(options, (connection) => describe(connection, name)),
    ),
  );
  queues.addCommand(
    named("create", "create a job queue")
      .option("--environment <name>", "compute environment, in order of preference (repeatable)", repeated, ["default"])
      .option("--priority <n>", "queues with a higher number go first", wholeNumber(0, 1000), 1)
      .action((name: string, options: CreateOptions) =>
        withConnection(options, (connection) => create(connection, name, options)),
      ),
  );
  queues.addCommand(stateCommand("enable", "accept jobs again", "ENABLED"));
  queues.addCommand(stateCommand("disable", "accept no more jobs; those in it run", "DISABLED"));
  queues.addCommand(
    named("delete", "delete a disabled job queue").action((name: string, options: ClientOptions) =>
      withConnection(options, async (connection) => {
        await connection.batch((batch) => batch.deleteJobQueue({ jobQueue: name }));
        return done("Deleting", name);
      }),
    ),
  );
  return queues;
}

function named(name: string, summary: string): Command {
  return clientCommand(name).summary(summary).argument("<name>", "job queue: name or ARN");
}

function stateCommand(name: string, summary: string, state: "ENABLED" | "DISABLED"): Command {
  return named(name, summary).action((queue: string, options: ClientOptions) =>
    withConnection(options, async (connection) => {
      const answer = await connection.batch((batch) => batch.updateJobQueue({ jobQueue: queue, state }));
      return done(state === "ENABLED" ? "Enabled" : "Disabled", answer.jobQueueName ?? queue);
    }),
  );
}

function done(what: string, name: string): Result {
  return { data: { jobQueueName: name }, text: `${what} job queue ${name}.`, brief: name };
}

async function list(connection: Connection): Promise<Result> {
  const queues = await allQueues(connection);
  return {
    data: { jobQueues: queues },
    text:
      queues.length === 0
        ? "There is no job queue. Create one: longshore queues create NAME --environment NAME"
        : table(
            ["NAME", "STATE", "STATUS", "PRIORITY", "ENVIRONMENTS"],
            queues.map((queue) => [
              queue.jobQueueName ?? "",
              queue.state ?? "",
              queue.status ?? "",
              String(queue.priority ?? 0),
              environmentsOf(queue),
            ]),
          ),
    brief: queues.map((queue) => queue.jobQueueName).join("\n"),
  };
}

async function allQueues(connection: Connection): Promise<JobQueueDetail[]> {
  const queues: JobQueueDetail[] = [];
  let nextToken: string | undefined;
  do {
    const page = nextToken === undefined ? {} : { nextToken };
    const answer = await connection.batch((batch) => batch.describeJobQueues(page));
    queues.push(...(answer.jobQueues ?? []));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return queues;
}

async function describe(connection: Connection, name: string): Promise<Result> {
  const answer = await connection.batch((batch) => batch.describeJobQueues({ jobQueues: [name] }));
  const queue = answer.jobQueues?.[0];
  if (queue === undefined) {
    const names = (await allQueues(connection)).map(({ jobQueueName }) => jobQueueName).join(", ");
    throw new Failure(`No job queue ${name}.`, EXIT.server, names === "" ? undefined : `There is: ${names}.`);
  }
  const text = keyValues([
    ["Queue", queue.jobQueueName],
    ["State", queue.state],
    ["Status", queue.status],
    ["Reason", queue.statusReason],
    ["Priority", String(queue.priority ?? 0)],
    ["Environments", environmentsOf(queue)],
    ["Scheduling policy", queue.schedulingPolicyArn],
    ["ARN", queue.jobQueueArn],
  ]);
  return { data: { jobQueues: [queue] }, text, brief: queue.jobQueueName ?? "" };
}

async function create(connection: Connection, name: string, options: CreateOptions): Promise<Result> {
  const answer = await connection.batch((batch) =>
    batch.createJobQueue({
      jobQueueName: name,
      state: "ENABLED",
      priority: options.priority,
      computeEnvironmentOrder: options.environment.map((computeEnvironment, order) => ({ computeEnvironment, order })),
    }),
  );
  const { jobQueueName = name, jobQueueArn } = answer;
  return { data: { jobQueueName, jobQueueArn }, text: `Created job queue ${jobQueueName}.`, brief: jobQueueName };
}

function environmentsOf(queue: JobQueueDetail): string {
  return (queue.computeEnvironmentOrder ?? [])
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ computeEnvironment = "" }) => computeEnvironment.slice(computeEnvironment.lastIndexOf("/") + 1))
    .join(", ");
}
