import type { ComputeEnvironmentDetail } from "@aws-sdk/client-batch";
import { Command } from "commander";
import type { EnvironmentReport, EnvironmentsAnswer } from "../../ports/capacity-reports.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import type { Result } from "../output.ts";
import { RefusedCall } from "../signed-call.ts";
import { keyValues, table } from "../text.ts";

export function environmentsCommand(): Command {
  const environments = new Command("environments").summary("list, describe, enable and disable compute environments");
  environments.addCommand(
    clientCommand("list")
      .summary("all compute environments")
      .action((options: ClientOptions) => withConnection(options, list)),
    { isDefault: true },
  );
  environments.addCommand(
    named("describe", "all about one compute environment").action((name: string, options: ClientOptions) =>
      withConnection(options, (connection) => describe(connection, name)),
    ),
  );
  environments.addCommand(stateCommand("enable", "start jobs there again", "ENABLED"));
  environments.addCommand(stateCommand("disable", "start no more jobs there; those that run go on", "DISABLED"));
  return environments;
}

function named(name: string, summary: string): Command {
  return clientCommand(name).summary(summary).argument("<name>", "compute environment: name or ARN");
}

function stateCommand(name: string, summary: string, state: "ENABLED" | "DISABLED"): Command {
  return named(name, summary).action((computeEnvironment: string, options: ClientOptions) =>
    withConnection(options, async (connection) => {
      await connection.batch((batch) => batch.updateComputeEnvironment({ computeEnvironment, state }));
      const text = `${state === "ENABLED" ? "Enabled" : "Disabled"} compute environment ${computeEnvironment}.`;
      return { data: { computeEnvironmentName: computeEnvironment }, text, brief: computeEnvironment };
    }),
  );
}

async function list(connection: Connection): Promise<Result> {
  const environments = await allEnvironments(connection);
  const uses = await usesOf(connection);
  return {
    data: { computeEnvironments: environments, ...(uses !== undefined && { uses: [...uses.values()] }) },
    text:
      environments.length === 0
        ? "There is no compute environment."
        : table(
            ["NAME", "STATE", "STATUS", "TYPE", "VCPUS IN USE", "DESIRED", "MAX", "INSTANCES"],
            environments.map((environment) => row(environment, uses?.get(environment.computeEnvironmentArn ?? ""))),
          ),
    brief: environments.map((environment) => environment.computeEnvironmentName).join("\n"),
  };
}

function row(environment: ComputeEnvironmentDetail, use: EnvironmentReport | undefined): string[] {
  const { computeEnvironmentName, state, status, computeResources } = environment;
  const amounts = [use?.vcpusInUse, desiredOf(environment, use), computeResources?.maxvCpus, use?.instances];
  return [
    ...[computeEnvironmentName ?? "", state ?? "", status ?? "", typeOf(environment)],
    ...amounts.map((amount) => String(amount ?? "-")),
  ];
}

/** An environment that has no instances wants none: what it shows as desired is what was once asked for. */
function desiredOf(
  { computeResources }: ComputeEnvironmentDetail,
  use: EnvironmentReport | undefined,
): number | undefined {
  return use !== undefined && use.instances === undefined ? undefined : computeResources?.desiredvCpus;
}

/** By ARN. Undefined where AWS Batch itself, or another emulator, answers. */
async function usesOf(connection: Connection): Promise<Map<string, EnvironmentReport> | undefined> {
  try {
    const answer = await adminCall<EnvironmentsAnswer>(connection, "GET", "/longshore/environments");
    return new Map(answer.environments.map((one) => [one.computeEnvironmentArn, one]));
  } catch (error) {
    if (error instanceof RefusedCall || error instanceof Failure) return undefined;
    throw error;
  }
}

async function allEnvironments(connection: Connection): Promise<ComputeEnvironmentDetail[]> {
  const environments: ComputeEnvironmentDetail[] = [];
  let nextToken: string | undefined;
  do {
    const page = nextToken === undefined ? {} : { nextToken };
    const answer = await connection.batch((batch) => batch.describeComputeEnvironments(page));
    environments.push(...(answer.computeEnvironments ?? []));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return environments;
}

async function describe(connection: Connection, name: string): Promise<Result> {
  const answer = await connection.batch((batch) => batch.describeComputeEnvironments({ computeEnvironments: [name] }));
  const environment = answer.computeEnvironments?.[0];
  if (environment === undefined) {
    const names = (await allEnvironments(connection)).map((one) => one.computeEnvironmentName).join(", ");
    throw new Failure(`No compute environment ${name}.`, EXIT.server, names === "" ? undefined : `There is: ${names}.`);
  }
  const use = (await usesOf(connection))?.get(environment.computeEnvironmentArn ?? "");
  const text = keyValues([
    ["Environment", environment.computeEnvironmentName],
    ["State", environment.state],
    ["Status", environment.status],
    ["Reason", environment.statusReason],
    ["Type", typeOf(environment)],
    ["vCPUs in use", use?.vcpusInUse.toString()],
    ["Desired vCPUs", desiredOf(environment, use)?.toString()],
    ["Min vCPUs", environment.computeResources?.minvCpus?.toString()],
    ["Max vCPUs", environment.computeResources?.maxvCpus?.toString()],
    ["Instances", use?.instances?.toString()],
    ["Instance types", environment.computeResources?.instanceTypes?.join(", ")],
    [
      "Tags",
      Object.entries(environment.tags ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(", "),
    ],
    ["ARN", environment.computeEnvironmentArn],
  ]);
  return { data: { computeEnvironments: [environment] }, text, brief: environment.computeEnvironmentName ?? "" };
}

function typeOf(environment: ComputeEnvironmentDetail): string {
  return [environment.type, environment.computeResources?.type].filter(Boolean).join(" ");
}
