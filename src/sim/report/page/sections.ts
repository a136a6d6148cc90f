import type { ReportFigure, Unit } from "../figures.ts";
import { ENVIRONMENT_COLUMNS, environmentFigures, FIGURES } from "../figures.ts";
import type { Report } from "../report.ts";
import type { Markup } from "./markup.ts";
import { markup } from "./markup.ts";
import type { Axes } from "./plot.ts";
import { areaMark, axesTo, barMark, lineMark, plotMarkup } from "./plot.ts";
import type { Step, TimeUnit } from "./timeline.ts";
import { stepsOf, timeUnitFor } from "./timeline.ts";

/** How a number is written; undefined is not known. */
export type Format = (value: number | undefined, unit: Unit) => string;

/** Shares that have a colour; the others are one. */
const COLOURED_SHARES = 7;
const MOST_SHARE_ROWS = 50;
/** Rows of the table beside a plot. */
const MOST_ROWS = 24;

export function figuresSection(reports: readonly Report[], format: Format): Markup {
  const row = (figure: ReportFigure): Markup =>
    markup`<tr><th scope="row"${figure.isDetail ? markup` class="detail"` : ""}>${figure.name}</th>${reports.map(
      (report) => markup`<td>${format(figure.of(report), figure.unit)}</td>`,
    )}</tr>\n`;
  return markup`<section><h2>Figures</h2>
<div class="wide"><table><thead>${heading(["", ...reports.map(({ name }) => name)])}</thead><tbody>
${FIGURES.map(row)}</tbody></table></div></section>`;
}

export function environmentSection(reports: readonly Report[], format: Format): Markup {
  return markup`<section><h2>Environments</h2>
<div class="wide"><table><thead>${heading(["Simulation", "Environment", "Type", ...ENVIRONMENT_COLUMNS, "launched"], ["Environment", "Type", "launched"])}</thead><tbody>
${reports.flatMap((report) =>
  environmentFigures(report).map(
    ({ environment, type, figures, launched }) =>
      markup`<tr><th scope="row">${report.name}</th><td class="text">${environment}</td><td class="text">${type}</td>${figures.map(([value, unit]) => markup`<td>${format(value, unit)}</td>`)}<td class="text">${launched}</td></tr>\n`,
  ),
)}</tbody></table></div></section>`;
}

export function queueSection(reports: readonly Report[]): Markup {
  const { unit, until } = timeOf(reports);
  const lines = reports.map(({ series }) => stepsOf(series, series.waitingJobs, unit));
  const axes = axesTo({ x: until, y: mostOf(lines) });
  return markup`<section><h2>Waiting jobs</h2>
${legend(reports.map(({ name }, run) => [name, `run${run}`]))}
${plotMarkup({
  description: "The number of jobs that wait, over time. The same numbers are in the table below.",
  ...{ axes, xLabel: unit.name, yLabel: "jobs" },
  marks: lines.map((steps, run) => lineMark(axes, steps, `run${run}`)),
})}
${overTime(reports, unit, (report) => [[report.name, report.series.waitingJobs]])}</section>`;
}

export function vcpuSection(reports: readonly Report[]): Markup {
  const { unit, until } = timeOf(reports);
  const used = reports.map(({ series }) => stepsOf(series, series.usedVcpus, unit));
  const capacity = reports.map(({ series }) => stepsOf(series, series.capacityVcpus, unit));
  const axes = axesTo({ x: until, y: mostOf([...used, ...capacity]) });
  return markup`<section><h2>vCPUs: used, and what there was</h2>
${legend([
  ["used by jobs", "run0"],
  ["capacity", "capacity"],
])}
<div class="panels">${reports.map(
    ({ name }, run) =>
      markup`<figure><figcaption>${name}</figcaption>${plotMarkup({
        description: `The vCPUs that jobs used and the vCPUs that there were, over time, ${name}. The same numbers are in the table below.`,
        ...{ axes, xLabel: unit.name, yLabel: "vCPUs" },
        marks: [areaMark(axes, used[run]!, "run0"), lineMark(axes, capacity[run]!, "capacity")],
      })}</figure>`,
  )}</div>
${overTime(reports, unit, ({ name, series }) => [
  [`used, ${name}`, series.usedVcpus],
  [`capacity, ${name}`, series.capacityVcpus],
])}</section>`;
}

export function waitingSection(reports: readonly Report[], format: Format): Markup {
  const bins = reports[0]!.series.waitingSteps;
  const labels = bins.map(({ upToSeconds }, bin) =>
    upToSeconds === undefined
      ? `more than ${format(bins[bin - 1]!.upToSeconds, "seconds")}`
      : `up to ${format(upToSeconds, "seconds")}`,
  );
  const short = bins.map(({ upToSeconds }) => (upToSeconds === undefined ? "more" : `≤ ${shortTime(upToSeconds)}`));
  const most = Math.max(...reports.flatMap(({ series }) => series.waitingSteps.map(({ jobs }) => jobs)));
  const axes = axesTo({ x: bins.length, y: most });
  return markup`<section><h2>How long jobs waited</h2>
${legend(reports.map(({ name }, run) => [name, `run${run}`]))}
${plotMarkup({
  description: "How many jobs waited for how long. The same numbers are in the table below.",
  ...{ axes, xLabel: "waiting time", yLabel: "jobs" },
  xTicks: short.map((label, bin) => ({ at: axes.x(bin + 0.5), label })),
  marks: reports.flatMap((report, run) => bars(axes, report, run, reports.length)),
})}
<details><summary>The numbers</summary><div class="wide"><table><thead>${heading(["Waiting", ...reports.map(({ name }) => name)])}</thead><tbody>
${labels.map(
  (label, bin) =>
    markup`<tr><th scope="row">${label}</th>${reports.map(({ series }) => markup`<td>${series.waitingSteps[bin]!.jobs}</td>`)}</tr>\n`,
)}</tbody></table></div></details></section>`;
}

function bars(axes: Axes, { series }: Report, run: number, runs: number): Markup[] {
  const width = 0.8 / runs;
  return series.waitingSteps.map(({ jobs }, bin) => {
    const from = bin + 0.1 + run * width;
    return barMark(axes, { from: axes.x(from), to: axes.x(from + width), value: jobs }, `run${run}`);
  });
}

export function shareSection(reports: readonly Report[], format: Format): Markup {
  const names = sharesByUse(reports);
  if (names.length < 2) return markup``;
  const coloured = names.slice(0, COLOURED_SHARES);
  const hasOthers = names.length > coloured.length;
  const { unit, until } = timeOf(reports);
  const stacks = reports.map((report) => stackOf(report, coloured, unit));
  const axes = axesTo({ x: until, y: mostOf(stacks.map((stack) => stack.at(-1)!)) });
  const labels = [...coloured.map(nameOf), ...(hasOthers ? ["others"] : [])];
  return markup`<section><h2>Shares</h2>
${legend(labels.map((label, index) => [label, `share${index}`]))}
<div class="panels">${reports.map(
    ({ name }, run) =>
      markup`<figure><figcaption>${name}</figcaption>${plotMarkup({
        description: `The vCPUs that each share used, over time, one on top of the other, ${name}. The numbers of each share are in the table below.`,
        ...{ axes, xLabel: unit.name, yLabel: "vCPUs" },
        marks: labels.map((_, index) => areaMark(axes, stacks[run]![index]!, `share${index}`, stacks[run]![index - 1])),
      })}</figure>`,
  )}</div>
<div class="wide"><table><thead>${heading(["Share", ...perRun(reports, ["weight factor", "jobs ended", "vCPU hours", "mean waiting", "mean slowdown"])])}</thead><tbody>
${names.slice(0, MOST_SHARE_ROWS).map((name) => shareRow(name, reports, format))}</tbody></table></div>${
    names.length > MOST_SHARE_ROWS ? markup`<p>And ${names.length - MOST_SHARE_ROWS} more shares.</p>` : ""
  }</section>`;
}

function shareRow(name: string, reports: readonly Report[], format: Format): Markup {
  const cells = reports.map(({ shares }) => {
    const share = shares.find((one) => one.share === name);
    return markup`<td>${format(share?.weightFactor, "number")}</td><td>${format(share?.jobs, "count")}</td><td>${format(share?.vcpuHours, "number")}</td><td>${format(share?.waitingSeconds?.mean, "seconds")}</td><td>${format(share?.boundedSlowdown?.mean, "number")}</td>`;
  });
  return markup`<tr><th scope="row">${nameOf(name)}</th>${cells}</tr>\n`;
}

export function unfinishedSection(reports: readonly Report[]): Markup {
  if (reports.every(({ unfinished }) => unfinished.length === 0)) return markup``;
  return markup`<section><h2>Jobs that never ended</h2>
${reports.map(({ name, unfinished }) =>
  unfinished.length === 0
    ? ""
    : markup`<h3>${name}</h3><div class="wide"><table><thead>${heading(["Jobs", "First", "Why"], ["First", "Why"])}</thead><tbody>
${unfinished.map((one) => markup`<tr><td>${one.jobs}</td><td class="text">${one.name}</td><td class="text">${one.reason}</td></tr>\n`)}</tbody></table></div>`,
)}</section>`;
}

/** Those that used most in all simulations together come first. */
function sharesByUse(reports: readonly Report[]): string[] {
  const use = new Map<string, number>();
  for (const { shares } of reports)
    for (const { share, vcpuHours } of shares) use.set(share, (use.get(share) ?? 0) + vcpuHours);
  return [...use].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([share]) => share);
}

/** By share, up to where it reaches on top of those before it; the last one is all that was used. */
function stackOf({ series }: Report, shares: readonly string[], unit: TimeUnit): Step[][] {
  const height = series.usedVcpus.map(() => 0);
  const stack = shares.map((name) => {
    const vcpus = series.shares.find(({ share }) => share === name)?.vcpus ?? [];
    for (const [bucket, value] of vcpus.entries()) height[bucket]! += value;
    return stepsOf(series, height.slice(), unit);
  });
  return [...stack, stepsOf(series, series.usedVcpus, unit)];
}

function timeOf(reports: readonly Report[]): { readonly unit: TimeUnit; readonly until: number } {
  const seconds = Math.max(...reports.map(({ series }) => series.bucketSeconds * series.waitingJobs.length), 1);
  const unit = timeUnitFor(seconds);
  return { unit, until: seconds / unit.seconds };
}

function mostOf(lines: readonly (readonly Step[])[]): number {
  return lines.reduce((most, steps) => steps.reduce((so, { value }) => Math.max(so, value), most), 0);
}

/** The numbers of a plot over time, for who does not see it. */
function overTime(
  reports: readonly Report[],
  unit: TimeUnit,
  columnsOf: (report: Report) => readonly (readonly [name: string, values: readonly number[]])[],
): Markup {
  const columns = reports.flatMap((report) =>
    columnsOf(report).map(([name, values]) => ({ name, steps: stepsOf(report.series, values, unit, MOST_ROWS) })),
  );
  const rows = columns.reduce((longest, { steps }) => (steps.length > longest.length ? steps : longest), [] as Step[]);
  return markup`<details><summary>The numbers</summary><div class="wide"><table><thead>${heading([`Until (${unit.name})`, ...columns.map(({ name }) => name)])}</thead><tbody>
${rows.map(
  ({ to }) =>
    markup`<tr><th scope="row">${to.toFixed(2)}</th>${columns.map(({ steps }) => markup`<td>${valueAt(steps, to)}</td>`)}</tr>\n`,
)}</tbody></table></div></details>`;
}

/** In the step in which the other one ends. */
function valueAt(steps: readonly Step[], to: number): string {
  const step = steps.find((one) => one.to >= to - 1e-9);
  return step === undefined ? "-" : step.value.toFixed(1);
}

function legend(entries: readonly (readonly [label: string, className: string])[]): Markup {
  return markup`<ul class="legend">${entries.map(([label, className]) => markup`<li><span class="key ${className}"></span>${label}</li>`)}</ul>`;
}

/** `texts`: the columns, beside the first one, that have no numbers. */
function heading(cells: readonly string[], texts: readonly string[] = []): Markup {
  const toCell = (cell: string): Markup =>
    markup`<th scope="col"${texts.includes(cell) ? markup` class="text"` : ""}>${cell}</th>`;
  return markup`<tr>${cells.map((cell) => (cell === "" ? markup`<td></td>` : toCell(cell)))}</tr>`;
}

function perRun(reports: readonly Report[], names: readonly string[]): string[] {
  return reports.flatMap((report) => names.map((name) => (reports.length === 1 ? name : `${name}, ${report.name}`)));
}

function nameOf(share: string): string {
  return share === "" ? "(none)" : share;
}

function shortTime(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${seconds / 60} min`;
  return seconds < 86_400 ? `${seconds / 3_600} h` : `${seconds / 86_400} d`;
}
