import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DescribeJobsCommand, ListJobsCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { batchClient, logsClient } from "../support/clients.ts";
import { describeJob, ended, logLines, submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { spawnServer } from "./server.ts";

const DAY_MS = 86_400_000;

test("with --history a job is unknown everywhere when its days are over, and its log is gone", async (t) => {
  const server = await spawnServer(t, { more: ["--history", "7"] });
  const before = batchClient(t, server.url);
  const jobId = await submit(before, ["echo", "hello"]);
  const kept = await submit(before, ["echo", "hello"], { tags: { "longshore:history-days": "30" } });
  await Promise.all([jobId, kept].map((id) => ended(before, id)));
  const array = await submit(before, ["true"], { arrayProperties: { size: 2 } });
  await ended(before, array);
  const { container } = await describeJob(before, jobId);
  const logStreamName = container!.logStreamName!;
  await logLines(logsClient(t, server.url), logStreamName, 1);
  const attemptId = container!.taskArn!.slice(-32);
  const logFile = join(server.dataDir, "logs", attemptId.slice(0, 2), `${attemptId}.log`);
  assert.ok(existsSync(logFile));
  await server.stop();
  await server.start(8 * DAY_MS);
  const [batch, logs] = [batchClient(t, server.url), logsClient(t, server.url)];
  await until("the old jobs are gone", async () => {
    const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: [jobId, kept, array, `${array}:1`] }));
    return jobs.length === 1 && jobs[0]!.jobId === kept;
  });
  const { jobSummaryList = [] } = await batch.send(
    new ListJobsCommand({ jobQueue: "default", jobStatus: "SUCCEEDED" }),
  );
  assert.deepEqual(
    jobSummaryList.map((job) => job.jobId),
    [kept],
  );
  const submission = { jobName: "a", jobQueue: "default", jobDefinition: "default", dependsOn: [{ jobId }] };
  await assert.rejects(batch.send(new SubmitJobCommand(submission)), {
    name: "ClientException",
    message: `Job dependency ${jobId} not found.`,
  });
  await assert.rejects(logs.send(new GetLogEventsCommand({ logGroupName: "/aws/batch/job", logStreamName })), {
    name: "ResourceNotFoundException",
  });
  await until("the log file is gone", () => Promise.resolve(!existsSync(logFile)));
});
