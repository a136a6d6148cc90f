import assert from "node:assert/strict";
import { test } from "node:test";
import * as batch from "@aws-sdk/client-batch";
import { clientException, validationException } from "../../src/api/wire/errors.ts";
import { operationsOf } from "../../src/api/wire/schema.ts";
import type { BatchInput } from "../../src/api/wire/operations.ts";
import type { Received } from "./harness.ts";
import { batchClient, recordingHandlers, send, sendJson, startServer } from "./harness.ts";

const commandNames = Object.keys(batch)
  .filter((name) => /^[A-Z].*Command$/.test(name))
  .map((name) => name.replace(/Command$/, ""));
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const QUEUE_ARN = "arn:aws:batch:us-east-1:123456789012:job-queue/a b";

test("every command of the SDK is routed to the handler of its name", async (t) => {
  const operations = operationsOf(batch);
  assert.equal(commandNames.length, 48);
  assert.deepEqual(operations.map((operation) => operation.name).sort(), commandNames.toSorted());
  const { port } = await startServer(t, {});
  for (const { name, http, input } of operations) {
    assert.ok(http);
    const [path, query] = [http.path.replace("{resourceArn}", "arn"), name === "UntagResource" ? "?tagKeys=a" : ""];
    const answer = await send(port, {
      method: http.method,
      path: path + query,
      headers: http.method === "POST" ? { "content-type": "application/json" } : {},
      ...(http.method === "POST" ? { body: "{}" } : {}),
    });
    const needs = input.members().find((member) => member.required && member.place.kind === "body");
    assert.equal(answer.status, 400, name);
    assert.equal(answer.headers["x-amzn-errortype"], "ClientException");
    const expected =
      needs === undefined ? `${name} is not available yet in Longshore 1.2.3.` : `${needs.name} is required`;
    assert.ok(answer.json.message?.includes(expected), `${name}: ${answer.json.message}`);
  }
});

test("required members are typed as there, on every level, optional ones as the SDK types them", () => {
  const input: BatchInput<"SubmitJob"> = { jobName: "a", jobQueue: "q", jobDefinition: "d" };
  const asSdk: batch.SubmitJobRequest = input;
  const name: string = input.jobName;
  const action: batch.RetryAction | undefined = input.retryStrategy?.evaluateOnExit?.[0]?.action;
  // @ts-expect-error a required member cannot be left out
  const incomplete: BatchInput<"SubmitJob"> = { jobName: undefined, jobQueue: "q", jobDefinition: "d" };
  assert.deepEqual([asSdk, name, action, incomplete.jobQueue], [input, "a", undefined, "q"]);
});

test("an SDK client gets the handler's output, and the handler the input, region and request id", async (t) => {
  const received: Received[] = [];
  const { endpoint } = await startServer(t, {
    batch: {
      async SubmitJob(input, call) {
        received.push({ operation: "SubmitJob", input, call });
        return { jobId: "id", jobName: input.jobName, jobArn: undefined };
      },
    },
  });
  const input = { jobName: "a", jobQueue: "q", jobDefinition: "d", timeout: { attemptDurationSeconds: 60 } };
  const output = await batchClient(t, endpoint, "eu-west-1").send(new batch.SubmitJobCommand(input));
  assert.deepEqual([output.jobId, output.jobName, "jobArn" in output], ["id", "a", false]);
  assert.equal(output.$metadata.httpStatusCode, 200);
  assert.match(output.$metadata.requestId ?? "", UUID);
  assert.deepEqual(received[0]?.input, input);
  const { requestId, account, region, caller } = received[0].call;
  assert.deepEqual([requestId, account, region], [output.$metadata.requestId, "123456789012", "eu-west-1"]);
  const root = { account, arn: "arn:aws:iam::123456789012:root", userId: account };
  assert.deepEqual(caller, { ...root, accessKeyId: "AKIDEXAMPLE" });
});

test("an output without members is an empty object, content type without charset", async (t) => {
  const { port } = await startServer(t, { batch: recordingHandlers(["CancelJob"], []) });
  const answer = await sendJson(port, "/v1/canceljob", { jobId: "a", reason: "b" });
  assert.equal(answer.text, "{}");
  assert.equal(answer.headers["content-type"], "application/json");
  assert.match(String(answer.headers["x-amzn-requestid"]), UUID);
});

test("tag operations take the ARN from the path and the keys from the query", async (t) => {
  const received: Received[] = [];
  const names = ["TagResource", "UntagResource", "ListTagsForResource"];
  const { endpoint, port } = await startServer(t, { batch: recordingHandlers(names, received) });
  const client = batchClient(t, endpoint);
  await client.send(new batch.TagResourceCommand({ resourceArn: QUEUE_ARN, tags: { a: "1" } }));
  await client.send(new batch.UntagResourceCommand({ resourceArn: QUEUE_ARN, tagKeys: ["a", "b c", "+&="] }));
  await client.send(new batch.ListTagsForResourceCommand({ resourceArn: QUEUE_ARN }));
  await send(port, { method: "GET", path: "/v1/tags/arn:aws:batch:eu-west-1:1:job-queue/x%2520y" });
  await send(port, {
    path: "/v1/tags/real",
    headers: { "content-type": "application/json" },
    body: '{"resourceArn":"from the body","tags":{}}',
  });
  assert.deepEqual(
    received.map(({ operation, input }) => [operation, JSON.parse(JSON.stringify(input))]),
    [
      ["TagResource", { resourceArn: QUEUE_ARN, tags: { a: "1" } }],
      ["UntagResource", { resourceArn: QUEUE_ARN, tagKeys: ["a", "b c", "+&="] }],
      ["ListTagsForResource", { resourceArn: QUEUE_ARN }],
      ["ListTagsForResource", { resourceArn: "arn:aws:batch:eu-west-1:1:job-queue/x%20y" }],
      ["TagResource", { resourceArn: "real", tags: {} }],
    ],
  );
});

test("tag operations refuse a missing ARN, missing keys and a broken encoding", async (t) => {
  const { port } = await startServer(t, { batch: recordingHandlers(["UntagResource", "ListTagsForResource"], []) });
  const noArn = await send(port, { method: "GET", path: "/v1/tags/" });
  assert.match(noArn.json.message ?? "", /resourceArn is required/);
  const noKeys = await send(port, { method: "DELETE", path: "/v1/tags/arn" });
  assert.match(noKeys.json.message ?? "", /tagKeys is required/);
  for (const path of ["/v1/tags/%zz", "/v1/tags/%ff", "/v1/tags/%"]) {
    const broken = await send(port, { method: "GET", path });
    assert.equal(broken.status, 400, path);
    assert.match(String(broken.headers["x-amzn-requestid"]), UUID);
  }
});

test("SDK clients read errors: name, message, status, request id", async (t) => {
  const { endpoint, logged } = await startServer(t, {
    batch: {
      async DescribeJobQueues() {
        throw clientException("JobQueue x not found.");
      },
      async CancelJob() {
        throw validationException("Reason is too long.");
      },
      async ListJobs() {
        throw new TypeError("secret detail");
      },
      async DescribeJobs() {
        throw Object.assign(new Error("socket detail"), { code: "ECONNREFUSED", statusCode: 400 });
      },
    },
  });
  const client = batchClient(t, endpoint);
  const failure = async (sent: Promise<unknown>) => {
    const error = await sent.then(
      () => assert.fail("resolved"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof batch.BatchServiceException);
    assert.match(error.$metadata.requestId ?? "", UUID);
    const text = error.message.replace(error.$metadata.requestId ?? "", "<id>");
    return [error.name, error.$metadata.httpStatusCode, text];
  };
  assert.deepEqual(await failure(client.send(new batch.DescribeJobQueuesCommand({}))), [
    "ClientException",
    400,
    "JobQueue x not found.",
  ]);
  assert.deepEqual(await failure(client.send(new batch.CancelJobCommand({ jobId: "a", reason: "b" }))), [
    "ClientException",
    400,
    "Error executing request, Exception : Reason is too long., RequestId: <id>",
  ]);
  assert.doesNotMatch(logged.join(""), /"level":50/);
  const leakless = "Longshore failed on this request. Its log has the cause under the request id <id>.";
  assert.deepEqual(await failure(client.send(new batch.ListJobsCommand({}))), ["ServerException", 500, leakless]);
  assert.match(logged.join(""), /TypeError: secret detail\\n +at ListJobs/);
  assert.deepEqual(await failure(client.send(new batch.DescribeJobsCommand({ jobs: [] }))), [
    "ServerException",
    500,
    leakless,
  ]);
});

test("paths and methods that are no operation", async (t) => {
  const { port } = await startServer(t, {});
  for (const path of ["/v1/nothing", "/v1/", "/v1/SubmitJob", "/v1/submitjob/", "/v1/__proto__", "/nothing"]) {
    const answer = await send(port, { path });
    assert.deepEqual([answer.status, answer.headers["x-amzn-errortype"]], [404, "UnknownOperationException"], path);
    assert.match(String(answer.headers["x-amzn-requestid"]), UUID);
  }
  const get = await send(port, { method: "GET" });
  assert.deepEqual([get.status, get.headers.allow], [405, "POST"]);
  const put = await send(port, { method: "PUT", path: "/v1/tags/x" });
  assert.deepEqual([put.status, put.headers.allow], [405, "DELETE, GET, POST"]);
});

test("the region comes from the credential scope, a presigned scope, else the default", async (t) => {
  const received: Received[] = [];
  const { port } = await startServer(t, { batch: recordingHandlers(["ListTagsForResource"], received) });
  const scope = (region: string) => `AKID/20261122/${region}/batch/aws4_request`;
  const header = (region: string) => `AWS4-HMAC-SHA256 Credential=${scope(region)}, SignedHeaders=host, Signature=0`;
  const ask = (headers: Record<string, string>, query = "") =>
    send(port, { method: "GET", path: `/v1/tags/arn${query}`, headers });
  await ask({ authorization: header("us-gov-west-1") });
  await ask({}, `?X-Amz-Credential=${encodeURIComponent(scope("ap-south-2"))}`);
  await ask({});
  for (const bad of ["EU-west-1", "eu-west", "eu-west-1x", "../..", "eu-west-12"])
    await ask({ authorization: header(bad) });
  await ask({ authorization: "Bearer x" });
  assert.deepEqual(
    received.map(({ call }) => call.region),
    ["us-gov-west-1", "ap-south-2", ...Array<string>(7).fill("us-east-1")],
  );
});
