import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { arraySubmit } from "./array-submit.ts";
import { core } from "./core.ts";
import { containerJobs } from "./container-jobs.ts";
import { failover } from "./failover.ts";
import { createBench, FULL, QUICK } from "./bench.ts";
import type { Bench } from "./bench.ts";
import { isMet } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { pods } from "./pods.ts";
import { oldStore } from "./old-store.ts";
import { postgresSubmit } from "./postgres-submit.ts";
import { processJobs } from "./process-jobs.ts";
import { reads } from "./reads.ts";
import { recovery } from "./recovery.ts";
import type { FigureReport } from "./report.ts";
import { readMachine, toJson, toTable } from "./report.ts";
import { runningJobs } from "./running-jobs.ts";
import { simulation } from "./simulation.ts";
import { startLatency } from "./start-latency.ts";
import { startTime } from "./start-time.ts";
import { submitRate } from "./submit-rate.ts";
import { waitingJobs } from "./waiting-jobs.ts";

const USAGE = `npm run bench -- [options]

  --only 1,2       these figures only (1 submit, 2 jobs, 3 latency, 4 arrays, 5 waiting jobs, 6 start, 7 reads, 8 core, 9 simulation, 10 running jobs, 11 containers, 12 an old store, 13 recovery, 14 PostgreSQL, 15 failover, 16 pods)
  --rounds N       rounds of figures 1 and 2
  --quick          small sizes: all of it in about a minute
  --dir DIR        measure the disk that this directory is on (default: the system's temporary directory)
  --profile DIR    have the servers write CPU profiles there
  --json           JSON instead of a table
  --strict         exit with 1 also when a target is missed`;

const FIGURES: readonly Figure[] = [
  submitRate,
  processJobs,
  startLatency,
  arraySubmit,
  waitingJobs,
  startTime,
  reads,
  core,
  simulation,
  runningJobs,
  containerJobs,
  oldStore,
  recovery,
  postgresSubmit,
  failover,
  pods,
];

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const bench = createBench({
    base: options.dir,
    sizes: options.sizes,
    profileDirectory: options.profile,
    progress: () => {},
  });
  const machine = readMachine();
  const reports: FigureReport[] = [];
  for (const figure of options.figures) reports.push(await measured(figure, bench));
  console.log(options.json ? toJson(machine, reports) : toTable(machine, reports));
  const failed = reports.some(({ error }) => error !== undefined);
  const missed = reports.some(({ measures }) => measures.some((measure) => isMet(measure) === false));
  return failed || (options.strict && missed) ? 1 : 0;
}

/** A figure that fails does not take the others with it. */
async function measured({ number, title, measure, unavailable }: Figure, bench: Bench): Promise<FigureReport> {
  const skipped = await unavailable?.();
  if (skipped !== undefined) return { number, title, measures: [], skipped };
  const progress = showProgress(`${number}. ${title}`);
  progress("");
  try {
    return { number, title, measures: await measure({ ...bench, progress }) };
  } catch (error) {
    return { number, title, measures: [], error: error instanceof Error ? error.message : String(error) };
  } finally {
    progress(undefined);
  }
}

/** One line on a terminal that is written over; undefined clears it. */
function showProgress(title: string): (text: string | undefined) => void {
  if (!process.stderr.isTTY) return () => {};
  return (text) => {
    const line = text === undefined ? "" : text === "" ? title : `${title}: ${text}`;
    process.stderr.write(`\r\u001B[K${line}`);
  };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string" },
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
        dir: { type: "string", default: tmpdir() },
        profile: { type: "string" },
        json: { type: "boolean", default: false },
        strict: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const sizes = values.quick ? QUICK : FULL;
    const rounds = values.rounds === undefined ? sizes.rounds : wholeNumber("--rounds", values.rounds);
    return { ...values, profile: values.profile, sizes: { ...sizes, rounds }, figures: chosen(values.only) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

function chosen(only: string | undefined): readonly Figure[] {
  if (only === undefined) return FIGURES;
  return only.split(",").map((text) => {
    const figure = FIGURES.find(({ number }) => String(number) === text.trim());
    if (figure === undefined) throw new Error(`There is no figure ${text}: 1 to ${FIGURES.length}.`);
    return figure;
  });
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 100)
    throw new Error(`${option} is a whole number, 1 to 100.`);
  return number;
}
