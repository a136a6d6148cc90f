import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import { CancelJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { allEnded, describeJob, ended, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { apiServer, refused } from "./server.ts";

const { batch } = await apiServer({ after });

const OPERATIONS = { CancelJob: CancelJobCommand, TerminateJob: TerminateJobCommand };
type Operation = keyof typeof OPERATIONS;

async function stop(client: BatchClient, operation: Operation, jobId: string, reason = "because"): Promise<void> {
  const { $metadata } = await client.send(new OPERATIONS[operation]({ jobId, reason }));
  assert.equal($metadata.httpStatusCode, 200);
}

for (const [operation, article] of [
  ["CancelJob", "an"],
  ["TerminateJob", "a"],
] as const) {
  test(`${operation}: id and reason are required, and the reason has at most 1024 characters`, async () => {
    for (const [jobId, reason, member] of [
      ["", "r", "jobId"],
      ["id", "", "reason"],
    ] as const) {
      const message = `'${member}' is a required field (cannot be ${article} empty string)`;
      await assert.rejects(stop(batch, operation, jobId, reason), refused(message));
    }
    await assert.rejects(
      stop(batch, operation, "id", "x".repeat(1025)),
      refused("reason cannot exceed 1024 characters."),
    );
    await stop(batch, operation, "id", "x".repeat(1024));
  });

  test(`${operation} of an unknown and of a finished job: 200, and nothing happens`, async () => {
    await stop(batch, operation, "unknown");
    const jobId = await submit(batch, ["true"]);
    const before = await ended(batch, jobId);
    await stop(batch, operation, jobId);
    assert.deepEqual(await describeJob(batch, jobId), before);
  });

  test(`${operation} of a PENDING job, by its ARN: FAILED at once, with the reason`, async () => {
    const blocker = await submit(batch, ["sleep", "60"]);
    const jobId = await submit(batch, ["true"], { dependsOn: [{ jobId: blocker }], retryStrategy: { attempts: 3 } });
    await stop(batch, operation, `arn:aws:batch:us-east-1:123456789012:job/${jobId}`, "not this one");
    const { status, statusReason, isCancelled, isTerminated, attempts } = await describeJob(batch, jobId);
    assert.deepEqual(
      { status, statusReason, isCancelled, isTerminated, attempts },
      {
        status: "FAILED",
        statusReason: "not this one",
        isCancelled: operation === "CancelJob",
        isTerminated: operation === "TerminateJob",
        attempts: [],
      },
    );
    await stop(batch, "TerminateJob", blocker);
  });

  test(`${operation} of a RUNNABLE job: FAILED at once, and the next one takes its place`, async (t) => {
    const { batch: small } = await apiServer(t, { vcpus: 1 });
    const running = await submit(small, ["sleep", "60"]);
    const waiting = await submit(small, ["true"]);
    const next = await submit(small, ["true"]);
    await untilStatus(small, waiting, "RUNNABLE");
    await stop(small, operation, waiting);
    assert.equal((await describeJob(small, waiting)).status, "FAILED");
    assert.equal((await describeJob(small, next)).status, "RUNNABLE");
    await stop(small, "TerminateJob", running);
    assert.equal((await ended(small, next)).status, "SUCCEEDED");
  });
}

test("CancelJob leaves a RUNNING job alone", async () => {
  const jobId = await submit(batch, ["sleep", "60"]);
  const running = await untilStatus(batch, jobId, "RUNNING");
  await stop(batch, "CancelJob", jobId);
  assert.deepEqual(await describeJob(batch, jobId), running);
  await stop(batch, "TerminateJob", jobId, "over");
  assert.equal((await ended(batch, jobId)).statusReason, "over");
});

test("isTerminated is there as soon as TerminateJob has answered; the job may take its time to end well", async () => {
  const script = `trap 'sleep 0.2; exit 0' TERM; echo ready; while :; do sleep 0.01; done`;
  const jobId = await submitScript(batch, script, { retryStrategy: { attempts: 3 } });
  await untilStatus(batch, jobId, "RUNNING");
  await stop(batch, "TerminateJob", jobId, "first");
  assert.equal((await describeJob(batch, jobId)).isTerminated, true);
  await stop(batch, "TerminateJob", jobId, "second");
  const job = await ended(batch, jobId);
  assert.deepEqual(
    [job.status, job.statusReason, job.attempts?.length],
    ["FAILED", "first", 1],
    "even with exit code 0",
  );
});

test("TerminateJob of an array ends all its children; CancelJob those that have not started", async (t) => {
  for (const operation of ["TerminateJob", "CancelJob"] as const) {
    const { batch: small } = await apiServer(t, { vcpus: 2 });
    const parent = await submit(small, ["sleep", "60"], { arrayProperties: { size: 4 } });
    await Promise.all([0, 1].map((index) => untilStatus(small, `${parent}:${index}`, "RUNNING")));
    await stop(small, operation, parent, "all of it");
    const waiting = await allEnded(
      small,
      [2, 3].map((index) => `${parent}:${index}`),
    );
    for (const { status, statusReason, attempts } of waiting) {
      assert.deepEqual([status, statusReason, attempts], ["FAILED", "all of it", []]);
    }
    if (operation === "CancelJob") {
      assert.equal((await describeJob(small, `${parent}:0`)).status, "RUNNING");
      assert.equal((await describeJob(small, parent)).status, "PENDING");
      await Promise.all([0, 1].map((index) => stop(small, "TerminateJob", `${parent}:${index}`, "one by one")));
    }
    const job = await ended(small, parent);
    assert.deepEqual(
      [job.status, job.statusReason, job.arrayProperties?.statusSummary?.["FAILED"]],
      ["FAILED", "all of it", 4],
    );
    const child = await describeJob(small, `${parent}:0`);
    assert.equal(child.statusReason, operation === "CancelJob" ? "one by one" : "all of it");
  }
});

test("a child ends alone: its siblings go on, its parent fails in the end", async () => {
  const script = `[ "$AWS_BATCH_JOB_ARRAY_INDEX" != 0 ] || exec sleep 60`;
  const parent = await submitScript(batch, script, { arrayProperties: { size: 3 } });
  await untilStatus(batch, `${parent}:0`, "RUNNING");
  await stop(batch, "TerminateJob", `${parent}:0`, "only this one");
  const job = await ended(batch, parent);
  assert.deepEqual([job.status, job.statusReason], ["FAILED", "Array Child Job failed"]);
  const summary = job.arrayProperties!.statusSummary!;
  assert.deepEqual([summary["SUCCEEDED"], summary["FAILED"]], [2, 1]);
});
