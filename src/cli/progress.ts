import type { Progress } from "./job-output.ts";
import { say, type StatusLine } from "./output.ts";
import { oneLine } from "./neutral.ts";
import { ProgressBar, tallyOf } from "./progress-bar.ts";
import { duration } from "./text.ts";

/** Every job waits for a moment; only a longer wait is worth a word. */
const QUIET_MS = 1_000;

/**
 * Shows progress on stderr: one live line on a terminal; without one, only what somebody reading a log must know, which is why
 * the job waits.
 */
export function progressReporter(status: StatusLine, jobId: string, startedAt: number): (progress: Progress) => void {
  let said = false;
  const bar = new ProgressBar();
  return ({ counts, waitingReason }) => {
    const now = Date.now();
    status.show(`${stateText(counts, bar, now)}, ${duration(now - startedAt)}${waitingText(counts, waitingReason)}`);
    if (process.stderr.isTTY || waitingReason === undefined || said) return;
    if (active(counts) > 0 || Date.now() - startedAt < QUIET_MS) return;
    said = true;
    say(`Job ${jobId} waits: ${oneLine(waitingReason)}`);
  };
}

/** Of one job its state, of an array how far it is. */
function stateText(counts: Progress["counts"], bar: ProgressBar, now: number): string {
  const tally = tallyOf(counts);
  const total = tally.waiting + tally.running + tally.succeeded + tally.failed;
  if (total > 1) return bar.line(tally, now);
  return Object.entries(tally).find(([, amount]) => amount === 1)?.[0] ?? "";
}

function waitingText(counts: Progress["counts"], reason: string | undefined): string {
  return reason === undefined || active(counts) > 0 ? "" : `: ${oneLine(reason)}`;
}

function active(counts: Progress["counts"]): number {
  return (counts.STARTING ?? 0) + (counts.RUNNING ?? 0);
}
