import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { backupCommand } from "./commands/backup.ts";
import { completeCommand, completionCommand } from "./commands/completion.ts";
import { costCommand } from "./commands/cost.ts";
import { credentialsCommand } from "./commands/credentials.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { environmentsCommand } from "./commands/environments.ts";
import { eventsCommand } from "./commands/events.ts";
import { explainCommand } from "./commands/explain.ts";
import { hostsCommand } from "./commands/hosts.ts";
import { instancesCommand } from "./commands/instances.ts";
import { jobsCommand } from "./commands/jobs.ts";
import { logsCommand } from "./commands/logs.ts";
import { migrateCommand } from "./commands/migrate.ts";
import { queuesCommand } from "./commands/queues.ts";
import { restoreCommand } from "./commands/restore.ts";
import { runCommand } from "./commands/run.ts";
import { serversCommand } from "./commands/servers.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { whatIfCommand } from "./commands/what-if.ts";
import { storeCommand } from "./commands/store.ts";
import { rerunCommand } from "./commands/rerun.ts";
import { submitCommand } from "./commands/submit.ts";
import { topCommand } from "./commands/top.ts";
import { upCommand } from "./commands/up.ts";
import { EXIT, toFailure } from "./failure.ts";
import { say } from "./output.ts";

/** The command line. What each command needs beyond parsing is loaded when it runs. */

const NOTES = `
Which server the commands talk to, the first that is given: --endpoint, --data-dir, AWS_ENDPOINT_URL_BATCH,
AWS_ENDPOINT_URL, the server that runs on LONGSHORE_DATA_DIR or ~/.longshore, http://127.0.0.1:4590.

Exit codes: 0 done; 1 a job failed (run, wait and submit --wait: the job's own exit code); 2 usage; 3 server unreachable or
the request refused; 130 interrupted.

Examples:
  longshore run -- echo hello                      one job, no set-up
  longshore up                                     the server, for the AWS CLI, SDKs and the commands below
  longshore submit hello --array 3 -- sh -c 'echo $AWS_BATCH_JOB_ARRAY_INDEX'
  longshore logs JOB_ID -f
  longshore explain JOB_ID                         why it does not start, and what to do about it
  longshore jobs list
  longshore cost --by tag:team --from 30d          what jobs used, and what they cost`;

// The launcher sets it for this process; jobs and other children are not to use our cache.
delete process.env.NODE_COMPILE_CACHE;

// The reader of our output (`| head`) has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? EXIT.ok);
  throw error;
});

const program = new Command("longshore")
  .description("AWS Batch that runs anywhere.")
  .version(version(), "-V, --version")
  .enablePositionalOptions()
  .addHelpText("after", NOTES);

for (const command of [
  upCommand(),
  runCommand(),
  submitCommand(),
  rerunCommand(),
  jobsCommand(),
  topCommand(),
  explainCommand(),
  logsCommand(),
  queuesCommand(),
  environmentsCommand(),
  instancesCommand(),
  hostsCommand(),
  serversCommand(),
  costCommand(),
  eventsCommand(),
  simulateCommand(),
  doctorCommand(),
  whatIfCommand(),
  credentialsCommand(),
  migrateCommand(),
  storeCommand(),
  backupCommand(),
  restoreCommand(),
  completionCommand(),
]) {
  program.addCommand(command);
}
program.addCommand(completeCommand(program), { hidden: true });
throwOnUsageErrors(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Commander would end the process with 1 for wrong usage; that number is for failed jobs. What it quotes of the arguments is not always the user's own. */
function throwOnUsageErrors(command: Command): void {
  const writeErr = (text: string): void => say(text.replace(/\n$/, ""));
  command
    .configureOutput({ writeErr })
    .exitOverride()
    .showHelpAfterError(`(\`${pathOf(command)} --help\` says more)`);
  for (const child of command.commands) throwOnUsageErrors(child);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const failure = toFailure(error, undefined);
  if (failure === undefined) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`longshore: this is a defect in Longshore, please report it: ${text}`);
    return EXIT.server;
  }
  say(`longshore: ${failure.message}${failure.hint === undefined ? "" : `\n${failure.hint}`}`);
  return failure.exitCode;
}

function version(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "unknown";
}
