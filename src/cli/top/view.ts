import type { Piece, ScreenLine } from "../output.ts";
import { oneLine } from "../neutral.ts";
import { duration } from "../text.ts";
import type { TopEnvironment, TopJob, TopQueue, TopSnapshot } from "./snapshot.ts";

export const SORTS = ["cpu", "memory", "age", "name"] as const;
export type Sort = (typeof SORTS)[number];

/** What the user has chosen. */
export interface View {
  readonly sort: Sort;
  /** Only queues in whose names this occurs. */
  readonly filter: string;
  /** Id of the job that is selected. */
  readonly selected: string | undefined;
}

const BAR_WIDTH = 24;
const ORDER = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"];

export function sorted(jobs: readonly TopJob[], sort: Sort): TopJob[] {
  const key: Readonly<Record<Sort, (job: TopJob) => number | string>> = {
    cpu: ({ vcpusUsed }) => -(vcpusUsed ?? -1),
    memory: ({ memoryMiBUsed }) => -(memoryMiBUsed ?? -1),
    age: ({ startedAt, createdAt }) => startedAt ?? createdAt,
    name: ({ jobName }) => jobName,
  };
  return jobs.toSorted((a, b) => compare(key[sort](a), key[sort](b)) || compare(a.jobId, b.jobId));
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : Number(a > b);
}

/** @param room how many lines there are, at most; the jobs get what the others leave. Without it all of them are shown. */
export function linesOf(snapshot: TopSnapshot, view: View, width: number, room = Infinity): ScreenLine[] {
  const head: ScreenLine[] = [
    headLine(snapshot),
    [],
    ...snapshot.environments.map(environmentLine),
    [],
    title(["QUEUE", 22], ["WAIT", 9], ["RUN", 9], ["FIRST, AND WHY IT WAITS", 24]),
    ...snapshot.queues.map(queueLine),
    [],
  ];
  const jobs = sorted(snapshot.jobs, view.sort);
  const nameWidth = Math.max(12, Math.min(40, width - 88));
  const columns = title(
    ...([
      ["JOB", nameWidth],
      ["ID", 38],
      ["QUEUE", 12],
      ["STATUS", 9],
    ] as const),
    ...([
      ["CPU/REQ", 12],
      ["MEM/REQ MiB", 14],
      ["AGE", 10],
    ] as const),
  );
  // However small the terminal, some jobs are seen.
  const kept = head.slice(0, Math.max(1, Math.min(head.length, room - 6)));
  const shown = windowOf(jobs, view.selected, room - kept.length - 1);
  const none: ScreenLine[] = jobs.length === 0 ? [[{ text: "No job runs.", style: "dim" }]] : [];
  return [
    ...kept,
    columns,
    ...none,
    ...shown.map((job) => jobLine(job, snapshot.at, nameWidth, view.selected === job.jobId)),
  ];
}

/** Those around the selected one. */
function windowOf(jobs: readonly TopJob[], selected: string | undefined, room: number): readonly TopJob[] {
  if (jobs.length <= room) return jobs;
  const at = Math.max(
    0,
    jobs.findIndex(({ jobId }) => jobId === selected),
  );
  const first = Math.max(0, Math.min(jobs.length - room, at - Math.floor(room / 2)));
  return jobs.slice(first, first + Math.max(1, room));
}

function headLine({ at, counts }: TopSnapshot): ScreenLine {
  const parts = ORDER.flatMap((status): Piece[] => {
    const found = counts.find((one) => one.status === status);
    if (found === undefined || found.count === 0) return [];
    const style = status === "FAILED" ? "red" : status === "RUNNING" ? "green" : undefined;
    const text = `${found.count}${found.isMore === true ? "+" : ""} ${status}`;
    return [{ text: "  " }, { text, ...(style !== undefined && { style }) }];
  });
  const time = new Date(at).toTimeString().slice(0, 8);
  return [
    { text: `longshore top ${time}`, style: "bold" },
    ...(parts.length === 0 ? [{ text: "  no jobs", style: "dim" } as const] : parts),
  ];
}

function environmentLine({ name, state, vcpusInUse, maxVcpus, instances }: TopEnvironment): ScreenLine {
  const part = maxVcpus === undefined || maxVcpus === 0 ? 0 : Math.min(1, vcpusInUse / maxVcpus);
  const of = maxVcpus === undefined ? "" : ` of ${maxVcpus}`;
  const more = [
    ...(instances === undefined ? [] : [`${instances} instances`]),
    ...(state === "ENABLED" || state === "" ? [] : [state]),
  ];
  return [
    { text: `${cell(name, 22)} ` },
    { text: bar(part, BAR_WIDTH), style: part > 0.9 ? "yellow" : "green" },
    { text: ` ${number(vcpusInUse)}${of} vCPUs${more.map((one) => `, ${one}`).join("")}` },
  ];
}

/** `[######    ]` */
export function bar(part: number, width: number): string {
  const full = Math.round(Math.max(0, Math.min(1, part)) * width);
  return `[${"#".repeat(full)}${" ".repeat(width - full)}]`;
}

function queueLine({ name, state, waiting, running, isMore, first }: TopQueue): ScreenLine {
  const more = isMore === true ? "+" : "";
  const why = first === undefined ? "" : `${first.jobName}: ${first.reason ?? "it starts as soon as it can"}`;
  return [
    { text: `${cell(name, 22)} ${cell(`${waiting}${more}`, 9)} ${cell(`${running}${more}`, 9)} ` },
    { text: state === "ENABLED" ? why : `${state} ${why}`, style: "dim" },
  ];
}

function jobLine(job: TopJob, now: number, nameWidth: number, isSelected: boolean): ScreenLine {
  const { jobName, jobId, queue, status, vcpus, memoryMiB, vcpusUsed, memoryMiBUsed, startedAt } = job;
  const used = (value: number | undefined, of: number): string =>
    `${value === undefined ? "-" : number(value)}/${number(of)}`;
  const age = startedAt === undefined ? "-" : duration(Math.max(0, now - startedAt));
  const text = [
    ...[cell(jobName, nameWidth), cell(jobId, 38), cell(queue, 12), cell(status, 9)],
    ...[cell(used(vcpusUsed, vcpus), 12), cell(used(memoryMiBUsed, memoryMiB), 14), cell(age, 10)],
  ].join(" ");
  return [{ text, ...(isSelected && { style: "reverse" }) }];
}

function title(...columns: readonly (readonly [string, number])[]): ScreenLine {
  return [{ text: columns.map(([name, width]) => cell(name, width)).join(" "), style: "bold" }];
}

function cell(text: string, width: number): string {
  const shown = oneLine(text);
  return shown.length > width ? `${shown.slice(0, width - 1)}…` : shown.padEnd(width);
}

function number(value: number): string {
  return Number.isInteger(value) || value >= 100 ? String(Math.round(value)) : value.toFixed(value < 10 ? 2 : 1);
}

/** For a file or a pipe. */
export function plainText(lines: readonly ScreenLine[]): string {
  return lines
    .map((line) =>
      line
        .map(({ text }) => oneLine(text))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}
