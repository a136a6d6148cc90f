import { mkdirSync } from "node:fs";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { AttemptSpec } from "../../ports/driver.ts";
import type { LogSink } from "../../ports/logs.ts";
import { SecretUnavailable } from "../../ports/secrets.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { findProgram } from "./find-program.ts";
import type { Machine } from "./host.ts";
import { nodeEntry } from "./journals.ts";
import type { Journals } from "./journals.ts";
import type { Limits } from "./limits.ts";
import type { RunTask } from "./runners.ts";
import { attemptScript, exportCommands, unexportableNames } from "./script.ts";
import { toLaunch } from "./spec.ts";
import type { Launch, Refusal } from "./spec.ts";
import { setprivArguments } from "./users.ts";
import type { WorkDirectories } from "./work-directories.ts";

export interface PreparationSettings {
  readonly machine: Machine;
  readonly journals: Journals;
  readonly work: WorkDirectories;
  readonly logs: LogSink;
  readonly limits: Limits;
}

/** By variable. */
export type SecretValues = Readonly<Record<string, string>>;

/** Makes all that an attempt needs on the disk, and what a runner is told; or says why it cannot run here. Throws the system's error when the disk fails. */
export function prepareAttempt(
  spec: AttemptSpec,
  secrets: SecretValues,
  address: string | undefined,
  { machine, journals, work, logs, limits }: PreparationSettings,
): RunTask | Refusal {
  const { attemptId, memoryMiB, node } = spec;
  const host = { ...machine, limitsSwap: limits.limitsSwap };
  const onNode = address !== undefined && { LONGSHORE_NODE_ADDRESS: address };
  const launch = toLaunch(spec, host, { secrets, variables: { ...limits.variables(attemptId), ...onNode } });
  if (launch.kind === "refusal") return launch;
  const { argv, runAs, directories, searchPath, ulimits, variables } = launch;
  const workDirectory = work.make(attemptId, runAs);
  const program = findProgram(argv[0], searchPath, workDirectory);
  if (program.kind === "refusal") return program;
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  const swapMiB = spec.container.linuxParameters?.maxSwap ?? 0;
  const script = attemptScript({
    ...{ workDirectory, journal: journals.journalOf(attemptId), logPath: logs.path(attemptId) },
    ...{
      entrances: limits.prepare(attemptId, { ...spec, swapMiB }),
      ulimits,
      argv,
      programFile: program.file,
      variables,
    },
    ...{ envFile: machine.env, asUser: asUser(launch, machine), hasSecrets: Object.keys(secrets).length > 0 },
  });
  const place = node !== undefined && address !== undefined && { node: nodeEntry(node, address) };
  return { kind: "task", attemptId, memoryMiB, ...place, secrets: exportCommands(secrets), script };
}

/** Through what a program runs that is not as free as the server, or not the server's user. */
function asUser({ runAs, noNewPrivileges }: Launch, { setpriv }: Machine): string[] {
  if (setpriv === undefined || (runAs === undefined && !noNewPrivileges)) return [];
  const user = runAs === undefined ? [] : setprivArguments(runAs);
  return [setpriv, ...user, ...(noNewPrivileges ? ["--no-new-privs"] : []), "--"];
}

/** The values of the container's secrets, or why the attempt cannot have them, in ECS's words. */
export async function readSecrets(
  { secrets: named = [] }: ContainerProperties,
  secrets: Secrets,
): Promise<{ readonly kind: "values"; readonly values: SecretValues } | Refusal> {
  const names = Object.fromEntries(named.map(({ name = "" }) => [name, ""]));
  const [unusable] = unexportableNames(names);
  if (unusable !== undefined) return unavailable(`a plain process cannot have a secret as the variable "${unusable}"`);
  try {
    const read = named.map(async ({ name, valueFrom }) => [name!, await secrets.valueOf(valueFrom!)] as const);
    return { kind: "values", values: Object.fromEntries(await Promise.all(read)) };
  } catch (error) {
    if (error instanceof SecretUnavailable) return unavailable(error.message);
    throw error;
  }
}

function unavailable(why: string): Refusal {
  return { kind: "refusal", reason: `ResourceInitializationError: unable to pull secrets or registry auth: ${why}` };
}
