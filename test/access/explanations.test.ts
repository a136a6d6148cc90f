import assert from "node:assert/strict";
import { test } from "node:test";
import { SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { Explanation } from "../../src/core/explain/explanation.ts";
import type { DryRun } from "../../src/ports/dry-run.ts";
import { until } from "../support/until.ts";
import { rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

const JOB = { jobName: "j", jobQueue: "default", jobDefinition: "default" };
const sleeping = new SubmitJobCommand({
  ...JOB,
  containerOverrides: { command: ["sleep", "60"], resourceRequirements: [{ type: "VCPU", value: "8" }] },
});

test("explanations are for who may describe jobs, dry runs for who may submit them", async (t) => {
  const everything = { Effect: "Allow", Action: "*", Resource: "*" };
  const server = await keyedServer(t, [
    {},
    { statements: [everything, { Effect: "Deny", Action: "batch:DescribeJobs", Resource: "*" }] },
    { statements: [everything, { Effect: "Deny", Action: "batch:SubmitJob", Resource: "*" }] },
  ]);
  const { jobId } = await server.client().send(new SubmitJobCommand(JOB));
  const path = `/longshore/jobs/${jobId}/explanation`;
  const dryRun = {
    path: "/longshore/dry-run",
    body: JSON.stringify(JOB),
    headers: { "content-type": "application/json" },
  };
  const [all, undescribing, unsubmitting] = server.keys.map((key) => rawRequestTo(server.url, key));
  const statusOf = async (answer: Promise<{ status: number }>): Promise<number> => (await answer).status;

  assert.equal(await statusOf(all!("longshore", { method: "GET", path })), 200);
  assert.equal(await statusOf(undescribing!("longshore", { method: "GET", path })), 403);
  assert.equal(await statusOf(unsubmitting!("longshore", { method: "GET", path })), 200);
  assert.equal(await statusOf(all!("longshore", dryRun)), 200);
  assert.equal(await statusOf(undescribing!("longshore", dryRun)), 200);
  assert.equal(await statusOf(unsubmitting!("longshore", dryRun)), 403);
  assert.equal(await statusOf(all!("batch", { method: "GET", path })), 403);
  assert.equal(await statusOf(fetch(`${server.url}${path}`)), 403);
});

test("accounts see nothing of each other, not even who is in their way", async (t) => {
  const server = await keyedServer(t, [{}, { account: "210987654321" }]);
  const [ours, theirs] = [server.client(0), server.client(1)];
  const { jobId: holder } = await theirs.send(sleeping);
  const { jobId } = await ours.send(sleeping);
  const [asUs, asThem] = server.keys.map((key) => rawRequestTo(server.url, key));
  const request = (id: string) => ({ method: "GET", path: `/longshore/jobs/${id}/explanation` });

  const unknown = await asUs!("longshore", request(holder!));
  assert.deepEqual([unknown.status, unknown.json], [404, { message: `Job ${holder} not found.` }]);
  const waiting = await until("it waits", async () => {
    const { text: body } = await asUs!("longshore", request(jobId!));
    return (JSON.parse(body) as Explanation).blockers.length > 0 && body;
  });
  assert.ok(!waiting.includes(holder!) && !waiting.includes("210987654321"), waiting);
  assert.match(waiting, /These would have to end: a job of another account or region/);
  assert.equal((await asThem!("longshore", request(holder!))).status, 200);
  await theirs.send(new TerminateJobCommand({ jobId: holder!, reason: "over" }));
  await ours.send(new TerminateJobCommand({ jobId: jobId!, reason: "over" }));
});

test("a dry run takes the same members as SubmitJob, and refuses them alike", async (t) => {
  const server = await keyedServer(t);
  const call = rawRequestTo(server.url, server.keys[0]!);
  const post = (path: string, service: string, body: object) =>
    call(service, { path, body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  for (const wrong of [{}, { ...JOB, jobName: 3 }, { ...JOB, timeout: { attemptDurationSeconds: 1 } }]) {
    const [real, dry] = [
      await post("/v1/submitjob", "batch", wrong),
      await post("/longshore/dry-run", "longshore", wrong),
    ];
    const text = (answer: { text: string }): string => answer.text.replace(/RequestId: [0-9a-f-]+/, "");
    assert.deepEqual([dry.status, text(dry)], [real.status, text(real)]);
    assert.equal(dry.status, 400);
  }
  const { jobId } = await server.client().send(new SubmitJobCommand(JOB));
  const after = { ...JOB, dependsOn: [{ jobId, type: "AFTER_NOT_OK" }] };
  const failing = await until("the job has succeeded", async () => {
    const { text: body } = await post("/longshore/dry-run", "longshore", after);
    const run = JSON.parse(body) as DryRun;
    return run.outcome === "fails" && run;
  });
  assert.match(failing.answer, /^It would fail at once: Dependent Job succeeded/);
});
