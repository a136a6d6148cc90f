import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDetail } from "@aws-sdk/client-batch";
import { DescribeJobsCommand, paginateListJobs, TerminateJobCommand } from "@aws-sdk/client-batch";
import { describeJob, ended, logLines, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { apiServer } from "./server.ts";

const { batch, logs } = await apiServer({ after });

const array = (size: number) => ({ arrayProperties: { size } });
const failAt = (index: number) => `[ "$AWS_BATCH_JOB_ARRAY_INDEX" != ${index} ] || exit 1`;

async function children(parent: string, size: number): Promise<JobDetail[]> {
  const jobs = Array.from({ length: size }, (_, index) => `${parent}:${index}`);
  return (await batch.send(new DescribeJobsCommand({ jobs }))).jobs!;
}
const statuses = async (parent: string, size: number) => (await children(parent, size)).map(({ status }) => status);
const reasons = async (parent: string, size: number) =>
  (await children(parent, size)).map(({ statusReason }) => statusReason);

test("the largest array: 1000000 children, of which any can be asked for", async () => {
  const size = 1_000_000;
  const blocker = await submit(batch, ["sleep", "60"]);
  const parent = await submit(batch, ["true"], { ...array(size), dependsOn: [{ jobId: blocker }] });
  const waiting = await untilStatus(batch, parent, "PENDING");
  assert.equal(waiting.arrayProperties?.statusSummary?.["PENDING"], size);
  assert.equal((await describeJob(batch, `${parent}:999999`)).status, "PENDING");
  assert.deepEqual((await batch.send(new DescribeJobsCommand({ jobs: [`${parent}:1000000`] }))).jobs, []);
  const pages = paginateListJobs({ client: batch, pageSize: 1_000 }, { arrayJobId: parent, jobStatus: "PENDING" });
  const indexes: (number | undefined)[] = [];
  for await (const { jobSummaryList = [] } of pages) {
    indexes.push(...jobSummaryList.map(({ arrayProperties }) => arrayProperties?.index));
    if (indexes.length >= 3_000) break;
  }
  assert.deepEqual(
    indexes,
    Array.from({ length: 3_000 }, (_, index) => index),
  );
  await batch.send(new TerminateJobCommand({ jobId: parent, reason: "enough" }));
  assert.equal((await ended(batch, parent)).arrayProperties?.statusSummary?.["FAILED"], size);
  await batch.send(new TerminateJobCommand({ jobId: blocker, reason: "over" }));
});

test("a parent is PENDING while its children run, and they retry each for itself", async () => {
  const script = `[ "$AWS_BATCH_JOB_ARRAY_INDEX" = 0 ] || [ "$AWS_BATCH_JOB_ATTEMPT" = 2 ] || exit 1; echo "$AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ARRAY_INDEX/$AWS_BATCH_JOB_ARRAY_SIZE"`;
  const parent = await submitScript(batch, script, { ...array(2), retryStrategy: { attempts: 2 } });
  assert.equal((await ended(batch, parent)).status, "SUCCEEDED");
  const both = await children(parent, 2);
  assert.deepEqual(
    both.map(({ attempts }) => attempts?.length),
    [1, 2],
  );
  for (const [index, { container }] of both.entries()) {
    assert.deepEqual(await logLines(logs, container!.logStreamName!, 1), [`${parent}:${index} ${index}/2`]);
  }
});

test("a parent stays PENDING until the last child has ended, whatever became of the others", async () => {
  const parent = await submitScript(batch, `${failAt(0)}; exec sleep 60`, array(2));
  await untilStatus(batch, `${parent}:0`, "FAILED");
  await untilStatus(batch, `${parent}:1`, "RUNNING");
  const { status, stoppedAt, arrayProperties } = await describeJob(batch, parent);
  assert.deepEqual([status, stoppedAt], ["PENDING", undefined]);
  assert.deepEqual(arrayProperties?.statusSummary, {
    ...{ SUBMITTED: 0, PENDING: 0, RUNNABLE: 0, STARTING: 0 },
    ...{ RUNNING: 1, SUCCEEDED: 0, FAILED: 1 },
  });
  await batch.send(new TerminateJobCommand({ jobId: `${parent}:1`, reason: "enough" }));
  assert.equal((await ended(batch, parent)).statusReason, "Array Child Job failed");
});

test("a dependency on an array waits for all of it, and fails when any child failed", async () => {
  const parent = await submitScript(batch, failAt(1), array(2));
  const dependent = await submit(batch, ["true"], { dependsOn: [{ jobId: parent }] });
  const onChild = await submit(batch, ["true"], { dependsOn: [{ jobId: `${parent}:0` }] });
  assert.equal((await ended(batch, dependent)).statusReason, "Dependent Job failed");
  assert.equal((await ended(batch, onChild)).status, "SUCCEEDED", "on the child that succeeded");
});

test("N_TO_N: only the like of the child that failed fails", async () => {
  const first = await submitScript(batch, failAt(1), array(3));
  const second = await submit(batch, ["true"], { ...array(3), dependsOn: [{ jobId: first, type: "N_TO_N" }] });
  assert.equal((await ended(batch, second)).status, "FAILED");
  assert.deepEqual(await statuses(second, 3), ["SUCCEEDED", "FAILED", "SUCCEEDED"]);
  assert.equal((await reasons(second, 3))[1], "Dependent Job failed");
  const late = await submit(batch, ["true"], { ...array(3), dependsOn: [{ jobId: first, type: "N_TO_N" }] });
  await ended(batch, late);
  assert.deepEqual(await statuses(late, 3), ["SUCCEEDED", "FAILED", "SUCCEEDED"], "also when it comes later");
});

test("SEQUENTIAL: one after the other; after a failure all later ones fail", async () => {
  const chain = await submitScript(batch, failAt(2), { ...array(5), dependsOn: [{ type: "SEQUENTIAL" }] });
  assert.equal((await ended(batch, chain)).statusReason, "Array Child Job failed");
  assert.deepEqual(await statuses(chain, 5), ["SUCCEEDED", "SUCCEEDED", "FAILED", "FAILED", "FAILED"]);
  assert.deepEqual((await reasons(chain, 5)).slice(3), ["Dependent Job failed", "Dependent Job failed"]);
  const [one, two, three] = await children(chain, 3);
  assert.ok(one!.stoppedAt! <= two!.startedAt! && two!.stoppedAt! <= three!.startedAt!);
});

test("several dependencies, in both forms at once: all must have succeeded", async () => {
  const gate = await submitScript(batch, "while [ ! -e stop ] && [ $((n += 1)) -lt 10 ]; do sleep 0.01; done");
  const quick = await submit(batch, ["true"]);
  const chain = await submit(batch, ["true"], {
    ...array(2),
    dependsOn: [{ jobId: gate }, { jobId: quick }, { type: "SEQUENTIAL" }],
  });
  assert.equal((await ended(batch, chain)).status, "SUCCEEDED");
  const [first] = await children(chain, 1);
  assert.ok((await describeJob(batch, gate)).stoppedAt! <= first!.startedAt!);
  assert.deepEqual((await describeJob(batch, chain)).dependsOn, [
    { jobId: gate },
    { jobId: quick },
    { type: "SEQUENTIAL" },
  ]);
});

test("a dependency on a job that has succeeded already is met", async () => {
  const first = await submit(batch, ["true"]);
  await ended(batch, first);
  assert.equal(
    (await ended(batch, await submit(batch, ["true"], { dependsOn: [{ jobId: first }] }))).status,
    "SUCCEEDED",
  );
});
