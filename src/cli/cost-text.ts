import type {
  AdviceReport,
  AttemptUsage,
  ContainerUsage,
  CostGroup,
  CostReport,
  CostTotals,
} from "../ports/cost-report.ts";
import { count, duration, table } from "./text.ts";

/** What attempts used and cost, for people. */
export function costText(report: CostReport): string {
  const { total, groups, groupCount } = report;
  if (total.attempts === 0) return "No attempt ended in this time, and none runs.";
  const isOfJobs = report.by === "array" || report.by === "job";
  const header = [isOfJobs ? "JOB" : report.by.toUpperCase(), ...(isOfJobs ? ["NAME"] : []), ...COLUMNS];
  const rows = groups.map((group) => [...titles(group, isOfJobs), ...cells(group)]);
  const sum = ["TOTAL", ...(isOfJobs ? [""] : []), ...cells(total)];
  return [table(header, [...rows, sum]), ...notes(total, groupCount - groups.length)].join("\n");
}

const COLUMNS = ["ATTEMPTS", "VCPU H", "GIB H", "GPU H", "CPU H USED", "MOST MIB", "COST"];

function titles({ key, name }: CostGroup, isOfJobs: boolean): string[] {
  if (isOfJobs) return [key, name ?? "-"];
  return [name ?? (key === "" ? "(none)" : key)];
}

function cells(totals: CostTotals): string[] {
  const { attempts, running, vcpuHours, gibHours, gpuHours, cpuHours, unmeasured, peakMemoryMiB, usd } = totals;
  return [
    running === 0 ? String(attempts) : `${attempts} (${running} running)`,
    ...[vcpuHours, gibHours, gpuHours].map(hours),
    unmeasured === attempts && cpuHours === 0 ? "-" : hours(cpuHours),
    peakMemoryMiB === undefined ? "-" : String(peakMemoryMiB),
    totals.unpriced === attempts ? "-" : dollars(usd),
  ];
}

function notes({ attempts, unpriced, unmeasured, running }: CostTotals, leftOut: number): string[] {
  const ended = unmeasured - running;
  return [
    ...(leftOut > 0 ? [`${count(leftOut, "cheaper group")} left out: --limit shows more.`] : []),
    ...(unpriced > 0
      ? [`No price is known for ${unpriced} of ${count(attempts, "attempt")}: docs/cost.md says how to name yours.`]
      : []),
    ...(ended > 0 ? [`What ${count(ended, "attempt")} used was not measured.`] : []),
  ];
}

/** Of what was asked for, what one attempt used. */
export function attemptUsageText(usage: AttemptUsage): string {
  const { cpuSeconds, peakMemoryMiB, memoryMiB, vcpus, gpus, gpuIds, instances, usd } = usage;
  return [
    `${vcpus} vCPU${cpuSeconds === undefined ? "" : `, ${duration(cpuSeconds * 1000)} used`}`,
    peakMemoryMiB === undefined ? `${memoryMiB} MiB` : `${peakMemoryMiB} of ${memoryMiB} MiB at most`,
    ...(gpus === 0 ? [] : [`${count(gpus, "GPU")}${gpuIds === undefined ? "" : ` (${gpuIds.join(", ")})`}`]),
    ...(instances === undefined ? [] : [`on ${instances}`]),
    ...(usd === undefined ? [] : [dollars(usd)]),
  ].join("; ");
}

/** What jobs asked for and would have needed. */
export function adviceText({ sizes, sizeCount }: AdviceReport): string {
  if (sizes.length === 0) return "Of no attempt that ended in this time is known what it used.";
  const rows = sizes.map((size) => {
    const { vcpus, memoryMiB, attempts, peakMemoryMiB, vcpusUsed, enoughMemoryMiB } = size;
    const [most, enough] = [peakMemoryMiB, enoughMemoryMiB].map((mib) => (mib === undefined ? "-" : String(mib)));
    const amounts = [attempts, memoryMiB, most, enough, vcpus, threeDigits(vcpusUsed, 2)].map(String);
    return [size.jobDefinition.slice(size.jobDefinition.lastIndexOf("/") + 1), ...amounts];
  });
  const leftOut = sizeCount - sizes.length;
  return [
    table(["DEFINITION", "ATTEMPTS", "ASKED MIB", "MOST MIB", "ENOUGH MIB", "ASKED VCPUS", "BUSY ON AVERAGE"], rows),
    ...(leftOut > 0 ? [`${count(leftOut, "other size")} left out: --limit shows more.`] : []),
  ].join("\n");
}

/** Of one container of several, where it is known. */
export function containerUsageText({ cpuSeconds, peakMemoryMiB }: ContainerUsage): string | undefined {
  const cpu = cpuSeconds === undefined ? [] : [`${duration(cpuSeconds * 1000)} used`];
  const memory = peakMemoryMiB === undefined ? [] : [`${peakMemoryMiB} MiB at most`];
  return [...cpu, ...memory].join("; ") || undefined;
}

/** What all children of an array used. */
export function totalUsageText(totals: CostTotals): string | undefined {
  const { attempts, unpriced, usd, cpuHours, unmeasured, peakMemoryMiB, vcpuHours } = totals;
  if (attempts === 0) return undefined;
  return [
    count(attempts, "attempt"),
    `${hours(vcpuHours)} vCPU hours${unmeasured === attempts ? "" : `, ${hours(cpuHours)} used`}`,
    ...(peakMemoryMiB === undefined ? [] : [`${peakMemoryMiB} MiB at most`]),
    ...(unpriced === attempts ? [] : [dollars(usd)]),
  ].join("; ");
}

/** Of hours: a ten-thousandth of one is a third of a second. */
function hours(value: number): string {
  return threeDigits(value, 4);
}

function dollars(usd: number): string {
  return `$${threeDigits(usd, 6)}`;
}

/** Three digits, or all before the point, and at most so many behind it: `0`, `0.0012`, `1.23`, `12.3`, `1234`. */
function threeDigits(value: number, decimals: number): string {
  const least = 10 ** -decimals;
  if (value > 0 && value < least) return `<${least.toFixed(decimals)}`;
  const digits = value === 0 ? 0 : 2 - Math.floor(Math.log10(value));
  return String(Number(value.toFixed(Math.min(decimals, Math.max(0, digits)))));
}
