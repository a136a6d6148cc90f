import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import {
  DeregisterJobDefinitionCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import type { SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { parseArrayIndexes } from "../../src/core/submission/array-indexes.ts";
import { batchClient, logsClient } from "../support/clients.ts";
import { describeJob, ended, logLines } from "../support/jobs.ts";
import { spawnServer } from "./server.ts";

/** Jobs that run again, whole or in part, as real processes. */

const LONGSHORE = join(import.meta.dirname, "..", "..", "longshore");
const server = await spawnServer({ after }, { vcpus: 8 });
const batch = batchClient({ after }, server.url);
const logs = logsClient({ after }, server.url);
const good = join(server.dataDir, "good");

async function submit(jobName: string, script: string, more: Partial<SubmitJobCommandInput> = {}): Promise<string> {
  const containerOverrides = { command: ["sh", "-c", script] };
  const input = { jobName, jobQueue: "default", jobDefinition: "default", containerOverrides, ...more };
  return (await batch.send(new SubmitJobCommand(input))).jobId!;
}

async function rerun(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(LONGSHORE, ["rerun", "--data-dir", server.dataDir, ...args]);
  return stdout.trim();
}

/** What a job, or each child of an array, has said. */
async function said(jobId: string): Promise<string[]> {
  const job = await describeJob(batch, jobId);
  const size = job.arrayProperties?.size;
  const ids = size === undefined ? [jobId] : Array.from({ length: size }, (_, index) => `${jobId}:${index}`);
  const all = await Promise.all(
    ids.map(async (id) => logLines(logs, (await describeJob(batch, id)).container!.logStreamName!, 1)),
  );
  return all.flat();
}

test("failed children run again with their indexes, also those of such a rerun; a single one as a single job", async () => {
  const script = `echo $AWS_BATCH_JOB_ARRAY_INDEX of $AWS_BATCH_JOB_ARRAY_SIZE
    case $AWS_BATCH_JOB_ARRAY_INDEX in 1|4|5|6) test -e "${good}.$AWS_BATCH_JOB_ARRAY_INDEX" ;; esac`;
  const array = await submit("seven", script, { arrayProperties: { size: 7 } });
  assert.equal((await ended(batch, array)).status, "FAILED");
  for (const index of [1, 4, 6]) writeFileSync(`${good}.${index}`, "");
  const again = await rerun(array, "--failed", "--memory", "100");
  const first = await ended(batch, again);
  assert.equal(first.status, "FAILED");
  assert.deepEqual(first.tags, { "longshore:rerun-of": array, "longshore:array-indexes": "1 4-6 of 7" });
  assert.equal(first.container?.resourceRequirements?.find(({ type }) => type === "MEMORY")?.value, "100");
  assert.deepEqual(await said(again), ["1 of 7", "4 of 7", "5 of 7", "6 of 7"]);
  writeFileSync(`${good}.5`, "");
  const last = await rerun(again, "--failed");
  const single = await ended(batch, last);
  assert.equal(single.status, "SUCCEEDED");
  assert.equal(single.arrayProperties, undefined);
  assert.deepEqual(single.tags, { "longshore:rerun-of": again, "longshore:array-indexes": "5 of 7" });
  assert.deepEqual(await said(last), ["5 of 7"]);
  const child = await rerun(`${array}:2`);
  await ended(batch, child);
  assert.deepEqual(await said(child), ["2 of 7"]);
  const whole = await rerun(array);
  assert.equal((await ended(batch, whole)).status, "SUCCEEDED");
  await assert.rejects(rerun(whole, "--failed"), /No child of .* has failed/);
});

test("a job runs again as it was, with its overrides; without its definition that is said", async () => {
  const definition = { jobDefinitionName: "greets", type: "container" as const, parameters: { who: "you" } };
  const resourceRequirements = [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "64" },
  ];
  const containerProperties = { image: "none", command: ["echo", "Ref::greeting", "Ref::who"], resourceRequirements };
  await batch.send(new RegisterJobDefinitionCommand({ ...definition, containerProperties }));
  const more = {
    jobDefinition: "greets",
    parameters: { greeting: "hello" },
    containerOverrides: { environment: [{ name: "A", value: "1" }] },
    ...{ timeout: { attemptDurationSeconds: 77 }, retryStrategy: { attempts: 3 }, tags: { team: "x" } },
  };
  const job = await submit("greeting", "", more);
  await ended(batch, job);
  const path = `${server.url}/longshore/jobs/${job}/resubmission`;
  const told = (await (await fetch(path)).json()) as { request: object };
  assert.deepEqual(told.request, {
    ...{ ...more, jobName: "greeting", jobQueue: "default", jobDefinition: "greets:1" },
    ...{ retryStrategy: { attempts: 3, evaluateOnExit: [] }, tags: { team: "x", "longshore:rerun-of": job } },
  });
  const again = await rerun(job);
  await ended(batch, again);
  assert.deepEqual(await said(again), ["hello you"]);
  await batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: "greets:1" }));
  await assert.rejects(rerun(job), /greets:1 was deregistered/);
  const { jobSummaryList } = await batch.send(
    new ListJobsCommand({ jobQueue: "default", filters: [{ name: "JOB_NAME", values: ["greeting"] }] }),
  );
  assert.equal(jobSummaryList?.length, 2);
});

test("indexes are refused where they say nothing, or the wrong number", async () => {
  const tagged = (indexes: string, size?: number, more: Record<string, string> = {}) =>
    submit("x", "true", {
      tags: { "longshore:array-indexes": indexes, ...more },
      ...(size !== undefined && { arrayProperties: { size } }),
    });
  await assert.rejects(tagged("3 7", 3), /names 2 indexes, and arrayProperties.size is 3/);
  await assert.rejects(tagged("3 7"), /Set arrayProperties.size to 2/);
  await assert.rejects(tagged("3", 2), /that is a single job/);
  await assert.rejects(tagged("7 3", 2), /must be rising indexes/);
  await assert.rejects(tagged("3 7 of 7", 2), /must be rising indexes/);
  await assert.rejects(tagged("failed", 2), /longshore:rerun-of must be the id/);
  const elsewhere = { "longshore:rerun-of": "00000000-0000-4000-8000-000000000000" };
  await assert.rejects(tagged("failed", 2, elsewhere), /longshore:rerun-of must be the id/);
  const definition = {
    jobDefinitionName: "d",
    type: "container" as const,
    tags: { "longshore:array-indexes": "1" },
    containerProperties: {
      image: "none",
      resourceRequirements: [
        { type: "VCPU" as const, value: "1" },
        { type: "MEMORY" as const, value: "64" },
      ],
    },
  };
  await assert.rejects(batch.send(new RegisterJobDefinitionCommand(definition)), /is for jobs that SubmitJob submits/);
  assert.equal(parseArrayIndexes("1-0"), undefined);
  assert.deepEqual(parseArrayIndexes("0 2-3"), {
    spans: [
      { first: 0, last: 0 },
      { first: 2, last: 3 },
    ],
    count: 3,
  });
});
