import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { ListJobsCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { describeJob, ended, untilStatus } from "../support/jobs.ts";
import { findClient, runClient } from "./client-program.ts";
import { spawnServer } from "./server.ts";

/** The examples of docs/beyond-aws.md, run as they stand there, by AWS's own clients. */

const PAGE = readFileSync(join(import.meta.dirname, "..", "..", "docs", "beyond-aws.md"), "utf8");

function examples(language: string): string {
  const blocks = PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"));
  return [...blocks].map(([, code]) => code!).join("\n");
}

const aws = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);
const python = findClient("boto3", ["python3", "/usr/bin/python3"], ["-c", "import boto3"]);

test("the examples for the AWS CLI", { skip: "missing" in aws && aws.missing }, (t) =>
  check(t, (environment) => runClient("bash", ["-euc", examples("sh")], environment)),
);

test("the examples for boto3", { skip: "missing" in python && python.missing }, (t) => {
  assert.ok("program" in python);
  return check(t, (environment) => runClient(python.program, ["-c", examples("python")], environment));
});

async function check(
  t: TestContext,
  run: (environment: Readonly<Record<string, string>>) => Promise<string>,
): Promise<void> {
  const server = await spawnServer(t);
  const batch = batchClient(t, server.url);
  await run({ AWS_ENDPOINT_URL_BATCH: server.url });
  const named = async (name: string): Promise<string> => {
    const filters = [{ name: "JOB_NAME", values: [name] }];
    const { jobSummaryList } = await batch.send(new ListJobsCommand({ jobQueue: "default", filters }));
    assert.equal(jobSummaryList?.length, 1, name);
    return jobSummaryList[0]!.jobId!;
  };
  const array = await named("array");
  await untilStatus(batch, `${array}:1`, "RUNNING");
  await untilStatus(batch, `${array}:0`, "RUNNING");
  assert.deepEqual((await describeJob(batch, array)).arrayProperties?.statusSummary, {
    ...{ SUBMITTED: 0, PENDING: 0, RUNNABLE: 19_998, STARTING: 0, RUNNING: 2, SUCCEEDED: 0, FAILED: 0 },
  });
  for (const name of ["clean-up", "repair"]) {
    assert.equal((await ended(batch, await named(name))).status, "SUCCEEDED", name);
  }
  assert.equal((await ended(batch, await named("short"))).status, "SUCCEEDED");
  assert.equal((await ended(batch, await named("some-again"))).status, "SUCCEEDED");
  const other = await ended(batch, await named("other-image"));
  assert.equal(other.container?.image, "busybox:stable");
  assert.deepEqual((await ended(batch, await named("brief"))).tags, { "longshore:history-days": "1" });
  await batch.send(new TerminateJobCommand({ jobId: array, reason: "seen" }));
  await ended(batch, array);
}
