import type { GroupOutcome, WhatIfOutcome, WhatIfReport } from "../ports/what-if.ts";
import { duration, table } from "./text.ts";

/** What happened, what was simulated as it was, and with the changes, side by side. */
export function whatIfText(report: WhatIfReport): string {
  const { actual, asItWas, changed, earlier, later, notes } = report;
  const runs = [actual, asItWas, changed];
  const header = ["", "HAPPENED", "AS IT WAS", "CHANGED"];
  const line = (name: string, of: (outcome: WhatIfOutcome) => string): string[] => [name, ...runs.map(of)];
  const figures = table(header, [
    line("Waiting, median", ({ waitingSeconds }) => seconds(waitingSeconds?.median)),
    line("  95 %", ({ waitingSeconds }) => seconds(waitingSeconds?.p95)),
    line("  longest", ({ waitingSeconds }) => seconds(waitingSeconds?.max)),
    line("Jobs that started", ({ started }) => String(started)),
    line("Jobs ended per hour", ({ endedPerHour }) => endedPerHour.toFixed(1)),
    line("First to last", ({ makespanSeconds }) => seconds(makespanSeconds)),
    line("vCPU hours", ({ vcpuHours }) => vcpuHours.toFixed(2)),
  ]);
  const parts = [
    figures,
    groups(
      "QUEUE",
      runs.map(({ queues }) => queues),
    ),
    groups(
      "SHARE",
      runs.map(({ shares }) => shares),
    ),
    `With the changes ${earlier} jobs would have started earlier and ${later} later.`,
    ...notes,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function groups(title: string, runs: readonly (readonly GroupOutcome[])[]): string {
  const [actual = []] = runs;
  if (actual.length === 0) return "";
  const of = (name: string): string[] =>
    runs.map((all) => {
      const times = all.find((one) => one.name === name)?.waitingSeconds;
      return times === undefined ? "-" : `${seconds(times.median)} / ${seconds(times.p95)}`;
    });
  return table(
    [title, "JOBS", "HAPPENED", "AS IT WAS", "CHANGED (median / 95 %)"],
    actual.map(({ name, jobs }) => [name, String(jobs), ...of(name)]),
  );
}

function seconds(value: number | undefined): string {
  return value === undefined ? "-" : duration(value * 1000);
}
