import { availableParallelism, cpus, loadavg, totalmem, type } from "node:os";
import type { Measure } from "./figure.ts";
import { isMet } from "./figure.ts";

export interface FigureReport {
  readonly number: number;
  readonly title: string;
  readonly measures: readonly Measure[];
  /** Why it could not be measured. */
  readonly error?: string;
  /** Why it was not tried: the machine lacks something. */
  readonly skipped?: string;
}

export interface Machine {
  readonly system: string;
  readonly cpus: number;
  readonly cpu: string;
  readonly memoryMiB: number;
  readonly node: string;
  /** The load average of the last minute, before the first figure. */
  readonly loadAverage: number;
}

export function readMachine(): Machine {
  return {
    system: type(),
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    node: process.version,
    loadAverage: loadavg()[0]!,
  };
}

export function toJson(machine: Machine, reports: readonly FigureReport[]): string {
  const figures = reports.map((report) => ({
    ...report,
    measures: report.measures.map((measure) => ({ ...measure, met: isMet(measure) })),
  }));
  return JSON.stringify({ machine, figures }, undefined, 2);
}

/** A table that a Markdown page can show as it is. */
export function toTable(machine: Machine, reports: readonly FigureReport[]): string {
  const rows = [["", "figure", "value", "beside", "", "ratio", "target", "met"]];
  for (const { number, title, measures, error, skipped } of reports) {
    const head = String(number);
    if (skipped !== undefined) rows.push([head, `${title}: not measured: ${skipped}`, "", "", "", "", "", ""]);
    if (error !== undefined) rows.push([head, `${title}: FAILED: ${error}`, "", "", "", "", "", ""]);
    for (const measure of measures) rows.push([head, `${title}: ${measure.what}`, ...cells(measure)]);
  }
  const { cpus: count, cpu, memoryMiB, node, loadAverage } = machine;
  const about = `${count} x ${cpu}, ${memoryMiB} MiB, Node ${node}, load average ${loadAverage.toFixed(1)} at the start`;
  return `${about}\n\n${aligned(rows).join("\n")}`;
}

function cells(measure: Measure): string[] {
  const { unit, value, limit, ratio } = measure;
  const met = isMet(measure);
  return [
    `${rounded(value)} ${unit}`.trim(),
    limit === undefined ? "" : `${rounded(limit.value)} ${unit}`,
    limit?.what ?? "",
    ratio === undefined ? "" : ratio.toFixed(2),
    targetText(measure),
    met === undefined ? "" : met ? "yes" : "NO",
  ];
}

function targetText({ target }: Measure): string {
  if (target === undefined) return "";
  return "atLeast" in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
}

function rounded(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toString();
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function aligned([head, ...rows]: readonly string[][]): string[] {
  const widths = head!.map((_, column) => Math.max(...[head!, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head!), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)];
}
