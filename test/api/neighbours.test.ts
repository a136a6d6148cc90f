import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  DescribeJobQueuesCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { OWN_LIMITS } from "../../src/api/batch/limits.ts";
import { TakingTurns } from "../../src/api/batch/taking-turns.ts";
import { describeJob, ended, submitScript } from "../support/jobs.ts";
import { clientWithKey } from "../support/clients.ts";
import { until } from "../support/until.ts";
import { apiServer, refused } from "./server.ts";

/** What one account has, or does, does not take anything from another. */

const ask = new DescribeJobQueuesCommand({});

test("an account can be in so many regions; others and those that it is in are not touched by that", async (t) => {
  const { url } = await apiServer(t);
  const client = (account: string, region: string) =>
    clientWithKey(t, url, { accessKeyId: account, secretAccessKey: "any" }, region);
  const region = (index: number): string => `xx-${"abcdefghij"[Math.floor(index / 10)]}-${index % 10}`;
  const regions = Array.from({ length: OWN_LIMITS.maxRegions }, (_, index) => region(index));
  await Promise.all(regions.map((one) => client("111111111111", one).send(ask)));
  const message = `An account can use at most ${OWN_LIMITS.maxRegions} regions.`;
  for (const one of ["us-east-1", "eu-west-1"]) {
    await assert.rejects(client("111111111111", one).send(ask), refused(message));
  }
  await client("111111111111", region(7)).send(ask);
  await client("222222222222", "us-east-1").send(ask);
});

test("resources have limits that nobody needs, of each account and region", async (t) => {
  const { url } = await apiServer(t);
  const client = clientWithKey(t, url, { accessKeyId: "111111111111", secretAccessKey: "any" });
  const create = (index: number) =>
    client.send(new CreateSchedulingPolicyCommand({ name: `p-${index}`, fairsharePolicy: {} }));
  const limit = OWN_LIMITS.resources["scheduling-policy"]!;
  for (let at = 0; at < limit; at += 50)
    await Promise.all(Array.from({ length: 50 }, (_, index) => create(at + index)));
  await assert.rejects(create(limit), refused(`There can be at most ${limit} scheduling policies in a region.`));
  const other = clientWithKey(t, url, { accessKeyId: "222222222222", secretAccessKey: "any" });
  await other.send(new CreateSchedulingPolicyCommand({ name: "p", fairsharePolicy: {} }));
});

test("a full machine, a higher priority and a thousand waiting jobs of one account do not keep another's job from its turn", async (t) => {
  const { url } = await apiServer(t, { vcpus: 2 });
  const crowd = clientWithKey(t, url, { accessKeyId: "111111111111", secretAccessKey: "any" });
  const single = clientWithKey(t, url, { accessKeyId: "222222222222", secretAccessKey: "any" });
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "default" }];
  await crowd.send(ask);
  await crowd.send(new CreateJobQueueCommand({ jobQueueName: "first", priority: 1000, computeEnvironmentOrder }));
  await until("the queue is VALID", async () => {
    const { jobQueues } = await crowd.send(new DescribeJobQueuesCommand({ jobQueues: ["first"] }));
    return jobQueues?.[0]?.status === "VALID";
  });
  const jobId = await submitScript(crowd, "sleep 0.1", { jobQueue: "first", arrayProperties: { size: 1000 } });
  const mine = await submitScript(single, "true");
  assert.equal((await ended(single, mine)).status, "SUCCEEDED");
  const { arrayProperties } = await describeJob(crowd, jobId);
  assert.ok(arrayProperties!.statusSummary!["RUNNABLE"]! > 900, "it did not wait for all of them");
  await crowd.send(new TerminateJobCommand({ jobId, reason: "enough" }));
  await ended(crowd, jobId);
});

test("accounts do not wait for each other's turns", async () => {
  const turns = new TakingTurns();
  const held = Promise.withResolvers<string>();
  const done: string[] = [];
  const run = (scope: string, name: string, work: () => Promise<string>) =>
    turns.run("CreateJobQueue", scope, work).then(
      () => done.push(name),
      () => done.push(`${name} failed`),
    );
  const first = run("a", "first", () => held.promise);
  const second = run("a", "second", () => Promise.reject(new Error("refused")));
  const third = run("a", "third", () => Promise.resolve(""));
  await run("b", "other", () => Promise.resolve(""));
  assert.deepEqual(done, ["other"]);
  held.resolve("");
  await Promise.all([first, second, third]);
  assert.deepEqual(done, ["other", "first", "second failed", "third"]);
});
