import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobStatus } from "@aws-sdk/client-batch";
import {
  CreateJobQueueCommand,
  ListJobsCommand,
  TagResourceCommand,
  TerminateJobCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-batch";
import { describeJob, ended, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, prefixed, refused, register } from "./server.ts";

const { batch } = await apiServer({ after });
const CONCURRENCY = "longshore:array-concurrency";

async function children(arrayJobId: string, jobStatus: JobStatus) {
  return (await batch.send(new ListJobsCommand({ arrayJobId, jobStatus }))).jobSummaryList!;
}

const REFUSED: readonly [tag: string, value: string, most: number][] = [
  [CONCURRENCY, "0", 1_000_000],
  [CONCURRENCY, "-1", 1_000_000],
  [CONCURRENCY, "2.5", 1_000_000],
  [CONCURRENCY, "two", 1_000_000],
  [CONCURRENCY, "", 1_000_000],
  [CONCURRENCY, "1000001", 1_000_000],
  ["longshore:history-days", "0", 36_500],
  ["longshore:history-days", "36501", 36_500],
  ["longshore:expected-seconds", "0", 31_536_000],
  ["longshore:expected-seconds", "1.5", 31_536_000],
  ["longshore:expected-seconds", "31536001", 31_536_000],
  ["longshore:infrastructure-retries", "0", 100],
  ["longshore:infrastructure-retries", "101", 100],
];

for (const [tag, value, most] of REFUSED) {
  test(`the tag ${tag} of a job or a definition cannot be ${JSON.stringify(value)}`, async () => {
    const message = refused(prefixed(`The tag ${tag} must be a whole number from 1 to ${most}, not ${value}.`));
    await assert.rejects(submit(batch, ["true"], { tags: { [tag]: value } }), message);
    await assert.rejects(register(batch, "bad-tags", {}, { tags: { [tag]: value } }), message);
  });
}

test("so many children of an array run at a time, and the others say so", async () => {
  const array = await submitScript(batch, "exec sleep 60", {
    arrayProperties: { size: 5 },
    tags: { [CONCURRENCY]: "2" },
  });
  await untilStatus(batch, `${array}:1`, "RUNNING");
  await untilStatus(batch, `${array}:0`, "RUNNING");
  const waiting = await children(array, "RUNNABLE");
  assert.deepEqual(
    waiting.map(({ arrayProperties, statusReason }) => [arrayProperties?.index, statusReason]),
    [2, 3, 4].map((index) => [
      index,
      "Waiting for its array: 2 of its children run, and not more may at a time (tag longshore:array-concurrency).",
    ]),
  );
  await batch.send(new TerminateJobCommand({ jobId: `${array}:0`, reason: "next" }));
  await untilStatus(batch, `${array}:2`, "RUNNING");
  assert.equal((await children(array, "RUNNING")).length, 2);
  // The tag is read when the job is submitted.
  const resourceArn = (await describeJob(batch, array)).jobArn!;
  await batch.send(new TagResourceCommand({ resourceArn, tags: { [CONCURRENCY]: "5" } }));
  await batch.send(new TerminateJobCommand({ jobId: `${array}:1`, reason: "next" }));
  await untilStatus(batch, `${array}:3`, "RUNNING");
  assert.deepEqual(
    (await children(array, "RUNNABLE")).map(({ jobId }) => jobId),
    [`${array}:4`],
  );
  await batch.send(new TerminateJobCommand({ jobId: array, reason: "enough" }));
  assert.equal((await ended(batch, array)).statusReason, "enough");
});

test("a definition's tag is for all arrays that are made of it; a job's own tag wins", async () => {
  const jobDefinition = await register(batch, "capped", {}, { tags: { [CONCURRENCY]: "1" } });
  const running = async (tags?: Record<string, string>): Promise<number> => {
    const array = await submitScript(batch, "exec sleep 60", {
      jobDefinition,
      arrayProperties: { size: 4 },
      ...(tags && { tags }),
    });
    const count = await until("the array runs", async () => {
      const { arrayProperties } = await describeJob(batch, array);
      const { STARTING = 0, RUNNING = 0 } = arrayProperties!.statusSummary!;
      return STARTING === 0 && RUNNING > 0 ? RUNNING : undefined;
    });
    await batch.send(new TerminateJobCommand({ jobId: array, reason: "enough" }));
    await ended(batch, array);
    return count;
  };
  assert.equal(await running(), 1);
  assert.equal(await running({ [CONCURRENCY]: "3" }), 3);
});

test("a failed child's next attempt keeps within the limit too", async () => {
  const script = `[ "$AWS_BATCH_JOB_ATTEMPT" = 2 ] || exit 1`;
  const array = await submitScript(batch, script, {
    ...{ arrayProperties: { size: 6 }, retryStrategy: { attempts: 2 } },
    tags: { [CONCURRENCY]: "2" },
  });
  assert.equal((await ended(batch, array)).status, "SUCCEEDED");
  const spans = (await children(array, "SUCCEEDED")).map(
    ({ startedAt, stoppedAt }) => [startedAt!, stoppedAt!] as const,
  );
  for (const [at] of spans) {
    const together = spans.filter(([startedAt, stoppedAt]) => startedAt <= at && at < stoppedAt);
    assert.ok(together.length <= 2, JSON.stringify(spans));
  }
});

test("on what is no job, and with --strict on everything, they are tags like any other", async () => {
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  await batch.send(
    new CreateJobQueueCommand({
      jobQueueName: "tagged",
      priority: 1,
      computeEnvironmentOrder,
      tags: { [CONCURRENCY]: "x" },
    }),
  );
  const strict = await apiServer({ after }, { strict: true });
  const tags = { [CONCURRENCY]: "none" };
  const jobDefinition = await register(strict.batch, "plain", {}, { tags });
  const array = await submit(strict.batch, ["sleep", "60"], { jobDefinition, arrayProperties: { size: 2 }, tags });
  await untilStatus(strict.batch, `${array}:1`, "RUNNING");
  await untilStatus(strict.batch, `${array}:0`, "RUNNING");
  await strict.batch.send(new TerminateJobCommand({ jobId: array, reason: "enough" }));
  await ended(strict.batch, array);
});

test("a queue whose tag says so fills the gaps before a blocked job, as soon as the tag says so", async (t) => {
  const { batch: other } = await apiServer(t, { vcpus: 2 });
  const queueRequest = (name: string, backfill: string) => ({
    ...{ jobQueueName: name, priority: 1, tags: { "longshore:backfill": backfill } },
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: "default" }],
  });
  const message = refused(prefixed("The tag longshore:backfill must be true or false, not maybe."));
  await assert.rejects(other.send(new CreateJobQueueCommand(queueRequest("refused", "maybe"))), message);
  const { jobQueueArn } = await other.send(new CreateJobQueueCommand(queueRequest("gaps", "false")));
  const submitted = (vcpus: string, seconds: string, script: string): Promise<string> =>
    submitScript(other, script, {
      jobQueue: "gaps",
      tags: { "longshore:expected-seconds": seconds },
      containerOverrides: { command: ["sh", "-c", script], resourceRequirements: [{ type: "VCPU", value: vcpus }] },
    });
  const holder = await submitted("1", "600", "exec sleep 600");
  await untilStatus(other, holder, "RUNNING");
  const head = await submitted("2", "60", "true");
  const long = await submitted("1", "601", "true");
  const short = await submitted("1", "300", "true");
  assert.match((await describeJob(other, short)).statusReason!, new RegExp(`^Waiting for job ${head}`));
  await other.send(new TagResourceCommand({ resourceArn: jobQueueArn!, tags: { "longshore:backfill": "true" } }));
  assert.equal((await ended(other, short)).status, "SUCCEEDED");
  assert.equal((await describeJob(other, long)).status, "RUNNABLE", "it may run on when the head could start");
  await other.send(new UntagResourceCommand({ resourceArn: jobQueueArn!, tagKeys: ["longshore:backfill"] }));
  const later = await submitted("1", "60", "true");
  assert.match((await describeJob(other, later)).statusReason!, new RegExp(`^Waiting for job ${head}`));
  await other.send(new TerminateJobCommand({ jobId: holder, reason: "enough" }));
  for (const id of [head, long, later]) assert.equal((await ended(other, id)).status, "SUCCEEDED");
});
