import type { Change } from "../../src/core/changes.ts";
import { activeAttempt } from "../../src/core/job.ts";

/** Where a simulation tells what happens, as it happens. */
export type Tell = (line: string) => void;

/** A commit in words: what became of whom. */
export function tellCommit(changes: readonly Change[], tell: Tell): void {
  for (const change of changes) {
    if (change.kind === "job-changed") {
      const { status, statusReason, attempts } = change.state;
      const attempt = activeAttempt(change.state);
      const where = attempt === undefined ? "" : `, attempt ${attempts.length} in ${nameOf(attempt.environmentArn)}`;
      const stopping = attempt?.stopping === undefined ? "" : `, told to stop: ${attempt.stopping.reason}`;
      tell(`  ${change.jobId} ${status}${where}${stopping}${statusReason === undefined ? "" : ` (${statusReason})`}`);
    } else if ("status" in change) tell(`  ${nameOf(change.arn)} ${change.status}`);
    else if ("arn" in change) tell(`  ${nameOf(change.arn)} is deleted`);
  }
}

export function nameOf(arn: string): string {
  return arn.slice(arn.indexOf("/") + 1);
}
