import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  DescribeJobsCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { ended, logLines, submit } from "../support/jobs.ts";
import { spawnServer } from "./server.ts";

const server = await spawnServer({ after });
const batch = batchClient({ after }, server.url);
const logs = logsClient({ after }, server.url);

/** Whatever was asked of it before, the server still answers and still runs jobs. */
async function assertStillWorks(): Promise<void> {
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  const job = await ended(batch, await submit(batch, ["echo", "still here"]));
  assert.equal(job.status, "SUCCEEDED");
  assert.deepEqual(await logLines(logs, job.container!.logStreamName!, 1), ["still here"]);
}

async function post(path: string, body: string): Promise<{ status: number; type: string | null; message: string }> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${server.url}/v1/${path}`, { method: "POST", headers, body });
  const { message } = (await answer.json()) as { message: string };
  assert.match(answer.headers.get("x-amzn-requestid") ?? "", /^[0-9a-f-]{36}$/);
  return { status: answer.status, type: answer.headers.get("x-amzn-errortype"), message };
}

test("an unknown queue", async () => {
  const expected = { name: "ClientException", message: "JobQueue nowhere not found." };
  await assert.rejects(submit(batch, ["true"], { jobQueue: "nowhere" }), expected);
  await assert.rejects(batch.send(new ListJobsCommand({ jobQueue: "nowhere" })), expected);
  await assertStillWorks();
});

test("an unknown job definition", async () => {
  await assert.rejects(submit(batch, ["true"], { jobDefinition: "nothing" }), {
    name: "ClientException",
    message: "JobDefinition name nothing does not exist or is not in ACTIVE status",
  });
  const arn = "arn:aws:batch:us-east-1:123456789012:job-definition/nothing:3";
  await assert.rejects(submit(batch, ["true"], { jobDefinition: arn }), {
    name: "ClientException",
    message: `JobDefinition ${arn} not found.`,
  });
  await assertStillWorks();
});

test("an unknown job", async () => {
  const jobId = "11111111-2222-4333-8444-555555555555";
  const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: [jobId, "not an id", `${jobId}:3`, ""] }));
  assert.deepEqual(jobs, []);
  const { $metadata } = await batch.send(new TerminateJobCommand({ jobId, reason: "none" }));
  assert.equal($metadata.httpStatusCode, 200);
  await assert.rejects(submit(batch, ["true"], { dependsOn: [{ jobId }] }), {
    name: "ClientException",
    message: `Job dependency ${jobId} not found.`,
  });
  await assertStillWorks();
});

test("malformed JSON", async () => {
  const answer = await post("submitjob", '{"jobName": "a", "jobQueue"');
  assert.deepEqual([answer.status, answer.type], [400, "SerializationException"]);
  assert.match(answer.message, /is not valid JSON: line 1, column 28: expected a colon, got the end/);
  await assertStillWorks();
});

test("a member of the wrong type", async () => {
  const job = { jobName: "a", jobQueue: "default", jobDefinition: "default" };
  const answer = await post("submitjob", JSON.stringify({ ...job, arrayProperties: { size: "3" } }));
  assert.deepEqual(answer, {
    status: 400,
    type: "SerializationException",
    message: "arrayProperties.size: expected a whole number, got a string",
  });
  await assertStillWorks();
});

test("a missing member", async () => {
  const answer = await post("submitjob", JSON.stringify({ jobName: "a", jobQueue: "default" }));
  assert.deepEqual([answer.status, answer.type], [400, "ClientException"]);
  assert.match(
    answer.message,
    /^Error executing request, Exception : jobDefinition is required, RequestId: [0-9a-f-]{36}$/,
  );
  await assertStillWorks();
});

test("an unknown operation", async () => {
  const answer = await post("submitjobs", "{}");
  assert.deepEqual([answer.status, answer.type], [404, "UnknownOperationException"]);
  await assertStillWorks();
});

test("a command that does not exist", async () => {
  const job = await ended(batch, await submit(batch, ["no-such-program", "--now"]));
  assert.deepEqual(
    [job.status, job.statusReason, job.container?.reason, job.container?.exitCode],
    [
      "FAILED",
      "Task failed to start",
      'CannotStartContainerError: exec: "no-such-program": executable file not found in $PATH',
      undefined,
    ],
  );
  assert.equal(job.attempts?.[0]?.container?.reason, job.container?.reason);
  await assertStillWorks();
});

test("a job without any command", async () => {
  await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: "no-command",
      type: "container",
      containerProperties: { image: "scratch", vcpus: 1, memory: 64 },
    }),
  );
  const job = await ended(batch, await submit(batch, [], { jobDefinition: "no-command" }));
  assert.deepEqual([job.status, job.statusReason], ["FAILED", "Task failed to start"]);
  assert.match(job.container?.reason ?? "", /^CannotStartContainerError: no command specified/);
  await assertStillWorks();
});
