import { parseArgs } from "node:util";
import { drawSchedule } from "./schedule.ts";
import { writeFigures } from "./figures-page.ts";
import type { ChaosOptions, ChaosResult, Standing } from "./run.ts";
import { runChaos } from "./run.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { ownDockerdUnavailable } from "../support/own-dockerd.ts";

/** Where there may be several. */
const SERVERS = 2;
const SERVERS_MAX = 8;

const HELP = `Servers, their engine and the networks between, real ones, under acts drawn from a seed: jobs come and are stopped, servers and the engine are
killed, frozen and cut off. Then what the jobs noted of themselves is compared with what the API says of them.

  npm run chaos -- --minutes N        how long (1); a fraction will do
      --store sqlite|postgres         where the servers keep everything (sqlite)
      --servers N                     how many share a PostgreSQL (${SERVERS}); SQLite has one
      --seed S                        the acts of this seed; without it, one that is drawn and printed
      --no-engine                     commands of the machine only, no containers
      --without KIND                 leaves a kind of fault out, engine-kill say (repeatable)
      --show                          prints the acts of the seed and ends
      --write                         writes the figures into docs/reliability.md, if everything held
      --json                          figures as JSON
      --help

The same seed and minutes give the same acts at the same times. What the machine makes of them differs from run to run: a seed that found
something may have to be run more than once. Exit code: 0 nothing found, 1 something was not as promised, 2 the options are wrong.`;

const exitCode = await main();
// What was written is out. Nothing that is still open, of a server that was killed say, keeps it from ending.
await new Promise((resolve) => void process.stdout.write("", resolve));
process.exit(exitCode);

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "number") return options;
  const { isShown, isWritten, isJson, ...chaos } = options;
  const { seed, lengthMs } = chaos;
  if (isShown) {
    for (const { atMs, act } of drawSchedule(chaos)) console.log(`${atMs} ms ${JSON.stringify(act)}`);
    return 0;
  }
  const command = commandOf(chaos);
  if (!isJson) console.log(command);
  const result = await runChaos(chaos, isJson ? () => {} : showProgress());
  console.log(
    isJson
      ? JSON.stringify({ seed, minutes: lengthMs / 60_000, command, ...result }, undefined, 2)
      : toText(result, command),
  );
  if (isWritten && result.findings.length === 0) writeFigures(chaos, result, command);
  return result.findings.length === 0 ? 0 : 1;
}

function commandOf({ seed, lengthMs, store, servers, hasEngine, without = [] }: ChaosOptions): string {
  const ofServers = store === "postgres" ? ` --servers ${servers}` : "";
  const ofEngine = hasEngine ? "" : " --no-engine";
  const ofFaults = without.map((kind) => ` --without ${kind}`).join("");
  return `npm run chaos -- --minutes ${lengthMs / 60_000} --seed ${seed} --store ${store}${ofServers}${ofEngine}${ofFaults}`;
}

interface Options extends ChaosOptions {
  readonly isShown: boolean;
  readonly isWritten: boolean;
  readonly isJson: boolean;
}

function readOptions(): Options | number {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "1" },
        seed: { type: "string" },
        store: { type: "string", default: "sqlite" },
        servers: { type: "string", default: String(SERVERS) },
        "no-engine": { type: "boolean", default: false },
        without: { type: "string", multiple: true, default: [] },
        write: { type: "boolean", default: false },
        show: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      return 0;
    }
    const minutes = Number(values.minutes);
    if (!(minutes > 0 && minutes <= 1440))
      throw new Error(`--minutes takes a number up to 1440, not ${values.minutes}.`);
    const seed = values.seed ?? String(Math.floor(Math.random() * 1_000_000));
    if (!/^\d{1,9}$/.test(seed)) throw new Error(`--seed takes a whole number, not ${seed}.`);
    const { store } = values;
    if (store !== "sqlite" && store !== "postgres") throw new Error(`--store takes sqlite or postgres, not ${store}.`);
    const servers = store === "sqlite" ? 1 : Number(values.servers);
    if (!(Number.isInteger(servers) && servers >= 1 && servers <= SERVERS_MAX))
      throw new Error(`--servers takes a number from 1 to ${SERVERS_MAX}, not ${values.servers}.`);
    const noDatabase = store === "postgres" ? postgresUnavailable() : undefined;
    if (noDatabase !== undefined) throw new Error(`--store postgres: ${noDatabase}.`);
    const missing = values["no-engine"] ? undefined : ownDockerdUnavailable();
    if (missing !== undefined) throw new Error(`${missing}: --no-engine does without containers.`);
    const hasEngine = !values["no-engine"];
    return {
      seed: Number(seed),
      lengthMs: Math.round(minutes * 60_000),
      ...{ store, servers, hasEngine, without: values.without },
      isShown: values.show,
      isWritten: values.write,
      isJson: values.json,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
}

/** One line that is written over, on a terminal; elsewhere one for each phase. */
function showProgress(): (standing: Standing) => void {
  let phase = "";
  return (standing) => {
    const { leftMs, submitted, acknowledged, runs, faults, last } = standing;
    const line = `${standing.phase}: ${(leftMs / 1000).toFixed(0)} s left, ${faults} faults survived (last: ${last}), ${acknowledged} of ${submitted} submissions acknowledged, ${runs} runs`;
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${line}`);
    else if (standing.phase !== phase) console.error(line);
    phase = standing.phase;
  };
}

function toText(result: ChaosResult, command: string): string {
  const { findings, acts, requests, jobs, attempts, runs, failoversMs, settledMs, evidence } = result;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  const lines = [
    "",
    `acts      ${list(acts)}`,
    `requests  ${list(requests)}`,
    `checked   ${jobs} jobs, ${attempts} attempts in the history, ${runs} runs in the ledger`,
    ...(failoversMs.length > 0 ? [`failovers ${failoversMs.join(", ")} ms`] : []),
    `settled   ${(settledMs / 1000).toFixed(1)} s after the last fault`,
  ];
  if (findings.length === 0) return [...lines, "everything held"].join("\n");
  const shown = findings.slice(0, 20).map((finding) => `  ${finding}`);
  return [
    ...lines,
    `${findings.length} FINDINGS`,
    ...shown,
    `evidence  ${evidence ?? ""}`,
    `replay    ${command}`,
  ].join("\n");
}
