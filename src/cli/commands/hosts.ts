import { resolve } from "node:path";
import { Command } from "commander";
import type { HostAnswer, HostReport, HostRequest, HostsAnswer } from "../../ports/host-reports.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, wholeNumber, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import { capacityText, hostTable } from "../host-text.ts";
import { say, StatusLine, type Result } from "../output.ts";
import { Pace } from "../pace.ts";
import { count, duration } from "../text.ts";

interface EnvironmentOptions extends ClientOptions {
  readonly environment?: string;
}

interface AddOptions extends ClientOptions {
  readonly environment: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly gpus?: number;
}

interface WaitOptions extends EnvironmentOptions {
  readonly wait: boolean;
  readonly timeout?: number;
}

const ENVIRONMENT = ["--environment <name>", "its compute environment: name or ARN"] as const;
const NO_WAIT = ["--no-wait", "do not wait until its jobs have ended"] as const;
const TIMEOUT = ["--timeout <seconds>", "wait so long at most", wholeNumber(1)] as const;

export function hostsCommand(): Command {
  const hosts = new Command("hosts").summary("register, list, drain and remove machines of your own (docs/hosts.md)");
  hosts.addCommand(
    clientCommand("list")
      .summary("all registered hosts, or those of one environment")
      .option(...ENVIRONMENT)
      .action((options: EnvironmentOptions) => withConnection(options, (connection) => list(connection, options))),
    { isDefault: true },
  );
  hosts.addCommand(
    clientCommand("add")
      .summary("register a machine that runs Docker")
      .description(
        "Registers a machine that runs Docker with an UNMANAGED compute environment, after a look at its engine. The server reaches it: paths and ssh's configuration are those of the server's machine and user. A host that is drained takes jobs again.",
      )
      .argument("<name>", "what it is to be called")
      .argument("<url>", "unix:///path, ssh://[user@]host[:port][/path of the socket] or tcp://host:port")
      .requiredOption(...ENVIRONMENT)
      .option("--tls-ca <file>", "of tcp: the certificate of who signed the engine's (PEM)")
      .option("--tls-cert <file>", "of tcp: the certificate that the engine is shown (PEM)")
      .option("--tls-key <file>", "of tcp: its key (PEM)")
      .option("--gpus <n>", "GPUs that it has (default: what its engine tells)", wholeNumber(0, 1_000))
      .action((name: string, url: string, options: AddOptions) =>
        withConnection(options, (connection) => add(connection, name, url, options)),
      ),
  );
  hosts.addCommand(
    waiting("drain", "give a host no more jobs, and wait until those that it has have ended").action(
      (name: string, options: WaitOptions) => withConnection(options, (connection) => drain(connection, name, options)),
    ),
  );
  hosts.addCommand(
    waiting("remove", "forget a host")
      .option("--force", "end the jobs that run there: they are tried again where their retry strategy says so")
      .action((name: string, options: WaitOptions & { readonly force?: boolean }) =>
        withConnection(options, (connection) => remove(connection, name, options)),
      ),
  );
  return hosts;
}

function waiting(name: string, summary: string): Command {
  return clientCommand(name)
    .summary(summary)
    .argument("<name>", "of the host")
    .option(...ENVIRONMENT)
    .option(...NO_WAIT)
    .option(...TIMEOUT);
}

async function list(connection: Connection, { environment }: EnvironmentOptions): Promise<Result> {
  const hosts = (await allHosts(connection)).filter((host) => isOf(host, environment));
  return {
    data: { hosts },
    text:
      hosts.length === 0
        ? "No host is registered. Register one: longshore hosts add NAME URL --environment NAME"
        : hostTable(hosts),
    brief: hosts.map(({ name }) => name).join("\n"),
  };
}

async function add(connection: Connection, name: string, endpoint: string, options: AddOptions): Promise<Result> {
  const { environment, gpus } = options;
  const tls = tlsOf(options);
  const request: HostRequest = {
    ...{ name, endpoint },
    ...(tls !== undefined && { tls }),
    ...(gpus !== undefined && { gpus }),
  };
  const path = `/longshore/environments/${encodeURIComponent(environment)}/hosts`;
  const answer = await adminCall<HostAnswer>(connection, "POST", path, request);
  const { host, notes } = answer;
  const text = `Host ${name} takes jobs of ${host.computeEnvironment}: ${capacityText(host.total)}, Docker ${host.engineVersion}.`;
  return { data: answer, text: [text, ...notes].join("\n"), brief: name };
}

/** The server reads these files each time that it connects. */
function tlsOf({ tlsCa, tlsCert, tlsKey }: AddOptions): HostRequest["tls"] {
  if (tlsCa === undefined && tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCa === undefined || tlsCert === undefined || tlsKey === undefined) {
    throw new Failure("--tls-ca, --tls-cert and --tls-key go together.", EXIT.usage);
  }
  return { ca: resolve(tlsCa), cert: resolve(tlsCert), key: resolve(tlsKey) };
}

async function drain(connection: Connection, name: string, options: WaitOptions): Promise<Result> {
  const host = await findHost(connection, name, options.environment);
  const answer = await adminCall<HostAnswer>(connection, "POST", `${pathOf(host)}/drain`);
  if (!options.wait) return done(answer, `Host ${name} takes no more jobs.`);
  await untilEmpty(connection, host, options, ({ instanceId }) => instanceId === undefined);
  return done(answer, `Host ${name} is drained. It stays registered: add it again to give it jobs, or remove it.`);
}

async function remove(
  connection: Connection,
  name: string,
  options: WaitOptions & { readonly force?: boolean },
): Promise<Result> {
  const host = await findHost(connection, name, options.environment);
  const query = options.force === true ? "?force=true" : "";
  const answer = await adminCall<HostAnswer>(connection, "DELETE", `${pathOf(host)}${query}`);
  for (const note of answer.notes) say(note);
  if (!options.wait) return done(answer, `Removing host ${name}.`);
  await untilEmpty(connection, host, options, () => false);
  return done(answer, `Removed host ${name}.`);
}

function done(answer: HostAnswer, text: string): Result {
  return { data: answer, text, brief: answer.host.name };
}

/** Waits until the host is gone, or `isDone`. */
async function untilEmpty(
  connection: Connection,
  { name, computeEnvironmentArn }: HostReport,
  { timeout }: WaitOptions,
  isDone: (host: HostReport) => boolean,
): Promise<void> {
  const status = new StatusLine(process.stderr);
  const pace = new Pace(connection.endpoint.isLocal);
  const startedAt = Date.now();
  for (let before = -1; ;) {
    const host = (await allHosts(connection)).find((one) => isNamed(one, name, computeEnvironmentArn));
    if (host === undefined || isDone(host)) break;
    const jobs = host.jobs.length;
    if (timeout !== undefined && Date.now() - startedAt >= timeout * 1000) {
      status.clear();
      throw new Failure(
        `Host ${name} still has ${count(jobs, "job")} after ${duration(Date.now() - startedAt)}.`,
        EXIT.jobFailed,
        "It takes no more. Wait again, or end its jobs: longshore hosts remove --force",
      );
    }
    status.show(`waiting for ${count(jobs, "job")} on ${name}, ${duration(Date.now() - startedAt)}`);
    await pace.wait(jobs !== before);
    before = jobs;
  }
  status.clear();
}

async function findHost(connection: Connection, name: string, environment: string | undefined): Promise<HostReport> {
  const hosts = (await allHosts(connection)).filter((host) => host.name === name && isOf(host, environment));
  const [host, other] = hosts;
  if (host === undefined) throw new Failure(`No host ${name}.`, EXIT.server, "`longshore hosts` shows all of them.");
  if (other === undefined) return host;
  const names = hosts.map(({ computeEnvironment }) => computeEnvironment).join(", ");
  throw new Failure(`There is a host ${name} in several environments.`, EXIT.usage, `Add --environment: ${names}.`);
}

function isOf({ computeEnvironment, computeEnvironmentArn }: HostReport, environment: string | undefined): boolean {
  return environment === undefined || environment === computeEnvironment || environment === computeEnvironmentArn;
}

function isNamed(host: HostReport, name: string, environmentArn: string): boolean {
  return host.name === name && host.computeEnvironmentArn === environmentArn;
}

function pathOf({ computeEnvironmentArn, name }: HostReport): string {
  return `/longshore/environments/${encodeURIComponent(computeEnvironmentArn)}/hosts/${encodeURIComponent(name)}`;
}

async function allHosts(connection: Connection): Promise<readonly HostReport[]> {
  return (await adminCall<HostsAnswer>(connection, "GET", "/longshore/hosts")).hosts;
}
