import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import {
  CancelJobCommand,
  CancelJobsCommand,
  DescribeJobsCommand,
  TerminateJobCommand,
  TerminateJobsCommand,
} from "@aws-sdk/client-batch";
import {
  CANCEL_JOB_RULES,
  CANCEL_JOBS_RULES,
  TERMINATE_JOB_RULES,
  TERMINATE_JOBS_RULES,
} from "../../src/api/batch/jobs/stop-jobs.ts";
import { allEnded, describeJob, ended, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import { apiServer, prefixed, refused } from "./server.ts";

const { batch } = await apiServer({ after });

const OPERATIONS = { CancelJob: CancelJobCommand, TerminateJob: TerminateJobCommand };
type Operation = keyof typeof OPERATIONS;
const BULK = { CancelJobs: CancelJobsCommand, TerminateJobs: TerminateJobsCommand };
const ALL_OPERATIONS = { ...OPERATIONS, ...BULK };
const arnOf = (jobId: string) => `arn:aws:batch:us-east-1:123456789012:job/${jobId}`;

async function stop(client: BatchClient, operation: Operation, jobId: string, reason = "because"): Promise<void> {
  const { $metadata } = await client.send(new OPERATIONS[operation]({ jobId, reason }));
  assert.equal($metadata.httpStatusCode, 200);
}

const LONG = "x".repeat(1025);
const REFUSED: readonly [keyof typeof ALL_OPERATIONS, object, string, string | RegExp][] = [
  [
    "CancelJob",
    { jobId: "", reason: "r" },
    "cancelRequires",
    "'jobId' is a required field (cannot be an empty string)",
  ],
  [
    "CancelJob",
    { jobId: "id", reason: "" },
    "cancelRequires",
    "'reason' is a required field (cannot be an empty string)",
  ],
  ["CancelJob", { jobId: "id", reason: LONG }, "reasonTooLong", "reason cannot exceed 1024 characters."],
  [
    "TerminateJob",
    { jobId: "", reason: "r" },
    "terminateRequires",
    "'jobId' is a required field (cannot be a empty string)",
  ],
  [
    "TerminateJob",
    { jobId: "id", reason: "" },
    "terminateRequires",
    "'reason' is a required field (cannot be a empty string)",
  ],
  ["TerminateJob", { jobId: "id", reason: LONG }, "reasonTooLong", "reason cannot exceed 1024 characters."],
  ...(["CancelJobs", "TerminateJobs"] as const).flatMap((operation): typeof REFUSED => [
    [operation, { jobs: [], reason: "r" }, "jobsToStop", prefixed("jobs must have 1 to 50 entries.")],
    [
      operation,
      { jobs: Array.from({ length: 51 }, (_, n) => `j${n}`), reason: "r" },
      "jobsToStop",
      prefixed("jobs must have 1 to 50 entries."),
    ],
    [operation, { jobs: ["id"], reason: LONG }, "reasonTooLong", "reason cannot exceed 1024 characters."],
  ]),
  [
    "CancelJobs",
    { jobs: ["id"], reason: "" },
    "cancelRequires",
    "'reason' is a required field (cannot be an empty string)",
  ],
  [
    "TerminateJobs",
    { jobs: ["id"], reason: "" },
    "terminateRequires",
    "'reason' is a required field (cannot be a empty string)",
  ],
];

test("what CancelJob, TerminateJob and their bulk forms refuse", async () => {
  for (const [operation, input, , message] of REFUSED) {
    const Command = ALL_OPERATIONS[operation] as new (input: object) => CancelJobCommand;
    await assert.rejects(batch.send(new Command(input)), refused(message), operation);
  }
  for (const [operation, rules] of Object.entries({
    CancelJob: CANCEL_JOB_RULES,
    TerminateJob: TERMINATE_JOB_RULES,
    CancelJobs: CANCEL_JOBS_RULES,
    TerminateJobs: TERMINATE_JOBS_RULES,
  })) {
    assertEachRuleBroken(
      [rules],
      REFUSED.flatMap(([of, , text]) => (of === operation ? [text] : [])),
    );
  }
});

for (const operation of ["CancelJob", "TerminateJob"] as const) {
  test(`${operation}: the reason has at most 1024 characters`, () => stop(batch, operation, "id", "x".repeat(1024)));

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
    await stop(batch, operation, arnOf(jobId), "not this one");
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

test("TerminateJobs and CancelJobs: parents, children and ARNs, once each; unknown jobs are no error, malformed ids are", async () => {
  const stopAll = (operation: keyof typeof BULK, jobs: string[]) =>
    batch.send(new BULK[operation]({ jobs, reason: "all at once" }));
  const blocker = await submit(batch, ["sleep", "60"]);
  const waiting = await submit(batch, ["true"], { dependsOn: [{ jobId: blocker }] });
  const array = await submit(batch, ["true"], { dependsOn: [{ jobId: blocker }], arrayProperties: { size: 3 } });
  const other = await submit(batch, ["true"], { dependsOn: [{ jobId: blocker }], arrayProperties: { size: 2 } });
  await untilStatus(batch, blocker, "RUNNING");

  const unknown = "01234567-89ab-4cde-8f01-23456789abcd";
  const given = [blocker, waiting, arnOf(waiting), waiting, array, `${other}:1`, unknown, `${waiting}#0`];
  const malformed = ["", "no-uuid", `${waiting}:x`, arnOf(waiting).replace("us-east-1", "eu-west-1")];
  const cancelled = await stopAll("CancelJobs", [...given, ...malformed]);
  assert.deepEqual(cancelled.successful, [blocker, waiting, array, `${other}:1`, unknown, `${waiting}#0`]);
  assert.deepEqual(
    cancelled.errors,
    malformed.map((job) => ({
      job,
      code: "ValidationException",
      message: "This is not the id or ARN of a job of this account and region.",
    })),
  );
  const { jobs = [] } = await batch.send(
    new DescribeJobsCommand({ jobs: [blocker, waiting, array, `${other}:1`, `${other}:0`] }),
  );
  assert.deepEqual(
    jobs.map(({ status, statusReason, isCancelled }) => [status, statusReason, isCancelled]),
    [
      ["RUNNING", undefined, false],
      ["FAILED", "all at once", true],
      ["FAILED", "all at once", true],
      ["FAILED", "all at once", true],
      ["PENDING", undefined, false],
    ],
    "in force as soon as the answer is there; what runs goes on",
  );

  const terminated = await stopAll("TerminateJobs", [arnOf(blocker), `${other}:0`, waiting]);
  assert.deepEqual(terminated.successful, [arnOf(blocker), `${other}:0`, waiting]);
  assert.deepEqual(terminated.errors, []);
  assert.equal((await describeJob(batch, blocker)).isTerminated, true);
  const [ofBlocker, ofOther] = await allEnded(batch, [blocker, other]);
  assert.deepEqual(
    [ofBlocker?.statusReason, ofOther?.status, ofOther?.statusReason],
    ["all at once", "FAILED", "Array Child Job failed"],
  );
});
