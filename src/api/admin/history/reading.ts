import { inTheSameMinute } from "../../../core/chronicle/point.ts";
import type { Chronicle, ChronicleEntry, ChronicleStep } from "../../../ports/chronicle.ts";
import { CHRONICLE_KEPT_MS, CHRONICLE_STEPS } from "../../../ports/chronicle.ts";
import type { Present } from "../../../ports/present.ts";

/** What is written, and what is not yet. */
export interface HistorySource {
  readonly chronicle: Pick<Chronicle, "read">;
  readonly present: Present;
}

export interface Stretch {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** Seconds: entries are not longer. */
  readonly step: number;
  /** `account/region`. */
  readonly scope: string;
  readonly arns?: readonly string[];
}

/** An entry, and how long it is, seconds. */
export interface Read {
  readonly entry: ChronicleEntry;
  readonly length: ChronicleStep;
}

/**
 * Everything of a stretch of time, in order, each moment once: of the longest entries that do, then, where those are not made yet, of shorter ones, and last
 * what is not written.
 */
export async function readStretch(
  { chronicle, present }: HistorySource,
  stretch: Stretch,
  now: number,
): Promise<Read[]> {
  const { to, scope, arns } = stretch;
  const unwritten = present.unwritten();
  const read: Read[] = [];
  let from = stretch.from;
  for (const step of stepsFor(stretch, now)) {
    const entries = await chronicle.read({ ...{ step, from, to, scope }, ...(arns !== undefined && { arns }) });
    read.push(...entries.map((entry) => ({ entry, length: step })));
    const last = entries.at(-1);
    if (last !== undefined) from = last.at + step * 1000;
  }
  for (const entry of unwritten) {
    const own = ownPart(entry, scope, arns);
    if (own.at < stretch.from || own.at >= to) continue;
    if (own.at >= from) read.push({ entry: own, length: 60 });
    else if (entry === unwritten.at(-1)) joinLast(read, own);
  }
  return read;
}

/** From the longest step to the shortest. Entries of the steps that are shorter than asked for are long gone where they are old. */
function stepsFor({ from, step: asked }: Stretch, now: number): ChronicleStep[] {
  const longest = CHRONICLE_STEPS.findLast((step) => step <= asked && asked % step === 0) ?? CHRONICLE_STEPS[0];
  const isKept = (step: ChronicleStep): boolean => from >= now - CHRONICLE_KEPT_MS[step];
  const first = isKept(longest) ? longest : (CHRONICLE_STEPS.find(isKept) ?? 3_600);
  return CHRONICLE_STEPS.filter((step) => step <= Math.max(longest, first)).toReversed();
}

/** The first part of the minute that runs was written by who led before. */
function joinLast(read: Read[], running: ChronicleEntry): void {
  const last = read.at(-1);
  if (last?.length !== 60 || last.entry.at !== running.at) return;
  const queues = new Map(last.entry.queues);
  for (const [arn, point] of running.queues) {
    const before = queues.get(arn);
    queues.set(arn, before === undefined ? point : inTheSameMinute(before, point));
  }
  read[read.length - 1] = { length: 60, entry: { ...running, queues } };
}

function ownPart(
  { at, queues, environments }: ChronicleEntry,
  scope: string,
  arns?: readonly string[],
): ChronicleEntry {
  const [account, region] = scope.split("/");
  const isOwn = (arn: string): boolean =>
    arn.startsWith(`arn:aws:batch:${region}:${account}:`) && (arns === undefined || arns.includes(arn));
  const own = <Point>(points: ReadonlyMap<string, Point>): Map<string, Point> =>
    new Map([...points].filter(([arn]) => isOwn(arn)));
  return { at, queues: own(queues), environments: own(environments) };
}
