import type { Progress } from "./job-output.ts";
import { say, type StatusLine } from "./output.ts";
import { duration, oneLine } from "./text.ts";

/** Every job waits for a moment; only a longer wait is worth a word. */
const QUIET_MS = 1_000;

/**
 * Shows progress on stderr: one live line on a terminal; without one, only what somebody reading a log must know, which is why
 * the job waits.
 */
export function progressReporter(status: StatusLine, jobId: string, startedAt: number): (progress: Progress) => void {
  let said = false;
  return ({ counts, waitingReason }) => {
    status.show(`${countsText(counts)}, ${duration(Date.now() - startedAt)}${waitingText(counts, waitingReason)}`);
    if (process.stderr.isTTY || waitingReason === undefined || said) return;
    if (active(counts) > 0 || Date.now() - startedAt < QUIET_MS) return;
    said = true;
    say(`Job ${jobId} waits: ${oneLine(waitingReason)}`);
  };
}

function countsText(counts: Progress["counts"]): string {
  const { SUBMITTED = 0, PENDING = 0, RUNNABLE = 0, SUCCEEDED = 0, FAILED = 0 } = counts;
  const parts: [number, string][] = [
    [SUBMITTED + PENDING + RUNNABLE, "waiting"],
    [active(counts), "running"],
    [SUCCEEDED, "succeeded"],
    [FAILED, "failed"],
  ];
  const total = parts.reduce((sum, [amount]) => sum + amount, 0);
  if (total === 1) return parts.find(([amount]) => amount === 1)?.[1] ?? "";
  return parts.map(([amount, word]) => `${amount} ${word}`).join(", ");
}

function waitingText(counts: Progress["counts"], reason: string | undefined): string {
  return reason === undefined || active(counts) > 0 ? "" : `: ${oneLine(reason)}`;
}

function active(counts: Progress["counts"]): number {
  return (counts.STARTING ?? 0) + (counts.RUNNING ?? 0);
}
