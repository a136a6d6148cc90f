import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ListJobsCommandInput, JobSummary } from "@aws-sdk/client-batch";
import { ListJobsCommand, paginateListJobs } from "@aws-sdk/client-batch";
import { LIST_RULES } from "../../src/api/batch/jobs/list-jobs.ts";
import { allEnded, describeJob, submit, untilStatus } from "../support/jobs.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import { apiServer, createQueue, refused, register } from "./server.ts";

const { batch } = await apiServer({ after });

/** Jobs of one queue that nothing else uses, oldest first. */
const jobs = { succeeded: "", failed: "", array: "", running: "", pending: "" };

before(async () => {
  await createQueue(batch, "listed");
  await register(batch, "Worker");
  await register(batch, "Worker_2");
  await register(batch, "WorkerX2");
  const add = (name: string, command: readonly string[], more = {}) =>
    submit(batch, command, { jobQueue: "listed", jobName: name, jobDefinition: "Worker", ...more });
  jobs.succeeded = await add("alpha", ["true"]);
  jobs.failed = await add("Alpha-2", ["false"], { jobDefinition: "Worker_2" });
  jobs.array = await add("beta", ["sh", "-c", "exit $AWS_BATCH_JOB_ARRAY_INDEX"], { arrayProperties: { size: 3 } });
  await allEnded(batch, [jobs.succeeded, jobs.failed, jobs.array]);
  jobs.running = await add("gamma", ["sleep", "60"]);
  await untilStatus(batch, jobs.running, "RUNNING");
  jobs.pending = await add("delta", ["true"], { dependsOn: [{ jobId: jobs.running }], jobDefinition: "WorkerX2" });
  await untilStatus(batch, jobs.pending, "PENDING");
});

async function list(input: ListJobsCommandInput = {}): Promise<JobSummary[]> {
  return (await batch.send(new ListJobsCommand({ jobQueue: "listed", ...input }))).jobSummaryList!;
}
/** The names in `jobs` of what is listed. */
async function names(input: ListJobsCommandInput = {}): Promise<string[]> {
  const byId = new Map(Object.entries(jobs).map(([name, id]) => [id, name]));
  return (await list(input)).map(({ jobId }) => byId.get(jobId!)!);
}
const filter = (name: string, ...values: readonly string[]): ListJobsCommandInput => ({
  filters: [{ name, values: [...values] }],
});

test("by default the RUNNING ones of the queue; an empty token is the first page; by name or ARN", async () => {
  assert.deepEqual(await names(), ["running"]);
  assert.deepEqual(await names({ nextToken: "" }), ["running"]);
  assert.deepEqual(await names({ jobQueue: "arn:aws:batch:us-east-1:123456789012:job-queue/listed" }), ["running"]);
});

test("by status: parents and single jobs only, newest first", async () => {
  assert.deepEqual(await names({ jobStatus: "SUCCEEDED" }), ["succeeded"]);
  assert.deepEqual(await names({ jobStatus: "FAILED" }), ["array", "failed"]);
  assert.deepEqual(await names({ jobStatus: "PENDING" }), ["pending"]);
  assert.deepEqual(await names({ jobStatus: "RUNNABLE" }), []);
});

// Reference 2.7: a filter means all states.
const FILTERS: readonly [string, () => ListJobsCommandInput, readonly string[]][] = [
  ["a name, in any case", () => filter("JOB_NAME", "ALPHA"), ["succeeded"]],
  ["a name's beginning, in any case", () => filter("JOB_NAME", "alpha*"), ["failed", "succeeded"]],
  ["any name", () => filter("JOB_NAME", "*"), ["pending", "running", "array", "failed", "succeeded"]],
  ["a name that nobody has", () => filter("JOB_NAME", "omega"), []],
  ["a name with a wildcard of SQL", () => filter("JOB_NAME", "%"), []],
  [
    "a filter beside a status, which it overrides",
    () => ({ ...filter("JOB_NAME", "alpha"), jobStatus: "FAILED" }),
    ["succeeded"],
  ],
  ["a definition", () => filter("JOB_DEFINITION", "Worker"), ["running", "array", "succeeded"]],
  ["a definition's name with _", () => filter("JOB_DEFINITION", "Worker_2"), ["failed"]],
  [
    "a definition's beginning",
    () => filter("JOB_DEFINITION", "Worker*"),
    ["pending", "running", "array", "failed", "succeeded"],
  ],
  ["a definition in the wrong case", () => filter("JOB_DEFINITION", "worker"), []],
  [
    "a definition's revision",
    () => filter("JOB_DEFINITION", "arn:aws:batch:us-east-1:123456789012:job-definition/Worker:1"),
    ["running", "array", "succeeded"],
  ],
  [
    "a definition's other revision",
    () => filter("JOB_DEFINITION", "arn:aws:batch:us-east-1:123456789012:job-definition/Worker:2"),
    [],
  ],
];

for (const [what, input, expected] of FILTERS) {
  test(`filter: ${what}`, async () => {
    assert.deepEqual(await names(input()), expected);
  });
}

test("filter: before and after a creation time, both exclusive", async () => {
  const { createdAt } = await describeJob(batch, jobs.running);
  const time = String(createdAt);
  const earlier = await names(filter("BEFORE_CREATED_AT", time));
  const later = await names(filter("AFTER_CREATED_AT", time));
  assert.deepEqual([...later, "running", ...earlier], ["pending", "running", "array", "failed", "succeeded"]);
});

const STATUSES = "SUBMITTED | PENDING | RUNNABLE | STARTING | RUNNING | SUCCEEDED | FAILED";
const ONE_OF = "Exactly one of jobQueue, arrayJobId and multiNodeJobId must be provided.";
const two = [
  { name: "JOB_NAME", values: ["a"] },
  { name: "JOB_NAME", values: ["b"] },
];

/** What is wrong, the name of its text where a rule says it, the request, the message. */
const REFUSED: readonly [string, string | undefined, ListJobsCommandInput, string | RegExp][] = [
  ["an unknown queue", undefined, { jobQueue: "nowhere" }, "JobQueue nowhere not found."],
  ["an unknown status", "jobStatus", { jobStatus: "SLEEPING" as "FAILED" }, `Job status is not one of ${STATUSES}`],
  ["two filters", "oneFilter", { filters: two }, "Only one filter is allowed."],
  ["an unknown filter", "filterName", filter("job_name", "a"), /^Filter job_name is not valid\./],
  ["a filter without value", "oneFilterValue", filter("JOB_NAME"), "Filter JOB_NAME needs exactly one value."],
  ["two values", "oneFilterValue", filter("JOB_NAME", "a", "b"), "Filter JOB_NAME needs exactly one value."],
  ["a time that is none", "filterValue", filter("BEFORE_CREATED_AT", "yesterday"), /epoch milliseconds/],
  ["neither queue nor array", "oneListingOf", { jobQueue: undefined }, ONE_OF],
  ["queue and array", "oneListingOf", { arrayJobId: "a" }, ONE_OF],
  ["a page of 0", "maxResults", { maxResults: 0 }, "maxResults must be between 1 and 1000."],
  ["a page of 0 of filtered jobs", "maxResults", { ...filter("JOB_NAME", "a"), maxResults: 0 }, /between 1 and 100\.$/],
  ["a token that is none", undefined, { nextToken: "made up" }, "The nextToken is not valid for this request."],
];

for (const [what, , input, message] of REFUSED) {
  test(`ListJobs refuses ${what}`, async () => {
    await assert.rejects(list(input), refused(message));
  });
}

test("each rule of ListJobs has its example", () => {
  assertEachRuleBroken(
    [LIST_RULES],
    REFUSED.flatMap(([, text]) => text ?? []),
  );
});

test("a page larger than the largest is the largest", async () => {
  assert.deepEqual(await names({ maxResults: 5_000 }), ["running"]);
});

test("pages tell every job once, in order, whatever is submitted meanwhile", async () => {
  const seen: string[] = [];
  // The paginator leaves its last token in what it is given.
  const query = (): ListJobsCommandInput => ({ jobQueue: "listed", ...filter("JOB_NAME", "*") });
  let pages = 0;
  for await (const { jobSummaryList = [] } of paginateListJobs({ client: batch, pageSize: 2 }, query())) {
    pages += 1;
    assert.ok(jobSummaryList.length <= 2);
    seen.push(...jobSummaryList.map(({ jobId }) => jobId!));
    await submit(batch, ["true"], { jobQueue: "default" });
  }
  assert.ok(pages >= 3);
  assert.deepEqual(seen, [jobs.pending, jobs.running, jobs.array, jobs.failed, jobs.succeeded]);
  const first = await batch.send(new ListJobsCommand({ ...query(), maxResults: 1 }));
  assert.ok(first.nextToken);
  await assert.rejects(
    list({ jobStatus: "FAILED", nextToken: first.nextToken }),
    refused("The nextToken is not valid for this request."),
  );
});

test("children by array and status, by index; an unknown array has none", async () => {
  const children = async (jobStatus?: "FAILED" | "SUCCEEDED") =>
    (await batch.send(new ListJobsCommand({ arrayJobId: jobs.array, jobStatus }))).jobSummaryList!;
  assert.deepEqual(await children(), [], "RUNNING, like everywhere");
  const failed = await children("FAILED");
  assert.deepEqual(
    failed.map(({ jobId, arrayProperties, container }) => [jobId, arrayProperties?.index, container?.exitCode]),
    [
      [`${jobs.array}:1`, 1, 1],
      [`${jobs.array}:2`, 2, 2],
    ],
  );
  assert.deepEqual(
    (await children("SUCCEEDED")).map(({ arrayProperties }) => arrayProperties?.index),
    [0],
  );
  for (const arrayJobId of ["unknown", jobs.succeeded]) {
    assert.deepEqual((await batch.send(new ListJobsCommand({ arrayJobId }))).jobSummaryList, []);
  }
});

test("what a summary has", async () => {
  const [failed] = await list(filter("JOB_NAME", "Alpha-2"));
  const job = await describeJob(batch, jobs.failed);
  const { jobArn, jobId, jobName, jobDefinition, createdAt, startedAt, stoppedAt, status, statusReason } = job;
  assert.deepEqual(failed, {
    ...{ jobArn, jobId, jobName, jobDefinition, createdAt, startedAt, stoppedAt, status, statusReason },
    container: { exitCode: 1 },
    capacityUsage: [{ capacityUnit: "VCPU", quantity: 1 }],
  });
  const [array] = await list(filter("JOB_NAME", "beta"));
  assert.deepEqual([array?.arrayProperties?.size, array?.arrayProperties?.statusSummary?.["FAILED"]], [3, 2]);
  const [pending] = await list(filter("JOB_NAME", "delta"));
  assert.deepEqual([pending?.startedAt, pending?.stoppedAt, pending?.isCancelled], [undefined, undefined, undefined]);
});
