import type { ExitCondition, RetryStrategy } from "./job.ts";

/** What an attempt that failed left to judge by. */
export interface FailedAttempt {
  readonly statusReason?: string;
  readonly reason?: string;
  readonly exitCode?: number;
}

/**
 * Whether a job runs again after its `attemptsMade`-th attempt failed (reference 5.1). Entries are tried in order, the first whose
 * conditions all hold decides; without one the job is retried. Never more than `attempts` in all.
 */
export function shouldRetry(strategy: RetryStrategy, attemptsMade: number, failed: FailedAttempt): boolean {
  if (attemptsMade >= strategy.attempts) return false;
  return strategy.evaluateOnExit[decisiveEntry(strategy, failed)]?.action !== "exit";
}

/** The index in `evaluateOnExit` of the entry that decides about a failed attempt; -1 where none does. */
export function decisiveEntry({ evaluateOnExit }: RetryStrategy, failed: FailedAttempt): number {
  return evaluateOnExit.findIndex((condition) => matches(condition, failed));
}

function matches(condition: ExitCondition, failed: FailedAttempt): boolean {
  return (
    matchesPattern(condition.onStatusReason, failed.statusReason) &&
    matchesPattern(condition.onReason, failed.reason) &&
    matchesPattern(condition.onExitCode, failed.exitCode?.toString())
  );
}

/** A pattern may begin and end in `*`. A lone `*` also matches an absent value: the idiom `onReason: "*"` means "anything else" (reference 10, no. 20). */
function matchesPattern(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined || pattern === "*") return true;
  if (value === undefined) return false;
  const [before, after] = [pattern.startsWith("*"), pattern.endsWith("*")];
  const text = pattern.slice(before ? 1 : 0, after ? -1 : undefined);
  if (before && after) return value.includes(text);
  if (before) return value.endsWith(text);
  return after ? value.startsWith(text) : value === text;
}
