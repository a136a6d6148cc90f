import type { Attempt, RetryStrategy } from "../job.ts";
import { decisiveEntry } from "../retry.ts";
import type { AttemptStory } from "./explanation.ts";

/** What a job's attempts that are over came to. */
export function attemptStories(attempts: readonly Attempt[], retry: RetryStrategy): AttemptStory[] {
  return attempts.flatMap((attempt, index) => {
    const { startedAt, stoppedAt, exitCode, reason, statusReason } = attempt;
    if (stoppedAt === undefined) return [];
    const end = endOf(attempt);
    const entry = end === "succeeded" ? -1 : decisiveEntry(retry, attempt);
    return {
      ...{ number: index + 1, end },
      ...(startedAt !== undefined && { startedAt }),
      stoppedAt,
      ...(exitCode !== undefined && { exitCode }),
      ...(reason !== undefined && { reason }),
      ...(statusReason !== undefined && { statusReason }),
      ...(entry >= 0 && { retryRule: entry + 1 }),
    };
  });
}

/** AWS's texts tell them apart (reference 2.3): clients match them too. */
function endOf({ startedAt, exitCode, reason, statusReason, stopping }: Attempt): AttemptStory["end"] {
  if (statusReason?.startsWith("Host EC2") === true) return "infrastructure";
  if (stopping !== undefined) return "stopped";
  if (reason?.startsWith("OutOfMemoryError") === true) return "out-of-memory";
  if (exitCode === 0) return "succeeded";
  return startedAt === undefined && exitCode === undefined ? "not-started" : "failed";
}
