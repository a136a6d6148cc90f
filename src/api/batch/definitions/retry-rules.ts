import type { EvaluateOnExit, JobTimeout, RetryStrategy } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

const CONDITION_RULES: readonly Rule<EvaluateOnExit>[] = [
  quotingRule("exitAction", ({ action = "" }) => (/^(retry|exit)$/i.test(action) ? undefined : [action])),
  rule("exitConditionEmpty", (condition) => patternsOf(condition).length === 0),
  rule("exitConditionTooLong", (condition) => patternsOf(condition).some((pattern) => pattern.length > 512)),
  rule(
    "exitConditionCharacters",
    ({ onStatusReason = "", onReason = "", onExitCode = "" }) =>
      [onStatusReason, onReason].some((reason) => !/^[A-Za-z0-9.:\s]*\*?$/.test(reason)) ||
      !/^\d*\*?$/.test(onExitCode),
  ),
];

/** Reference 5.1. */
export const RETRY_RULES: readonly Rule<RetryStrategy>[] = [
  rule("attemptsRequired", ({ attempts }) => attempts === undefined),
  rule("attemptsRange", ({ attempts }) => attempts! < 1 || attempts! > 10),
  rule("tooManyExitConditions", ({ evaluateOnExit = [] }) => evaluateOnExit.length > 5),
  each(({ evaluateOnExit }) => evaluateOnExit, CONDITION_RULES),
];

/** Reference 5.2. */
export const TIMEOUT_RULES: readonly Rule<JobTimeout>[] = [
  rule("timeoutTooShort", ({ attemptDurationSeconds = 0 }) => attemptDurationSeconds < 60),
];

function patternsOf({ onStatusReason, onReason, onExitCode }: EvaluateOnExit): string[] {
  return [onStatusReason, onReason, onExitCode].filter((pattern) => pattern !== undefined);
}
