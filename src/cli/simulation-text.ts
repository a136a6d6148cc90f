import type { Unit } from "../sim/report/figures.ts";
import { ENVIRONMENT_COLUMNS, environmentFigures, FIGURES } from "../sim/report/figures.ts";
import type { Report } from "../sim/report/report.ts";
import { duration, table } from "./text.ts";

/** Shares beyond these are in the JSON and on the page. */
const MAX_SHARES = 12;

/** What simulations came to, side by side. */
export function simulationText(reports: readonly Report[]): string {
  return [figures(reports), ...reports.map(environmentsText), sharesText(reports), ...reports.map(unfinishedText)]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** A number for people; "-" when it is not known. */
export function amount(value: number | undefined, unit: Unit): string {
  if (value === undefined) return "-";
  switch (unit) {
    case "count":
      return String(value);
    case "seconds":
      return duration(value * 1000);
    case "number":
      return value >= 100 ? String(Math.round(value)) : value.toFixed(2);
    case "part":
      return `${(value * 100).toFixed(1)} %`;
    case "usd":
      return `$${value.toFixed(2)}`;
    case "index":
      return value.toFixed(3);
  }
}

function figures(reports: readonly Report[]): string {
  return table(
    ["", ...reports.map(({ name }) => name)],
    FIGURES.map(({ name, unit, isDetail, of }) => [
      isDetail === true ? `  ${name}` : name,
      ...reports.map((report) => amount(of(report), unit)),
    ]),
  );
}

/** Where there are several, or instances: else the figures say it all. */
function environmentsText(report: Report): string {
  const rows = environmentFigures(report);
  if (rows.length === 1 && rows[0]!.launched === "") return "";
  return `Environments, ${report.name}:\n${table(
    ["NAME", "TYPE", ...ENVIRONMENT_COLUMNS.map((name) => name.toUpperCase()), "LAUNCHED"],
    rows.map(({ environment, type, figures, launched }) => [
      environment,
      type,
      ...figures.map(([value, unit]) => amount(value, unit)),
      launched,
    ]),
  )}`;
}

function sharesText(reports: readonly Report[]): string {
  const names = reports[0]!.shares.map(({ share }) => share);
  if (names.length < 2) return "";
  const rows = names.slice(0, MAX_SHARES).map((name) => {
    const ofEach = reports.map(({ shares }) => shares.find(({ share }) => share === name));
    return [
      name === "" ? "(none)" : name,
      ...ofEach.map((share) => amount(share?.jobs, "count")),
      ...ofEach.map((share) => amount(share?.vcpuHours, "number")),
      ...ofEach.map((share) => amount(share?.waitingSeconds?.mean, "seconds")),
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
