import assert from "node:assert/strict";
import { test } from "node:test";
import { shareInstanceId } from "../../src/core/ecs-names.ts";
import { attemptId, parseChildId, parseTaskId, taskId } from "../../src/core/ids.ts";
import type { Job, JobState, Scheduling } from "../../src/core/job.ts";
import type { AttemptEnd } from "../../src/core/lifecycle.ts";
import { bind, ended, started, stopping } from "../../src/core/lifecycle.ts";

const ENVIRONMENT = "arn:aws:batch:us-east-1:123456789012:compute-environment/e";
const BINDING = { environmentArn: ENVIRONMENT, driver: "fake" } as const;

function makeJob(state: JobState, more: Partial<Scheduling> = {}): Job {
  const requirements = { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 };
  const retry = { attempts: 1, evaluateOnExit: [] };
  const scheduling = { requirements, retry, dependsOn: [], needsImage: false, ...more };
  return { id: "a", seq: 1, queueArn: "queue", createdAt: 0, scheduling, state };
}

function starting(more?: Partial<Scheduling>): Job {
  const waiting = makeJob({ status: "RUNNABLE", attempts: [] }, more);
  return { ...waiting, state: bind(waiting, BINDING, 500) };
}

function running(more?: Partial<Scheduling>): Job {
  const job = starting(more);
  return { ...job, state: started(job, 1_000) };
}

/** Status, the job's statusReason, the attempt's, its reason, its exit code. */
function end(job: Job, how: Partial<AttemptEnd>) {
  const state = ended(job, { at: 5_000, ...how });
  const last = state.attempts.at(-1)!;
  return [state.status, state.statusReason, last.statusReason, last.reason, last.exitCode];
}

test("a program that exits by itself: AWS's text, whatever the code", () => {
  const text = "Essential container in task exited";
  assert.deepEqual(end(running(), { exitCode: 0 }), ["SUCCEEDED", text, text, undefined, 0]);
  assert.deepEqual(end(running(), { exitCode: 3 }), ["FAILED", text, text, undefined, 3]);
  const oom = "OutOfMemoryError: Container killed due to memory usage";
  assert.deepEqual(end(running(), { exitCode: 137, reason: oom }), ["FAILED", text, text, oom, 137]);
});

test("an attempt that never ran, and one that the host lost", () => {
  const reason = "CannotPullContainerError: no such image";
  assert.deepEqual(end(starting(), { reason }), [
    ...["FAILED", "Task failed to start", "Task failed to start"],
    ...[reason, undefined],
  ]);
  const lost = `Host EC2 (instance ${shareInstanceId(ENVIRONMENT)}) terminated.`;
  assert.match(lost, /^Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$/);
  assert.deepEqual(end(running(), {}), ["FAILED", lost, lost, undefined, undefined]);
  assert.deepEqual(end(starting(), { startedAt: 900 }), ["FAILED", lost, lost, undefined, undefined]);
});

test("an end without a beginning that was reported has its beginning from the end", () => {
  const state = ended(starting({ log: { group: "g", prefix: "p" } }), { at: 5_000, startedAt: 2_000, exitCode: 0 });
  assert.deepEqual([state.status, state.startedAt, state.stoppedAt], ["SUCCEEDED", 2_000, 5_000]);
  assert.equal(state.attempts[0]?.logStreamName, `p/default/${attemptId({ id: "a", seq: 1 }, 1)}`);
});

test("an attempt that was told to stop failed for that reason, whatever it did then, and is not retried", () => {
  for (const how of [{ exitCode: 0 }, { exitCode: 143 }, {}]) {
    const job = running({ retry: { attempts: 5, evaluateOnExit: [] } });
    const stopped = { ...job, state: stopping(job.state, { reason: "enough", at: 4_000 }) };
    const [status, reason, attemptReason] = end(stopped, how);
    assert.deepEqual([status, reason, attemptReason], ["FAILED", "enough", "enough"]);
  }
});

test("a retry keeps the attempts and nothing else", () => {
  const job = running({ retry: { attempts: 2, evaluateOnExit: [] } });
  const state = ended(job, { at: 5_000, exitCode: 1 });
  assert.deepEqual([state.status, state.startedAt, state.stoppedAt, state.statusReason], ["RUNNABLE", ...Array(3)]);
  const again = { ...job, state: bind({ ...job, state }, BINDING, 6_000) };
  assert.deepEqual(
    again.state.attempts.map(({ id }) => id),
    [attemptId({ id: "a", seq: 1 }, 1), attemptId({ id: "a", seq: 1 }, 2)],
  );
  assert.equal(end(again, { exitCode: 1 })[0], "FAILED");
});

test("times never run backwards, and reasons are as long as AWS's", () => {
  const state = ended(running(), { at: 500, exitCode: 1, reason: "x".repeat(1_000) });
  assert.deepEqual([state.startedAt, state.stoppedAt], [1_000, 1_000]);
  assert.equal(state.attempts[0]?.reason?.length, 255);
});

test("ids of children", () => {
  assert.deepEqual(parseChildId("a:0"), { parentId: "a", index: 0 });
  assert.deepEqual(parseChildId("a:9999"), { parentId: "a", index: 9_999 });
  for (const id of ["a", "a:", "a:01", "a:-1", "a:1:2", ":1", "a:12345678"]) assert.equal(parseChildId(id), undefined);
});

test("an attempt's id is its own, and says whose it is", () => {
  const jobs = [
    { id: "a", seq: 1 },
    { id: "b", seq: 1 },
    { id: "a", seq: 2 },
    { id: "a:0", seq: 1 },
    { id: "a:9999999", seq: 1 },
    { id: "a", seq: 16 ** 10 - 1 },
  ];
  const ids = jobs.flatMap((job) => [1, 2, 10].map((n) => attemptId(job, n)));
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
  for (const { id, seq } of jobs) {
    const index = parseChildId(id)?.index;
    const attempt = attemptId({ id, seq }, 3);
    const owner = { seq, ...(index !== undefined && { index }), attemptId: attempt };
    assert.deepEqual(parseTaskId(attempt), owner);
    assert.deepEqual(parseTaskId(taskId(attempt, 0)), { ...owner, node: 0 });
    assert.deepEqual(parseTaskId(taskId(attempt, 999)), { ...owner, node: 999 });
  }
  for (const id of ["", "a", "g".repeat(32), "0".repeat(31), "0".repeat(33)]) assert.equal(parseTaskId(id), undefined);
});
