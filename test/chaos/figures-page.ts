import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../bench/statistics.ts";
import type { ChaosOptions, ChaosResult } from "./run.ts";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "reliability.md");

/** Writes the figures of a run in which everything held into the page, in the place of those of the same store. */
export function writeFigures(options: ChaosOptions, result: ChaosResult, command: string): void {
  const mark = `<!-- chaos ${options.store} -->`;
  const lines = readFileSync(PAGE, "utf8").split("\n");
  const at = lines.findIndex((line) => line.endsWith(mark));
  if (at < 0) throw new Error(`docs/reliability.md has no line that ends with ${mark}.`);
  lines[at] = `${figures(result, command)} ${mark}`;
  writeFileSync(PAGE, lines.join("\n"));
}

function figures({ acts, jobs, attempts, runs, failoversMs, settledMs }: ChaosResult, command: string): string {
  const faults = Object.entries(acts).filter(([kind]) => kind.includes("-"));
  const count = faults.reduce((sum, [, times]) => sum + times, 0);
  const kinds = faults
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, times]) => `${times} ${kind}`)
    .join(", ");
  const failovers =
    failoversMs.length === 0
      ? ""
      : ` ${failoversMs.length} failovers, whatever else was broken meanwhile: median ${median(failoversMs)} ms, longest ${Math.max(...failoversMs)} ms.`;
  return `- \`${command}\`: ${count} faults survived (${kinds}); ${jobs} jobs, ${attempts} attempts and ${runs} runs compared; all over ${(settledMs / 1000).toFixed(1)} s after the last fault.${failovers}`;
}
