import { Command, Option } from "commander";
import type { RunningServer } from "../../compose.ts";
import type { ServerOptions } from "../../compose/options.ts";
import type { OversizedJobs } from "../../core/submission/oversized.ts";
import { OVERSIZED_JOBS } from "../../core/submission/oversized.ts";
import { databaseUrlOption, keyValue, repeated, wholeNumber } from "../command.ts";
import { dataDirOf, DEFAULT_PORT } from "../connection.ts";
import { EXIT } from "../failure.ts";
import { startOwnServer } from "../local-server.ts";
import { say, writeLine } from "../output.ts";

/** The server's part of the options of `up` and `run`. */
export interface ServerFlags {
  readonly host: string;
  readonly port?: number;
  readonly requireAuth?: boolean;
  readonly allowedHost?: readonly string[];
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly advertise?: string;
  readonly config?: string;
  readonly driver: ServerOptions["driver"];
  readonly vcpus?: number;
  readonly memoryMib?: number;
  readonly machineGpus?: number;
  readonly oversizedJobs?: OversizedJobs;
  readonly jobEnv?: Readonly<Record<string, string>>;
  readonly strict?: boolean;
  readonly history?: number;
  readonly historyJobs?: number;
  readonly hostLoss?: number;
}

export function addServerOptions(command: Command): Command {
  return command
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--require-auth", "serve known access keys only, also on this machine (see `longshore credentials`)")
    .option("--allowed-host <name>", "a name under which clients reach this server (repeatable)", repeated)
    .option("--port <n>", "port to listen on, 0 for any free one", wholeNumber(0, 65_535))
    .option("--data-dir <dir>", "where state and logs are kept (default: LONGSHORE_DATA_DIR, else ~/.longshore)")
    .addOption(databaseUrlOption())
    .option(
      "--advertise <url>",
      "where other servers on the same PostgreSQL reach this one (default: where it listens)",
    )
    .option("--config <file>", "the configuration file (default: config.json in the data directory, if it is there)")
    .addOption(
      new Option(
        "--driver <name>",
        "what runs jobs; auto: docker if it answers, else process; kubernetes: pods of the first cluster in the configuration file",
      )
        .choices(["auto", "process", "docker", "kubernetes"])
        .default("auto"),
    )
    .option("--vcpus <n>", "vCPUs that jobs may use together (default: all)", wholeNumber(1))
    .option("--memory-mib <n>", "memory that jobs may use together (default: what the machine has)", wholeNumber(4))
    .option("--machine-gpus <n>", "GPUs that jobs may use together (default: NVIDIA's of this machine)", wholeNumber(0))
    .addOption(
      new Option(
        "--oversized-jobs <what>",
        "what jobs do that ask for more than there is in all (default: wait)",
      ).choices([...OVERSIZED_JOBS]),
    )
    .option("--job-env <name=value>", "a variable for every job that does not set it itself (repeatable)", keyValue)
    .addOption(
      new Option("--history <days>", "keep jobs so many days after their end (default: for ever)")
        .env("LONGSHORE_HISTORY_DAYS")
        .argParser(wholeNumber(1, 36_500)),
    )
    .addOption(
      new Option("--history-jobs <n>", "keep so many jobs of each queue that are over, the newest (default: all)")
        .env("LONGSHORE_HISTORY_JOBS")
        .argParser(wholeNumber(1)),
    )
    .option(
      "--host-loss <seconds>",
      "a registered host that does not answer for so long is lost (default: 60)",
      wholeNumber(1),
    )
    .option("--strict", "only what AWS Batch has: no extensions, AWS's quotas");
}

export function serverOptionsOf(flags: ServerFlags, defaultPort: number): ServerOptions {
  return {
    host: flags.host,
    port: flags.port ?? defaultPort,
    dataDir: dataDirOf(flags),
    driver: flags.driver,
    ...(flags.databaseUrl === undefined ? {} : { databaseUrl: flags.databaseUrl }),
    ...(flags.advertise === undefined ? {} : { advertise: flags.advertise }),
    ...(flags.config === undefined ? {} : { configFile: flags.config }),
    ...(flags.requireAuth === undefined ? {} : { requireAuth: flags.requireAuth }),
    ...(flags.allowedHost === undefined ? {} : { allowedHosts: flags.allowedHost.map((name) => name.toLowerCase()) }),
    ...(flags.vcpus === undefined ? {} : { vcpus: flags.vcpus }),
    ...(flags.memoryMib === undefined ? {} : { memoryMiB: flags.memoryMib }),
    ...(flags.machineGpus === undefined ? {} : { gpus: flags.machineGpus }),
    ...(flags.oversizedJobs === undefined ? {} : { oversizedJobs: flags.oversizedJobs }),
    ...(flags.jobEnv === undefined ? {} : { jobVariables: flags.jobEnv }),
    ...(flags.strict === undefined ? {} : { strict: flags.strict }),
    ...(flags.hostLoss === undefined ? {} : { hostLossSeconds: flags.hostLoss }),
    ...(flags.history === undefined ? {} : { historyDays: flags.history }),
    ...(flags.historyJobs === undefined ? {} : { historyJobs: flags.historyJobs }),
  };
}

export function upCommand(): Command {
  return addServerOptions(new Command("up"))
    .summary("start the server and stay")
    .description(
      "Starts the server and stays until Ctrl-C or SIGTERM. Jobs that run then go on, and the next server finds them.",
    )
    .addOption(
      new Option("--log-level <level>", "the server's own log on stderr")
        .choices(["fatal", "error", "warn", "info", "debug", "silent"])
        .default("warn"),
    )
    .option("--json", "print one line of JSON when ready")
    .action(up);
}

async function up(flags: ServerFlags & { readonly json?: boolean; readonly logLevel: string }): Promise<void> {
  const options = { ...serverOptionsOf(flags, DEFAULT_PORT), logLevel: flags.logLevel };
  const stopped = stopSignal();
  const server = await startOwnServer(options);
  await writeLine(process.stdout, flags.json === true ? readyJson(server, options) : readyText(server, options));
  const signal = await stopped;
  say(`\nStopping (${signal}). Jobs that run go on; the next \`longshore up\` finds them.`);
  await server.close();
  process.exitCode = EXIT.ok;
}

/** The first SIGINT or SIGTERM. The second one ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(EXIT.interrupted);
      asked = true;
      resolve(signal);
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}

function readyJson(server: RunningServer, options: ServerOptions): string {
  const { url, isOpen, capacity, runsJobsAs, notices } = server;
  return JSON.stringify({ url, isOpen, pid: process.pid, dataDir: options.dataDir, capacity, runsJobsAs, notices });
}

function readyText(server: RunningServer, options: ServerOptions): string {
  const { url, isOpen, hasConsole, capacity, runsJobsAs, notices } = server;
  const keys = isOpen
    ? "export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local"
    : `longshore credentials create --data-dir ${options.dataDir}   # prints the two exports of a new key`;
  const gib = (capacity.memoryMiB / 1024).toFixed(1);
  const console = hasConsole ? `open ${url}/ in a browser` : "is not built: `npm run console` builds it";
  return `Longshore is ready at ${url}
  console          ${console}
  runs jobs as     ${runsJobsAs}
  on               ${capacity.vcpus} vCPU, ${gib} GiB
  keeps data in    ${options.dataDir}
${notices.map((notice) => `  note             ${notice}\n`).join("")}
Point the AWS CLI and SDKs at it:
  export AWS_ENDPOINT_URL_BATCH=${url} AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=${url}
  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  ${keys}

Submit a first job and read its output:
  aws batch submit-job --job-name hello --job-queue default --job-definition default \\
    --container-overrides '{"command":["echo","hello"]}'
  aws batch list-jobs --job-queue default --job-status SUCCEEDED
  aws logs filter-log-events --log-group-name /aws/batch/job

(An AWS CLI that does not know these variables, before 1.29 and 2.13, needs --endpoint-url ${url}.)
Ctrl-C stops the server; jobs that run go on.`;
}
