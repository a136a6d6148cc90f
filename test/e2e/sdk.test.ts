import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CancelJobCommand,
  DescribeJobsCommand,
  ListJobsCommand,
  paginateDescribeJobDefinitions,
  paginateListJobs,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { FilterLogEventsCommand, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { batchClient, logsClient } from "../support/clients.ts";
import { allEnded, describeJob, ended, logLines, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { spawnServer } from "./server.ts";

const server = await spawnServer({ after });
const batch = batchClient({ after }, server.url);
const logs = logsClient({ after }, server.url);

async function outputOf(jobId: string, lines: number): Promise<string[]> {
  const job = await untilStatus(batch, jobId, "SUCCEEDED");
  return logLines(logs, job.container!.logStreamName!, lines);
}

test("submit, wait, describe, read the logs", async () => {
  const submitted = await batch.send(
    new SubmitJobCommand({
      jobName: "hello",
      jobQueue: "default",
      jobDefinition: "default",
      containerOverrides: { command: ["sh", "-c", "echo one; echo two >&2; echo three"] },
      tags: { team: "blue" },
    }),
  );
  assert.equal(submitted.jobName, "hello");
  assert.equal(submitted.jobArn, `arn:aws:batch:us-east-1:123456789012:job/${submitted.jobId}`);
  const job = await ended(batch, submitted.jobId!);
  assert.deepEqual(
    [job.status, job.statusReason, job.container?.exitCode, job.attempts?.length, job.tags],
    ["SUCCEEDED", "Essential container in task exited", 0, 1, { team: "blue" }],
  );
  assert.ok(job.createdAt! <= job.startedAt! && job.startedAt! <= job.stoppedAt!);
  assert.deepEqual(await logLines(logs, job.container!.logStreamName!, 3), ["one", "two", "three"]);

  const messages: string[] = [];
  const search = { logGroupName: "/aws/batch/job", logStreamNames: [job.container!.logStreamName!], limit: 2 };
  for await (const { events = [] } of paginateFilterLogEvents({ client: logs }, search)) {
    messages.push(...events.map(({ message }) => message!));
  }
  assert.deepEqual(messages, ["one", "two", "three"]);
  await assert.rejects(
    logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/batch/job", logStreamNames: ["none"] })),
    { name: "ResourceNotFoundException" },
  );
});

test("an array: every child has its index, the parent counts them", async () => {
  const parent = await submitScript(batch, "echo $AWS_BATCH_JOB_ARRAY_INDEX of $AWS_BATCH_JOB_ARRAY_SIZE", {
    arrayProperties: { size: 5 },
  });
  const { status, arrayProperties, attempts } = await ended(batch, parent);
  assert.deepEqual([status, arrayProperties?.size, attempts], ["SUCCEEDED", 5, []]);
  assert.equal(arrayProperties?.statusSummary?.["SUCCEEDED"], 5);
  const indexes: number[] = [];
  const query = { arrayJobId: parent, jobStatus: "SUCCEEDED" as const };
  for await (const { jobSummaryList = [] } of paginateListJobs({ client: batch, pageSize: 2 }, query)) {
    indexes.push(...jobSummaryList.map((child) => child.arrayProperties!.index!));
  }
  assert.deepEqual(indexes, [0, 1, 2, 3, 4]);
  for (const index of indexes) assert.deepEqual(await outputOf(`${parent}:${index}`, 1), [`${index} of 5`]);
});

test("dependencies: plain, SEQUENTIAL and N_TO_N", async () => {
  const first = await submitScript(batch, "true", { arrayProperties: { size: 3 } });
  const like = await submitScript(batch, "true", {
    arrayProperties: { size: 3 },
    dependsOn: [{ jobId: first, type: "N_TO_N" }],
  });
  const chain = await submitScript(batch, "true", {
    arrayProperties: { size: 3 },
    dependsOn: [{ jobId: like }, { type: "SEQUENTIAL" }],
  });
  const last = await submit(batch, ["true"], { dependsOn: [{ jobId: chain }] });
  const [{ stoppedAt: chainEnded }, { startedAt: lastStarted }] = await Promise.all([
    untilStatus(batch, chain, "SUCCEEDED"),
    untilStatus(batch, last, "SUCCEEDED"),
  ]);
  assert.ok(chainEnded! <= lastStarted!);
  const children = async (parent: string) => {
    const jobs = [0, 1, 2].map((index) => `${parent}:${index}`);
    return (await batch.send(new DescribeJobsCommand({ jobs }))).jobs!;
  };
  const [firsts, likes, chained] = await Promise.all([children(first), children(like), children(chain)]);
  for (const [index, { startedAt }] of likes.entries()) assert.ok(firsts[index]!.stoppedAt! <= startedAt!);
  const { stoppedAt: likeEnded } = await describeJob(batch, like);
  let before = likeEnded!;
  for (const { startedAt, stoppedAt } of chained) {
    assert.ok(before <= startedAt!);
    before = stoppedAt!;
  }
});

test("parameters and overrides", async () => {
  const definition = await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: "greeting",
      type: "container",
      parameters: { greeting: "hello", name: "nobody" },
      containerProperties: {
        image: "scratch",
        command: ["sh", "-c", "echo Ref::greeting Ref::name $COLOUR $SHAPE"],
        environment: [
          { name: "COLOUR", value: "red" },
          { name: "SHAPE", value: "round" },
        ],
        resourceRequirements: [
          { type: "VCPU", value: "1" },
          { type: "MEMORY", value: "64" },
        ],
      },
    }),
  );
  const { jobId } = await batch.send(
    new SubmitJobCommand({
      jobName: "greet",
      jobQueue: "default",
      jobDefinition: definition.jobDefinitionArn!,
      parameters: { name: "world" },
      containerOverrides: {
        environment: [{ name: "COLOUR", value: "blue" }],
        resourceRequirements: [{ type: "MEMORY", value: "128" }],
      },
    }),
  );
  assert.deepEqual(await outputOf(jobId!, 1), ["hello world blue round"]);
  const { container, parameters, jobDefinition } = await describeJob(batch, jobId!);
  assert.deepEqual(parameters, { greeting: "hello", name: "world" });
  assert.deepEqual(container?.command, ["sh", "-c", "echo hello world $COLOUR $SHAPE"]);
  assert.equal(jobDefinition, definition.jobDefinitionArn);
  assert.deepEqual(Object.fromEntries(container.resourceRequirements!.map(({ type, value }) => [type, value])), {
    VCPU: "1",
    MEMORY: "128",
  });
  const revisions: number[] = [];
  const pages = paginateDescribeJobDefinitions({ client: batch, pageSize: 1 }, { jobDefinitionName: "greeting" });
  for await (const { jobDefinitions = [] } of pages) revisions.push(...jobDefinitions.map(({ revision }) => revision!));
  assert.deepEqual(revisions, [1]);
});

test("cancel a waiting job, terminate a running one", async () => {
  const running = await submit(batch, ["sleep", "60"]);
  const waiting = await submit(batch, ["true"], { dependsOn: [{ jobId: running }] });
  await untilStatus(batch, running, "RUNNING");
  await untilStatus(batch, waiting, "PENDING");
  const { jobSummaryList = [] } = await batch.send(new ListJobsCommand({ jobQueue: "default" }));
  assert.ok(jobSummaryList.some(({ jobId, status }) => jobId === running && status === "RUNNING"));
  await batch.send(new CancelJobCommand({ jobId: waiting, reason: "changed my mind" }));
  await batch.send(new CancelJobCommand({ jobId: running, reason: "has no effect on a running job" }));
  const cancelled = await ended(batch, waiting);
  assert.deepEqual(
    [cancelled.status, cancelled.statusReason, cancelled.isCancelled, cancelled.attempts],
    ["FAILED", "changed my mind", true, []],
  );
  assert.equal((await describeJob(batch, running)).status, "RUNNING");
  await batch.send(new TerminateJobCommand({ jobId: running, reason: "enough" }));
  const [terminated] = await allEnded(batch, [running]);
  assert.deepEqual(
    [terminated?.status, terminated?.statusReason, terminated?.isTerminated, terminated?.container?.exitCode],
    ["FAILED", "enough", true, 143],
  );
});
