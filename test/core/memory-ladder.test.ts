import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptsThatCount, failureOf, OUT_OF_MEMORY } from "../../src/core/failure.ts";
import type { Attempt, Job, Scheduling } from "../../src/core/job.ts";
import { requirementsOf } from "../../src/core/job.ts";
import { bind, ended, started } from "../../src/core/lifecycle.ts";
import { memoryLadder } from "../../src/core/submission/memory-ladder.ts";

const LADDERS: readonly [text: string, memoryMiB: number, rungs: readonly number[] | undefined][] = [
  ["4096 8192 16384", 2048, [4096, 8192, 16_384]],
  ["4096 8192 16384", 4096, [8192, 16_384]],
  ["4096", 8192, []],
  ["x2:16384", 2048, [4096, 8192, 16_384]],
  ["x2:10000", 2048, [4096, 8192, 10_000]],
  ["x1.5:4000", 2048, [3072, 4000]],
  ["x100:1000", 2048, []],
  ["x1.001:2000", 1000, [1001, 1003, 1005, 1007, 1009, 1011, 1013, 1015, 1017, 1019]],
  ["8192 4096", 2048, undefined],
  ["4096 4096", 2048, undefined],
  ["4096,8192", 2048, undefined],
  ["0 4096", 2048, undefined],
  ["4GB", 2048, undefined],
  ["", 2048, undefined],
  ["x1:4096", 2048, undefined],
  ["x0.5:4096", 2048, undefined],
  ["x2", 2048, undefined],
  ["x2:99999999999", 2048, undefined],
  ["99999999999", 2048, undefined],
  ["1 2 3 4 5 6 7 8 9 10 11", 1, undefined],
];

for (const [text, memoryMiB, rungs] of LADDERS) {
  test(`the ladder ${JSON.stringify(text)} of a job of ${memoryMiB} MiB is ${JSON.stringify(rungs)}`, () => {
    assert.deepEqual(memoryLadder(text, memoryMiB), rungs);
  });
}

const ATTEMPT: Attempt = { id: "a", driver: "fake", environmentArn: "e", startedAt: 1, stoppedAt: 2 };
const HOST = "Host EC2 (instance i-1) terminated.";

const FAILURES: readonly [what: string, attempt: Partial<Attempt>, failure: ReturnType<typeof failureOf>][] = [
  ["an exit code", { exitCode: 1 }, "application"],
  ["137 without a reason", { exitCode: 137 }, "application"],
  ["out of memory", { exitCode: 137, reason: OUT_OF_MEMORY }, "out-of-memory"],
  ["out of memory, with the exit code of its shell", { exitCode: 1, reason: OUT_OF_MEMORY }, "out-of-memory"],
  ["a lost host", { statusReason: HOST }, "infrastructure"],
  [
    "an instance that was taken away",
    { exitCode: 143, stopping: { reason: HOST, at: 1, hostLost: true } },
    "infrastructure",
  ],
  ["a start that nobody saw", { statusReason: "Task failed to start" }, "infrastructure"],
  ["an image that cannot be pulled", { reason: "CannotPullContainerError: no such image" }, "application"],
  ["a job that was terminated", { stopping: { reason: "by hand", at: 1 } }, "application"],
];

for (const [what, attempt, failure] of FAILURES) {
  test(`${what}: ${failure}`, () => assert.equal(failureOf({ ...ATTEMPT, ...attempt }), failure));
}

test("so many losses of the infrastructure do not count as attempts", () => {
  const lost = { ...ATTEMPT, statusReason: HOST };
  const failed = { ...ATTEMPT, exitCode: 1 };
  assert.equal(attemptsThatCount([lost, failed, lost]), 3);
  assert.equal(attemptsThatCount([lost, failed, lost], 1), 2);
  assert.equal(attemptsThatCount([lost, failed, lost], 2), 1);
  assert.equal(attemptsThatCount([lost, failed], 5), 1);
});

function job(more: Partial<Scheduling>): Job {
  const scheduling = {
    requirements: { vcpuMilli: 1000, memoryMiB: 100, gpus: 0 },
    retry: { attempts: 3, evaluateOnExit: [] },
    dependsOn: [],
    needsImage: false,
    ...more,
  };
  return { id: "j", seq: 1, queueArn: "q", createdAt: 0, scheduling, state: { status: "RUNNABLE", attempts: [] } };
}

/** Runs one attempt to its end. */
function attempted(before: Job, end: { exitCode?: number; reason?: string }): Job {
  const starting = { ...before, state: bind(before, { environmentArn: "e", driver: "fake" }, 1) };
  const running = { ...starting, state: started(starting, 2) };
  assert.equal(
    requirementsOf(running).memoryMiB,
    requirementsOf(before).memoryMiB,
    "an attempt keeps what it asked for",
  );
  return { ...running, state: ended(running, { at: 3, ...end }) };
}

test("each attempt that runs out of memory is followed by one that asks for the next rung; the last rung stays", () => {
  const oom = { exitCode: 137, reason: OUT_OF_MEMORY };
  const memory: number[] = [];
  let one = job({ memoryLadder: [200, 400], retry: { attempts: 5, evaluateOnExit: [] } });
  for (const end of [oom, { exitCode: 1 }, oom, oom]) {
    one = attempted(one, end);
    memory.push(requirementsOf(one).memoryMiB);
  }
  assert.deepEqual(memory, [200, 200, 400, 400]);
});

test("a job without a ladder asks for the same again", () => {
  assert.equal(requirementsOf(attempted(job({}), { exitCode: 137, reason: OUT_OF_MEMORY })).memoryMiB, 100);
});

test("an out-of-memory end that the retry strategy does not forgive ends the job", () => {
  const retry = { attempts: 3, evaluateOnExit: [{ action: "exit" as const, onReason: "OutOfMemory*" }] };
  const one = attempted(job({ memoryLadder: [200], retry }), { exitCode: 137, reason: OUT_OF_MEMORY });
  assert.equal(one.state.status, "FAILED");
});

test("a job survives as many losses of its host as it was granted, beside its own attempts", () => {
  let one = job({ infrastructureRetries: 2, retry: { attempts: 2, evaluateOnExit: [] } });
  const statuses: string[] = [];
  for (const end of [{}, { exitCode: 1 }, {}, {}]) {
    one = attempted(one, end);
    statuses.push(one.state.status);
  }
  assert.deepEqual(statuses, ["RUNNABLE", "RUNNABLE", "RUNNABLE", "FAILED"]);
});
