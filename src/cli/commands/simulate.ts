import { createReadStream, readFileSync } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { Command, InvalidArgumentError } from "commander";
import type { SimulationProgress } from "../../sim/simulation.ts";
import type { Workload } from "../../sim/workload/workload.ts";
import { EXIT, Failure } from "../failure.ts";
import { printResult, say, StatusLine } from "../output.ts";
import { duration } from "../text.ts";

interface SimulateOptions {
  readonly workload: string;
  readonly cluster: string;
  readonly speedup: number;
  readonly json?: boolean;
}

export function simulateCommand(): Command {
  return new Command("simulate")
    .summary("run the scheduler over a workload in virtual time")
    .description(
      "Runs the scheduler over a workload in virtual time, and reports waiting times, slowdown, utilisation and fairness. No server is needed. docs/simulate.md describes the files.",
    )
    .requiredOption("--workload <file>", "a trace in the Standard Workload Format (.swf)")
    .requiredOption("--cluster <file>", "the compute environments and job queues, as JSON")
    .option("--speedup <factor>", "submit the jobs so many times as fast", positiveNumber, 1)
    .option("--json", "print the report as JSON")
    .action(simulateFiles);
}

async function simulateFiles(options: SimulateOptions): Promise<void> {
  const [{ readCluster }, { simulate }, { reportOf }, { simulationText }] = await Promise.all([
    import("../../sim/cluster/cluster.ts"),
    import("../../sim/simulation.ts"),
    import("../../sim/report/report.ts"),
    import("../simulation-text.ts"),
  ]);
  const cluster = await reading(options.cluster, () => readCluster(readFileSync(options.cluster, "utf8")));
  const workload = await reading(options.workload, () => readWorkload(options));
  for (const note of workload.notes) say(note);
  const status = new StatusLine(process.stderr);
  const simulated = await simulate({
    workload,
    cluster,
    onProgress: (progress) => status.show(progressText(progress)),
  });
  status.clear();
  const report = reportOf(basename(options.cluster), simulated, cluster);
  const result = { data: { runs: [report] }, text: simulationText([report]), brief: "" };
  await printResult(result, options.json === true ? "json" : "human");
}

async function readWorkload({ workload: file, speedup }: SimulateOptions): Promise<Workload> {
  const [{ readSwf }, { spedUp }] = await Promise.all([
    import("../../sim/workload/swf.ts"),
    import("../../sim/workload/workload.ts"),
  ]);
  return spedUp(await readSwf(createInterface({ input: createReadStream(file), crlfDelay: Infinity })), speedup);
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1e6) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

/** What is wrong with a file is the user's to know, with its name. */
async function reading<T>(file: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isKnown = error instanceof Error && (error.name === "InputError" || "code" in error);
    if (!isKnown) throw error;
    throw new Failure(`${file}: ${error.message}`, EXIT.usage);
  }
}

function progressText({ jobs, over, elapsedMs }: SimulationProgress): string {
  return `${over} of ${jobs} jobs are over, ${duration(elapsedMs)} simulated`;
}
