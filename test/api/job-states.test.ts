import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDetail } from "@aws-sdk/client-batch";
import { CancelJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { describeJob, ended, logLines, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { apiServer } from "./server.ts";

const { batch, logs } = await apiServer({ after });

const EXITED = "Essential container in task exited";

/** What every attempt that ran has, and how its job repeats it (clients.md 0, row 7). */
function assertRan(job: JobDetail, exitCodes: readonly number[]): void {
  assert.deepEqual(
    job.attempts?.map(({ container }) => container?.exitCode),
    exitCodes,
  );
  const streams = new Set<string>();
  for (const { container, startedAt, stoppedAt, statusReason } of job.attempts) {
    assert.match(
      container!.taskArn!,
      /^arn:aws:ecs:us-east-1:123456789012:task\/default_Batch_[0-9a-f-]{36}\/[0-9a-f]{32}$/,
    );
    assert.match(
      container!.containerInstanceArn!,
      /^arn:aws:ecs:us-east-1:123456789012:container-instance\/default_Batch_/,
    );
    assert.match(container!.logStreamName!, /^default\/default\/[0-9a-f]{32}$/);
    assert.ok(container!.taskArn!.endsWith(container!.logStreamName!.slice(-32)));
    streams.add(container!.logStreamName!);
    assert.ok(job.createdAt! <= startedAt! && startedAt! <= stoppedAt!);
    assert.ok(statusReason);
  }
  assert.equal(streams.size, exitCodes.length, "each attempt has its own stream");
  const last = job.attempts.at(-1)!;
  assert.deepEqual(
    [job.startedAt, job.stoppedAt, job.container?.exitCode, job.container?.logStreamName, job.container?.taskArn],
    [last.startedAt, last.stoppedAt, exitCodes.at(-1), last.container?.logStreamName, last.container?.taskArn],
  );
  for (const time of [job.createdAt, job.startedAt, job.stoppedAt]) {
    assert.ok(Number.isInteger(time) && Math.abs(time! - Date.now()) < 100_000, "epoch milliseconds");
  }
}

/** What a job that never ran does not have: absent, not 0 or null (clients.md 3, no. 8). */
function assertNeverRan(job: JobDetail): void {
  assert.equal("startedAt" in job && job.startedAt !== undefined, false);
  for (const member of ["exitCode", "logStreamName"] as const) assert.equal(job.container?.[member], undefined);
  assert.ok(job.container, "the container is described all the same");
}

test("success", async () => {
  const job = await ended(batch, await submit(batch, ["echo", "fine"]));
  assert.deepEqual([job.status, job.statusReason, job.attempts?.[0]?.statusReason], ["SUCCEEDED", EXITED, EXITED]);
  assertRan(job, [0]);
  assert.deepEqual([job.isCancelled, job.isTerminated], [false, false]);
});

test("failure: the program's own exit code", async () => {
  const job = await ended(batch, await submitScript(batch, "echo bad >&2; exit 42"));
  assert.deepEqual([job.status, job.statusReason], ["FAILED", EXITED]);
  assertRan(job, [42]);
  assert.equal(job.container?.reason, undefined);
  assert.deepEqual(await logLines(logs, job.container!.logStreamName!, 1), ["bad"]);
});

test("failure: killed by a signal, 128 + n", async () => {
  assertRan(await ended(batch, await submitScript(batch, "kill -SEGV $$")), [139]);
});

test("retry, then success: an attempt and a log stream each, numbered from 1", async () => {
  const script = `echo "attempt $AWS_BATCH_JOB_ATTEMPT"; [ "$AWS_BATCH_JOB_ATTEMPT" = 3 ]`;
  const job = await ended(batch, await submitScript(batch, script, { retryStrategy: { attempts: 5 } }));
  assert.deepEqual([job.status, job.statusReason], ["SUCCEEDED", EXITED]);
  assertRan(job, [1, 1, 0]);
  for (const [index, { container }] of job.attempts!.entries()) {
    assert.deepEqual(await logLines(logs, container!.logStreamName!, 1), [`attempt ${index + 1}`]);
  }
  assert.deepEqual(job.retryStrategy, { attempts: 5, evaluateOnExit: [] });
});

test("retries used up", async () => {
  const job = await ended(batch, await submitScript(batch, "exit 9", { retryStrategy: { attempts: 2 } }));
  assert.deepEqual([job.status, job.statusReason], ["FAILED", EXITED]);
  assertRan(job, [9, 9]);
});

test("a command that does not exist: the task never started, and is retried as any failure", async () => {
  const job = await ended(batch, await submit(batch, ["no-such-program"], { retryStrategy: { attempts: 2 } }));
  assert.deepEqual(
    [job.status, job.statusReason, job.attempts?.map(({ statusReason }) => statusReason)],
    ["FAILED", "Task failed to start", ["Task failed to start", "Task failed to start"]],
  );
  assert.match(job.container?.reason ?? "", /^CannotStartContainerError: /);
  assert.equal(job.attempts?.[0]?.container?.reason, job.container?.reason);
  assert.ok(job.stoppedAt! >= job.createdAt!);
  assertNeverRan(job);
});

test("out of memory: 137 and AWS's reason", async () => {
  // Without a line end in sight, tail keeps all that it reads; were there no limit, it would stop at 1 GB.
  const job = await ended(batch, await submitScript(batch, "ulimit -v 1000000; exec tail /dev/zero"));
  assert.deepEqual(
    [job.status, job.statusReason, job.container?.reason],
    ["FAILED", EXITED, "OutOfMemoryError: Container killed due to memory usage"],
  );
  assert.equal(job.attempts?.[0]?.container?.reason, job.container?.reason);
  assertRan(job, [137]);
});

test("terminated while it ran: the reason word for word, never retried", async () => {
  const jobId = await submit(batch, ["sleep", "60"], { retryStrategy: { attempts: 3 } });
  const running = await untilStatus(batch, jobId, "RUNNING");
  assert.ok(running.startedAt! > 0);
  assert.deepEqual(
    [running.stoppedAt, running.container?.exitCode, running.statusReason],
    [undefined, undefined, undefined],
  );
  assert.match(running.container!.logStreamName!, /^default\/default\//, "the stream is there as soon as it runs");
  const reason = "Ctrl-C  by Zoë: “stop”";
  await batch.send(new TerminateJobCommand({ jobId, reason }));
  const job = await ended(batch, jobId);
  assert.deepEqual(
    [job.status, job.statusReason, job.attempts?.[0]?.statusReason, job.isTerminated, job.isCancelled],
    ["FAILED", reason, reason, true, false],
  );
  assertRan(job, [143]);
});

test("cancelled while it waited", async () => {
  const blocker = await submit(batch, ["sleep", "60"]);
  const jobId = await submit(batch, ["true"], { dependsOn: [{ jobId: blocker }] });
  const waiting = await untilStatus(batch, jobId, "PENDING");
  assert.deepEqual([waiting.attempts, waiting.stoppedAt], [[], undefined]);
  assertNeverRan(waiting);
  await batch.send(new CancelJobCommand({ jobId, reason: "not needed" }));
  const job = await describeJob(batch, jobId);
  assert.deepEqual(
    [job.status, job.statusReason, job.isCancelled, job.isTerminated, job.attempts],
    ["FAILED", "not needed", true, false, []],
  );
  assertNeverRan(job);
  assert.ok(job.stoppedAt! >= job.createdAt!);
  await batch.send(new TerminateJobCommand({ jobId: blocker, reason: "over" }));
});

test("a dependency that failed fails what depends on it, and so on", async () => {
  const first = await submit(batch, ["false"]);
  const second = await submit(batch, ["true"], { dependsOn: [{ jobId: first }], retryStrategy: { attempts: 3 } });
  const third = await submit(batch, ["true"], { dependsOn: [{ jobId: second }] });
  for (const jobId of [second, third]) {
    const job = await ended(batch, jobId);
    assert.deepEqual([job.status, job.statusReason, job.attempts], ["FAILED", "Dependent Job failed", []]);
    assertNeverRan(job);
  }
  const late = await ended(batch, await submit(batch, ["true"], { dependsOn: [{ jobId: first }] }));
  assert.deepEqual([late.status, late.statusReason], ["FAILED", "Dependent Job failed"]);
});

test("an array with one failure: siblings go on, the parent fails after the last", async () => {
  const script = `[ "$AWS_BATCH_JOB_ARRAY_INDEX" != 1 ] || exit 3`;
  const parent = await submitScript(batch, script, { arrayProperties: { size: 4 } });
  const job = await ended(batch, parent);
  assert.deepEqual([job.status, job.statusReason, job.attempts], ["FAILED", "Array Child Job failed", []]);
  const { size, statusSummary, statusSummaryLastUpdatedAt } = job.arrayProperties!;
  assert.equal(size, 4);
  const none = { SUBMITTED: 0, PENDING: 0, RUNNABLE: 0, STARTING: 0, RUNNING: 0 };
  assert.deepEqual(statusSummary, { ...none, SUCCEEDED: 3, FAILED: 1 });
  assert.ok(statusSummaryLastUpdatedAt! >= job.createdAt!);
  const children = await Promise.all([0, 1, 2, 3].map((index) => describeJob(batch, `${parent}:${index}`)));
  assert.deepEqual(
    children.map(({ status, container, arrayProperties }) => [status, container?.exitCode, arrayProperties?.index]),
    [
      ["SUCCEEDED", 0, 0],
      ["FAILED", 3, 1],
      ["SUCCEEDED", 0, 2],
      ["SUCCEEDED", 0, 3],
    ],
  );
  assert.equal(job.startedAt, Math.min(...children.map(({ startedAt }) => startedAt!)));
  assert.ok(job.stoppedAt! >= Math.max(...children.map(({ stoppedAt }) => stoppedAt!)));
});
