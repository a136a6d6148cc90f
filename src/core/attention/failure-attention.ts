import { enoughMemoryMiB } from "../cost/advice.ts";
import { failureOf } from "../failure.ts";
import type { JobState } from "../job.ts";
import type { AttentionItem } from "./attention-item.ts";

export interface FailedJob {
  readonly id: string;
  readonly definitionArn: string;
  /** MiB, of one attempt. */
  readonly memoryMiB: number;
  readonly state: JobState;
}

/** So many failures of one kind are no accident. */
const FEW = 3;

/** The most memory that attempts of a definition held which had more than so much, in MiB; undefined where none was measured. */
export type PeakAbove = (definitionArn: string, memoryMiB: number) => number | undefined;

/** Whether it is worth to know what others of the definition needed. */
export function ranOutOfMemory(job: FailedJob): boolean {
  return causeOf(job).isMemory;
}

/** Failures of one definition that have one cause, told together. One that ran out of memory is told at once: the next will, too. */
export function failureAttention(jobs: readonly FailedJob[], peakAbove: PeakAbove = () => undefined): AttentionItem[] {
  const groups = new Map<string, FailedJob[]>();
  for (const job of jobs) {
    const key = `${job.definitionArn} ${causeOf(job).text}`;
    groups.set(key, [...(groups.get(key) ?? []), job]);
  }
  return [...groups.values()].flatMap((group) => {
    const [newest] = group;
    const { isMemory, text, exit } = causeOf(newest!);
    if (group.length < FEW && !isMemory) return [];
    const definition = nameOf(newest!.definitionArn);
    const memory = Math.max(...group.map(({ memoryMiB, state }) => state.memoryMiB ?? memoryMiB));
    const peak = peakAbove(newest!.definitionArn, memory);
    const { more, because } = moreMemory(memory, peak);
    const clone = `/jobs?submit=1&clone=${encodeURIComponent(newest!.id)}`;
    const jobsText = group.length === 1 ? "A job" : `${group.length} jobs`;
    return [
      {
        ...{ kind: "failures", severity: group.length >= FEW ? "error" : "warning" },
        since: Math.min(...group.map(({ state }) => state.stoppedAt ?? Infinity)),
        title: `${jobsText} of ${definition} failed in the last hour: ${text}`,
        reason: isMemory
          ? `${group.length === 1 ? "It" : "Each"} used all of the ${memory} MiB that it had. ${because}Submit with more memory, and correct the definition.`
          : `The newest one says: ${newest!.state.statusReason ?? "nothing"}. Its log has more.`,
        href: `/jobs?status=FAILED&definition=${encodeURIComponent(definition)}${exit === undefined ? "" : `&exit=${exit}`}`,
        action: isMemory
          ? { kind: "open", label: `Submit again with ${more} MiB`, href: `${clone}&memory=${more}` }
          : { kind: "open", label: "Read its log", href: `/jobs/${encodeURIComponent(newest!.id)}?tab=logs` },
      } satisfies AttentionItem,
    ];
  });
}

/** What its other jobs have shown to need, where that is known and more; else twice as much. */
function moreMemory(
  memoryMiB: number,
  peakMiB: number | undefined,
): { readonly more: number; readonly because: string } {
  const enough = peakMiB === undefined ? 0 : enoughMemoryMiB(peakMiB);
  if (enough <= memoryMiB) return { more: memoryMiB * 2, because: "" };
  return { more: enough, because: `Others of it that had more used up to ${Math.ceil(peakMiB!)} MiB. ` };
}

function causeOf({ state }: FailedJob): { readonly text: string; readonly isMemory: boolean; readonly exit?: number } {
  const last = state.attempts.at(-1);
  if (last !== undefined && failureOf(last) === "out-of-memory") return { text: "out of memory", isMemory: true };
  const exit = last?.exitCode;
  if (exit !== undefined) return { text: `exit code ${exit}`, isMemory: false, exit };
  return { text: last === undefined ? "never started" : "no exit code", isMemory: false };
}

/** Of a definition with its revision. */
function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
