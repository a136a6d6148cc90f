import type { EngineFacts, HostLinks, HostRecord, HostTable } from "../../../ports/hosts.ts";
import type { HostAnswer, HostReport, HostRequest, HostsAnswer } from "../../../ports/host-reports.ts";
import type { Scheduler } from "../../../ports/scheduler.ts";
import type { Clock } from "../../../ports/clock.ts";
import { nameOf, toArn } from "../../batch/names.ts";
import { findOwn } from "../../batch/resource-lookup.ts";
import { TEXTS } from "../../batch/texts.ts";
import type { MachineBackend } from "../../ecs/backend.ts";
import type { EnvironmentRecord } from "../../ecs/clusters.ts";
import { allEnvironments } from "../../ecs/clusters.ts";
import { ApiError, clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import { reportHost } from "./host-report.ts";

export interface HostBackend extends MachineBackend {
  readonly table: HostTable;
  readonly links: HostLinks;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
}

/** The hosts of all unmanaged environments. For who may describe environments. */
export async function listHosts(backend: HostBackend, call: Call): Promise<HostsAnswer> {
  const denied = call.denial("batch:DescribeComputeEnvironments", "*");
  if (denied !== undefined) throw denied;
  const environments = (await allEnvironments(backend, call)).filter(({ settings }) => settings.type === "UNMANAGED");
  const records = await Promise.all(environments.map(({ arn }) => backend.table.ofEnvironment(arn)));
  return { hosts: records.flat().map((record) => reportHost(backend, record)) };
}

/**
 * Registers a machine, after a look at its engine; one that is draining takes jobs again. For who may update the environment, as for all that follows.
 *
 * @throws ClientException: the environment is none for hosts, or the engine does not answer, or is another host's.
 */
export async function addHost(
  backend: HostBackend,
  call: Call,
  environmentName: string,
  { name, endpoint, tls, gpus }: HostRequest,
): Promise<HostAnswer> {
  const environment = await findEnvironment(backend, call, environmentName);
  if (environment.settings.type !== "UNMANAGED") {
    throw clientException(
      `ComputeEnvironment ${environment.name} is ${environment.settings.type}: hosts are for those that are UNMANAGED.`,
    );
  }
  if (environment.status === "DELETING") throw clientException(TEXTS.environmentNotFound(environment.name));
  const way = { endpoint, ...(tls !== undefined && { tls }) };
  const engine = await ask(backend.links, name, way);
  const known = (await backend.table.ofEnvironment(environment.arn)).find((host) => host.name === name);
  if (known !== undefined) return reactivate(backend, known, engine);
  const record = await backend.table.insert({
    ...{ environmentArn: environment.arn, name, way, engine, createdAt: backend.clock.now() },
    ...(gpus !== undefined && { gpus }),
  });
  if (record === undefined) throw await whyNotInserted(backend, call, environment, engine, name);
  await backend.links.connect(record);
  await backend.scheduler.nudgeResources();
  return { host: reportHost(backend, record), notes: notesOn(backend.links, engine) };
}

/** It takes no more jobs, and goes on with those that it has. */
export async function drainHost(
  backend: HostBackend,
  call: Call,
  environmentName: string,
  name: string,
): Promise<HostAnswer> {
  const { record } = await findHost(backend, call, environmentName, name);
  const drained = await backend.table.changeState(record.number, "draining", ["active", "draining"]);
  if (drained === undefined) throw clientException(`Host ${name} is being removed.`);
  await backend.scheduler.nudgeResources();
  return { host: reportHost(backend, drained), notes: [] };
}

/** `force`: the jobs on it end. Without, there must be none. It is forgotten as soon as nothing runs there any more. */
export async function removeHost(
  backend: HostBackend,
  call: Call,
  environmentName: string,
  name: string,
  force: boolean,
): Promise<HostAnswer> {
  const { record, report } = await findHost(backend, call, environmentName, name);
  if (!force && report.jobs.length > 0) {
    const jobs = report.jobs.length === 1 ? "1 job runs" : `${report.jobs.length} jobs run`;
    throw clientException(`${jobs} on host ${name}: ${someOf(report.jobs)}. Drain it first, or remove it with force.`);
  }
  const from = ["active", "draining", "removing", "ending"] as const;
  const removed = await backend.table.changeState(
    record.number,
    force || record.state === "ending" ? "ending" : "removing",
    from,
  );
  await backend.scheduler.nudgeResources();
  const lost =
    report.sight === "in-sight" ? [] : [`Host ${name} does not answer: containers that it still runs stay there.`];
  return { host: reportHost(backend, removed ?? record), notes: lost };
}

async function ask(links: HostLinks, name: string, way: HostRecord["way"]): Promise<EngineFacts> {
  try {
    return await links.ask(way);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw clientException(`The container engine of host ${name} (${way.endpoint}) cannot be used: ${why}`);
  }
}

async function reactivate(backend: HostBackend, known: HostRecord, engine: EngineFacts): Promise<HostAnswer> {
  const isSame = known.engine.id === engine.id;
  const active = isSame ? await backend.table.changeState(known.number, "active", ["draining"]) : undefined;
  if (active === undefined) {
    throw clientException(
      `ComputeEnvironment ${nameOf(known.environmentArn)} has a host ${known.name} already${isSame ? "" : ", with another engine"}.`,
    );
  }
  await backend.scheduler.nudgeResources();
  return { host: reportHost(backend, active), notes: [] };
}

/** The insert asks for both at once; which of them it was is looked up afterwards. */
async function whyNotInserted(
  { table }: HostBackend,
  call: Call,
  environment: EnvironmentRecord,
  engine: EngineFacts,
  name: string,
): Promise<ApiError> {
  const twin = (await table.all()).find((host) => host.engine.id === engine.id);
  if (twin === undefined) return clientException(`ComputeEnvironment ${environment.name} has a host ${name} already.`);
  const isOwn = twin.environmentArn.startsWith(toArn(call, "compute-environment", ""));
  const whose = isOwn ? `host ${twin.name} of ComputeEnvironment ${nameOf(twin.environmentArn)}` : "another host";
  return clientException(
    `The container engine of host ${name} is that of ${whose}: each can be registered once. Machines that were cloned have engines of the same id (${engine.id}) until one of them is given another.`,
  );
}

function notesOn(links: HostLinks, engine: EngineFacts): string[] {
  if (!links.isOwn(engine)) return [];
  return [
    "It is the container engine of the server's own machine: managed environments use the same vCPUs and memory, and each counts only its own jobs.",
  ];
}

async function findEnvironment(backend: HostBackend, call: Call, nameOrArn: string): Promise<EnvironmentRecord> {
  const arn = toArn(call, "compute-environment", nameOrArn);
  const denied = call.denial("batch:UpdateComputeEnvironment", arn);
  if (denied !== undefined) throw denied;
  const environment = await findOwn(backend.store.environments, call, arn);
  if (environment === undefined) throw clientException(TEXTS.environmentNotFound(nameOf(nameOrArn)));
  return environment;
}

/** @throws ResourceNotFoundException, 404 */
async function findHost(
  backend: HostBackend,
  call: Call,
  environmentName: string,
  name: string,
): Promise<{ readonly record: HostRecord; readonly report: HostReport }> {
  const environment = await findEnvironment(backend, call, environmentName);
  const record = (await backend.table.ofEnvironment(environment.arn)).find((host) => host.name === name);
  if (record !== undefined) return { record, report: reportHost(backend, record) };
  throw new ApiError(
    "ResourceNotFoundException",
    404,
    `ComputeEnvironment ${environment.name} has no host ${name.slice(0, 128)}.`,
  );
}

const MAX_NAMED = 3;

function someOf(jobs: readonly string[]): string {
  const more = jobs.length - MAX_NAMED;
  return [...jobs.slice(0, MAX_NAMED), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
