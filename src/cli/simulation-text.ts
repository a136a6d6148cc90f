import type { Report } from "../sim/report/report.ts";
import { duration, table } from "./text.ts";

/** Shares beyond these are in the JSON and on the page. */
const MAX_SHARES = 12;

/** What simulations came to, side by side. */
export function simulationText(reports: readonly Report[]): string {
  return [figures(reports), sharesText(reports), ...reports.map(unfinishedText)]
    .filter((part) => part !== "")
    .join("\n\n");
}

const FIGURES: readonly (readonly [name: string, value: (report: Report) => string])[] = [
  ["Jobs", ({ jobs }) => String(jobs.submitted)],
  ["  succeeded", ({ jobs }) => String(jobs.succeeded)],
  ["  failed", ({ jobs }) => String(jobs.failed)],
  ["  never ended", ({ jobs }) => String(jobs.unfinished)],
  ["Waiting, mean", ({ waitingSeconds }) => seconds(waitingSeconds?.mean)],
  ["  median", ({ waitingSeconds }) => seconds(waitingSeconds?.median)],
  ["  95 %", ({ waitingSeconds }) => seconds(waitingSeconds?.p95)],
  ["  longest", ({ waitingSeconds }) => seconds(waitingSeconds?.max)],
  ["Slowdown, mean", ({ boundedSlowdown }) => decimal(boundedSlowdown?.mean)],
  ["  median", ({ boundedSlowdown }) => decimal(boundedSlowdown?.median)],
  ["  95 %", ({ boundedSlowdown }) => decimal(boundedSlowdown?.p95)],
  ["Time until the last end", ({ makespanSeconds }) => seconds(makespanSeconds)],
  ["Jobs ended per hour", ({ throughputPerHour }) => decimal(throughputPerHour)],
  ["Utilisation", ({ utilisation }) => percent(utilisation)],
  ["vCPU hours", ({ vcpuHours }) => decimal(vcpuHours)],
  ["Cost", ({ costUsd }) => (costUsd === undefined ? "-" : `$${costUsd.toFixed(2)}`)],
  ["Fairness (Jain)", ({ fairness }) => (fairness === undefined ? "-" : fairness.toFixed(3))],
];

function figures(reports: readonly Report[]): string {
  return table(
    ["", ...reports.map(({ name }) => name)],
    FIGURES.map(([name, value]) => [name, ...reports.map(value)]),
  );
}

function sharesText(reports: readonly Report[]): string {
  const names = reports[0]!.shares.map(({ share }) => share);
  if (names.length < 2) return "";
  const rows = names.slice(0, MAX_SHARES).map((name) => {
    const ofEach = reports.map(({ shares }) => shares.find(({ share }) => share === name));
    return [
      name === "" ? "(none)" : name,
      ...ofEach.map((share) => String(share?.jobs ?? 0)),
      ...ofEach.map((share) => decimal(share?.vcpuHours)),
      ...ofEach.map((share) => seconds(share?.waitingSeconds?.mean)),
    ];
  });
  const header = (what: string): string[] =>
    reports.map(({ name }) => (reports.length === 1 ? what : `${what}, ${name}`));
  const more = names.length > MAX_SHARES ? `\n… and ${names.length - MAX_SHARES} more shares (--json has all).` : "";
  return table(["SHARE", ...header("JOBS ENDED"), ...header("VCPU HOURS"), ...header("MEAN WAITING")], rows) + more;
}

function unfinishedText({ name, unfinished }: Report): string {
  if (unfinished.length === 0) return "";
  return `Jobs that never ended, ${name}:\n${table(
    ["JOBS", "FIRST", "WHY"],
    unfinished.map((one) => [String(one.jobs), one.name, one.reason]),
  )}`;
}

function seconds(value: number | undefined): string {
  return value === undefined ? "-" : duration(value * 1000);
}

function decimal(value: number | undefined): string {
  if (value === undefined) return "-";
  return value >= 100 ? String(Math.round(value)) : value.toFixed(2);
}

function percent(value: number | undefined): string {
  return value === undefined ? "-" : `${(value * 100).toFixed(1)} %`;
}
