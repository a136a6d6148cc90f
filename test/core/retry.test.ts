import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExitCondition } from "../../src/core/job.ts";
import type { FailedAttempt } from "../../src/core/retry.ts";
import { attemptStories } from "../../src/core/explain/attempt-stories.ts";
import { shouldRetry } from "../../src/core/retry.ts";

function retries(evaluateOnExit: readonly ExitCondition[], failed: FailedAttempt, made = 1, attempts = 3): boolean {
  return shouldRetry({ attempts, evaluateOnExit }, made, failed);
}

const EXITED: FailedAttempt = { statusReason: "Essential container in task exited", exitCode: 1 };

test("without conditions a failed job is retried until its attempts are used", () => {
  assert.equal(retries([], EXITED, 1), true);
  assert.equal(retries([], EXITED, 2), true);
  assert.equal(retries([], EXITED, 3), false);
  assert.equal(retries([], EXITED, 1, 1), false);
});

test("RETRY never exceeds the attempts", () => {
  assert.equal(retries([{ action: "retry", onExitCode: "*" }], EXITED, 3), false);
});

test("the first entry that matches decides", () => {
  const conditions: ExitCondition[] = [
    { action: "retry", onExitCode: "1" },
    { action: "exit", onExitCode: "1" },
  ];
  assert.equal(retries(conditions, EXITED), true);
  assert.equal(retries(conditions.toReversed(), EXITED), false);
});

test("no entry matches: retried", () => {
  assert.equal(retries([{ action: "exit", onExitCode: "2" }], EXITED), true);
});

test("all conditions of an entry must hold", () => {
  const both: ExitCondition = { action: "exit", onExitCode: "1", onReason: "OutOfMemoryError*" };
  assert.equal(retries([both], EXITED), true);
  assert.equal(retries([both], { ...EXITED, reason: "OutOfMemoryError: Container killed" }), false);
  assert.equal(retries([both], { ...EXITED, exitCode: 2, reason: "OutOfMemoryError: Container killed" }), true);
});

test("patterns: exact, or a prefix that ends in *; case matters", () => {
  const matches = (onReason: string, reason: string): boolean => !retries([{ action: "exit", onReason }], { reason });
  assert.equal(matches("Cannot*", "CannotPullContainerError: x"), true);
  assert.equal(matches("cannot*", "CannotPullContainerError: x"), false);
  assert.equal(matches("Cannot", "CannotPullContainerError: x"), false);
  assert.equal(matches("CannotPullContainerError: x", "CannotPullContainerError: x"), true);
  assert.equal(matches("Error.x", "Error-x"), false, "a dot is a dot");
});

test("exit codes match as decimal text", () => {
  const matches = (onExitCode: string, exitCode: number): boolean =>
    !retries([{ action: "exit", onExitCode }], { exitCode });
  assert.equal(matches("13*", 137), true);
  assert.equal(matches("1", 137), false);
  assert.equal(matches("0137", 137), false);
});

test("a value that is not there matches a lone * and nothing else", () => {
  assert.equal(retries([{ action: "exit", onReason: "*" }], EXITED), false);
  assert.equal(retries([{ action: "exit", onReason: "O*" }], EXITED), true);
  assert.equal(retries([{ action: "exit", onExitCode: "*" }], {}), false);
  assert.equal(retries([{ action: "exit", onExitCode: "0" }], {}), true);
});

test("the Spot idiom: a lost host is retried, anything else is not", () => {
  const idiom: ExitCondition[] = [
    { action: "retry", onStatusReason: "Host EC2*" },
    { action: "exit", onReason: "*" },
  ];
  assert.equal(retries(idiom, { statusReason: "Host EC2 (instance i-0abc) terminated." }), true);
  assert.equal(retries(idiom, EXITED), false);
});

test("an attempt's story names the entry that decided, if one did", () => {
  const evaluateOnExit: ExitCondition[] = [
    { action: "exit", onExitCode: "2" },
    { action: "retry", onReason: "Cannot*" },
  ];
  const attempt = { id: "a", driver: "fake", environmentArn: "e", startedAt: 1, stoppedAt: 2 } as const;
  const stories = attemptStories(
    [
      { ...attempt, exitCode: 1, reason: "CannotPullContainerError" },
      { ...attempt, exitCode: 1 },
      { ...attempt, exitCode: 2 },
      { ...attempt, exitCode: 0, reason: "Cannot" },
    ],
    { attempts: 4, evaluateOnExit },
  );
  assert.deepEqual(
    stories.map(({ retryRule }) => retryRule),
    [2, undefined, 1, undefined],
  );
});
