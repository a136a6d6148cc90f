import type { Report } from "./report.ts";

export type Unit = "count" | "seconds" | "number" | "part" | "usd" | "index";

/** One line of the table of figures. */
export interface ReportFigure {
  readonly name: string;
  readonly unit: Unit;
  /** Of the figure before it. */
  readonly isDetail?: true;
  of(report: Report): number | undefined;
}

/** What is told of each simulation, in this order. */
export const FIGURES: readonly ReportFigure[] = [
  { name: "Jobs", unit: "count", of: ({ jobs }) => jobs.submitted },
  { name: "succeeded", unit: "count", isDetail: true, of: ({ jobs }) => jobs.succeeded },
  { name: "failed", unit: "count", isDetail: true, of: ({ jobs }) => jobs.failed },
  { name: "never ended", unit: "count", isDetail: true, of: ({ jobs }) => jobs.unfinished },
  { name: "Waiting, mean", unit: "seconds", of: ({ waitingSeconds }) => waitingSeconds?.mean },
  { name: "median", unit: "seconds", isDetail: true, of: ({ waitingSeconds }) => waitingSeconds?.median },
  { name: "95 %", unit: "seconds", isDetail: true, of: ({ waitingSeconds }) => waitingSeconds?.p95 },
  { name: "longest", unit: "seconds", isDetail: true, of: ({ waitingSeconds }) => waitingSeconds?.max },
  { name: "Slowdown, mean", unit: "number", of: ({ boundedSlowdown }) => boundedSlowdown?.mean },
  { name: "median", unit: "number", isDetail: true, of: ({ boundedSlowdown }) => boundedSlowdown?.median },
  { name: "95 %", unit: "number", isDetail: true, of: ({ boundedSlowdown }) => boundedSlowdown?.p95 },
  { name: "Time until the last end", unit: "seconds", of: ({ makespanSeconds }) => makespanSeconds },
  { name: "Jobs ended per hour", unit: "number", of: ({ throughputPerHour }) => throughputPerHour },
  { name: "Utilisation", unit: "part", of: ({ utilisation }) => utilisation },
  { name: "vCPU hours", unit: "number", of: ({ vcpuHours }) => vcpuHours },
  { name: "that were there", unit: "number", isDetail: true, of: ({ capacityVcpuHours }) => capacityVcpuHours },
  { name: "Cost", unit: "usd", of: ({ costUsd }) => costUsd },
  { name: "Fairness (Jain)", unit: "index", of: ({ fairness }) => fairness },
];

/** What one line of the table of environments says. */
export interface EnvironmentFigures {
  readonly environment: string;
  readonly type: string;
  readonly figures: readonly (readonly [value: number | undefined, unit: Unit])[];
  /** `3 m5.large, 1 c5.xlarge`: none of a pool. */
  readonly launched: string;
}

export const ENVIRONMENT_COLUMNS = ["vCPUs at most", "vCPU hours", "that were there", "cost"] as const;

export function environmentFigures({ environments }: Report): EnvironmentFigures[] {
  return environments.map(({ environment, type, maxVcpus, vcpuHours, capacityVcpuHours, costUsd, launched = {} }) => ({
    ...{ environment, type },
    figures: [
      [maxVcpus, "count"],
      [vcpuHours, "number"],
      [capacityVcpuHours, "number"],
      [costUsd, "usd"],
    ],
    launched: Object.entries(launched)
      .map(([name, count]) => `${count} ${name}`)
      .join(", "),
  }));
}
