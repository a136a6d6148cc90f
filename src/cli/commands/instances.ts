import { Command } from "commander";
import type { InstanceReport, InstancesAnswer, TerminationAnswer } from "../../ports/capacity-reports.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import { instanceDetailText, instanceTable } from "../instance-text.ts";
import type { Result } from "../output.ts";
import { count } from "../text.ts";

interface ListOptions extends ClientOptions {
  readonly environment?: string;
}

export function instancesCommand(): Command {
  const instances = new Command("instances").summary("list, describe and terminate the instances of environments");
  instances.addCommand(
    clientCommand("list")
      .summary("the instances of all environments, or of one")
      .option("--environment <name>", "only those of this compute environment: name or ARN")
      .action((options: ListOptions) => withConnection(options, (connection) => list(connection, options))),
    { isDefault: true },
  );
  instances.addCommand(
    withId("describe", "all about one instance").action((id: string, options: ClientOptions) =>
      withConnection(options, (connection) => describe(connection, id)),
    ),
  );
  instances.addCommand(
    withId("terminate", "take an instance away, with the jobs on it")
      .description(
        "Takes an instance away at once, as EC2 does when it takes back a Spot instance: the jobs on it end with `Host EC2 (instance ID) terminated.`, and start again where their retry strategy says so.",
      )
      .action((id: string, options: ClientOptions) =>
        withConnection(options, (connection) => terminate(connection, id)),
      ),
  );
  return instances;
}

function withId(name: string, summary: string): Command {
  return clientCommand(name).summary(summary).argument("<id>", "instance id: i-...");
}

async function list(connection: Connection, { environment }: ListOptions): Promise<Result> {
  const all = await allInstances(connection);
  const instances = all.filter(
    ({ computeEnvironment, computeEnvironmentArn }) =>
      environment === undefined || environment === computeEnvironment || environment === computeEnvironmentArn,
  );
  if (instances.length === 0 && environment !== undefined) await checkEnvironment(connection, environment);
  return {
    data: { instances },
    text: instances.length === 0 ? none(environment) : instanceTable(instances, Date.now()),
    brief: instances.map(({ instanceId }) => instanceId).join("\n"),
  };
}

function none(environment: string | undefined): string {
  return environment === undefined
    ? "No compute environment has an instance now."
    : `Compute environment ${environment} has no instance now.`;
}

async function checkEnvironment(connection: Connection, name: string): Promise<void> {
  const answer = await connection.batch((batch) => batch.describeComputeEnvironments({ computeEnvironments: [name] }));
  if (answer.computeEnvironments?.length === 1) return;
  throw new Failure(`No compute environment ${name}.`, EXIT.server, "`longshore environments` shows all of them.");
}

async function describe(connection: Connection, id: string): Promise<Result> {
  const instance = (await allInstances(connection)).find(({ instanceId }) => instanceId === id);
  if (instance === undefined) throw unknownInstance(id);
  return { data: { instances: [instance] }, text: instanceDetailText(instance), brief: `${id} ${instance.state}` };
}

async function terminate(connection: Connection, id: string): Promise<Result> {
  if (!/^i-[0-9a-f]+$/.test(id)) throw unknownInstance(id);
  const answer = await adminCall<TerminationAnswer>(connection, "DELETE", `/longshore/instances/${id}`);
  const end = answer.jobs.length === 0 ? "No job is on it." : `${count(answer.jobs.length, "job")} on it will end:`;
  const text = [`Terminating instance ${id}. ${end}`, ...answer.jobs].join("\n");
  return { data: answer, text, brief: answer.jobs.join("\n") };
}

function unknownInstance(id: string): Failure {
  return new Failure(`No instance ${id}.`, EXIT.server, "`longshore instances` shows those that are there.");
}

async function allInstances(connection: Connection): Promise<readonly InstanceReport[]> {
  return (await adminCall<InstancesAnswer>(connection, "GET", "/longshore/instances")).instances;
}
