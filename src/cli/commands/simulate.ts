import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import type { Report } from "../../sim/report/report.ts";
import type { SimulationProgress } from "../../sim/simulation.ts";
import { repeated, wholeNumber } from "../command.ts";
import { printResult, say, StatusLine } from "../output.ts";
import type { InputOptions, SimulationInput } from "../simulation-input.ts";
import { duration } from "../text.ts";

interface SimulateOptions extends InputOptions {
  readonly json?: boolean;
  readonly html?: string;
}

export function simulateCommand(): Command {
  return new Command("simulate")
    .summary("run the scheduler over a workload in virtual time")
    .description(
      "Runs the scheduler over a workload in virtual time, and reports waiting times, slowdown, utilisation, cost and fairness. No server is needed, but for its history. docs/simulate.md describes the files.",
    )
    .requiredOption(
      "--workload <file>",
      "a trace (.swf), a table (.csv), synthetic:JOBS, or history: what a server has run",
    )
    .requiredOption("--cluster <file>", "the compute environments and job queues, as JSON")
    .option("--policy <file>", "what to change of the cluster, to compare (repeatable)", repeated, [])
    .option("--speedup <factor>", "submit the jobs so many times as fast", speedup, 1)
    .option("--seed <n>", "of a synthetic workload", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--since <time>", "of a history: jobs submitted after it, such as 2026-11-23T08:30:00Z", epochMs, 0)
    .option("--endpoint <url>", "of a history: where the Batch API is (default: see `longshore --help`)")
    .option("--region <region>", "of a history: AWS region (default: AWS_REGION, else us-east-1)")
    .option("--data-dir <dir>", "of a history: use the server that runs on this data directory")
    .option("--json", "print the report as JSON")
    .option("--html <file>", "write the report as a page, with plots")
    .action(simulateFiles);
}

async function simulateFiles(options: SimulateOptions): Promise<void> {
  const [{ about, readInput }, { amount, simulationText }] = await Promise.all([
    import("../simulation-input.ts"),
    import("../simulation-text.ts"),
  ]);
  const input = await readInput(options);
  for (const note of input.workload.notes) say(note);
  if (input.workload.jobs.length === 0) say("There are no jobs to simulate.");
  const reports = await simulateAll(input);
  const result = { data: { runs: reports }, text: simulationText(reports), brief: "" };
  await printResult(result, options.json === true ? "json" : "human");
  const { html } = options;
  if (html === undefined) return;
  const { reportPage } = await import("../../sim/report/page/page.ts");
  const page = reportPage(`Simulation of ${basename(options.workload)}`, reports, amount);
  await about(html, () => writeFileSync(html, page));
}

async function simulateAll({ workload, runs }: SimulationInput): Promise<Report[]> {
  const [{ simulate }, { reportOf }] = await Promise.all([
    import("../../sim/simulation.ts"),
    import("../../sim/report/report.ts"),
  ]);
  const status = new StatusLine(process.stderr);
  const reports: Report[] = [];
  for (const { name, cluster } of runs) {
    const onProgress = (progress: SimulationProgress): void => status.show(`${name}: ${progressText(progress)}`);
    reports.push(reportOf(name, await simulate({ workload, cluster, onProgress }), cluster));
  }
  status.clear();
  return reports;
}

/** Epoch ms. */
function epochMs(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new InvalidArgumentError("It must be a time such as 2026-11-23T08:30:00Z.");
}

/** Not so slow that times in ms are no whole numbers any more. */
function speedup(text: string): number {
  const value = Number(text);
  if (value >= 0.01 && value <= 1e6) return value;
  throw new InvalidArgumentError("It must be a number from 0.01 to 1000000.");
}

function progressText({ jobs, over, elapsedMs }: SimulationProgress): string {
  return `${over} of ${jobs} jobs are over, ${duration(elapsedMs)} simulated`;
}
