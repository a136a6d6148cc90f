import assert from "node:assert/strict";
import { test } from "node:test";
import type { Received } from "./harness.ts";
import { recordingHandlers, send, sendJson, startServer } from "./harness.ts";

const JSON_HEADERS = { "content-type": "application/json" };
const JOB = { jobName: "a", jobQueue: "q", jobDefinition: "d" };

test("a wrong type is a SerializationException that names the member and what was expected", async (t) => {
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob"], []) });
  const cases: readonly [unknown, string][] = [
    [{ jobName: 1 }, "jobName: expected a string, got a number"],
    [{ jobName: ["a"] }, "jobName: expected a string, got a list"],
    [{ jobName: {} }, "jobName: expected a string, got an object"],
    [{ propagateTags: "true" }, "propagateTags: expected true or false, got a string"],
    [{ timeout: 5 }, "timeout: expected an object, got a number"],
    [{ timeout: [] }, "timeout: expected an object, got a list"],
    [{ parameters: [] }, "parameters: expected a map, got a list"],
    [{ parameters: { a: 1 } }, "parameters.a: expected a string, got a number"],
    [{ dependsOn: {} }, "dependsOn: expected a list, got an object"],
    [{ dependsOn: [null] }, "dependsOn[0]: expected an object, got null"],
    [
      { containerOverrides: { environment: [{ name: "x" }, { value: true }] } },
      "containerOverrides.environment[1].value: expected a string, got true",
    ],
    [{ arrayProperties: { size: 1.5 } }, "arrayProperties.size: expected a whole number, got 1.5"],
    [{ arrayProperties: { size: "2" } }, "arrayProperties.size: expected a whole number, got a string"],
    [
      { arrayProperties: { size: 2 ** 53 } },
      "arrayProperties.size: expected a whole number, got a number that is too large",
    ],
    [
      { arrayProperties: { size: 2 ** 31 } },
      "arrayProperties.size: expected a whole number of 32 bits, got a number that is too large",
    ],
    [[], "the request body: expected an object, got a list"],
    ["x", "the request body: expected an object, got a string"],
    [null, "the request body: expected an object, got null"],
  ];
  for (const [members, message] of cases) {
    const isObject = typeof members === "object" && members !== null && !Array.isArray(members);
    const answer = await sendJson(port, "/v1/submitjob", isObject ? { ...JOB, ...members } : members);
    assert.deepEqual([answer.status, answer.headers["x-amzn-errortype"]], [400, "SerializationException"], message);
    assert.equal(answer.json.message, message);
  }
});

test("a missing required member is named with its path, in AWS's sentence with the request's id", async (t) => {
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob", "DescribeJobs"], []) });
  const cases: readonly [string, unknown, string][] = [
    ["/v1/submitjob", {}, "jobName is required"],
    ["/v1/submitjob", { ...JOB, jobQueue: null }, "jobQueue is required"],
    ["/v1/describejobs", {}, "jobs is required"],
    [
      "/v1/submitjob",
      { ...JOB, retryStrategy: { evaluateOnExit: [{}] } },
      "retryStrategy.evaluateOnExit[0].action is required",
    ],
  ];
  for (const [path, body, detail] of cases) {
    const answer = await sendJson(port, path, body);
    const id = String(answer.headers["x-amzn-requestid"]);
    assert.deepEqual([answer.status, answer.headers["x-amzn-errortype"]], [400, "ClientException"]);
    assert.equal(answer.json.message, `Error executing request, Exception : ${detail}, RequestId: ${id}`);
  }
});

test("malformed bodies are refused with the place of the fault", async (t) => {
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob"], []) });
  const cases: readonly [string | Buffer, string][] = [
    ['{"jobName": "a",\n "x" 1}', 'is not valid JSON: line 2, column 6: expected a colon, got "1}"'],
    ['{"jobName": "a"', "is not valid JSON: line 1, column 16: expected a comma or }, got the end"],
    ["{'jobName': 1}", "is not valid JSON: line 1, column 2: expected a member name in double quotes or }"],
    ['{"a": 1} x', 'is not valid JSON: line 1, column 10: expected the end, got "x"'],
    [" ", "is not valid JSON: line 1, column 2: expected a value, got the end"],
    ['{"a": 01}', "line 1, column 7: expected a value"],
    [Buffer.from([0x22, 0xff, 0x22]), "is not valid UTF-8"],
    [`{"a":"${"\\n".repeat(4_000_000)}`, "is not valid JSON: at or after line 1, column 6"],
    [`[${"1,\n".repeat(3_000_000)}]`, "is not valid JSON: at or after line 66667, column"],
    ["[".repeat(65) + "]".repeat(65), "is nested more than 64 levels deep"],
    ["[".repeat(5_000_000), "is nested more than 64 levels deep"],
    [`{"jobName":"${"[".repeat(100)}\\"["}x`, "is not valid JSON"],
  ];
  for (const [body, message] of cases) {
    const answer = await send(port, { headers: JSON_HEADERS, body });
    assert.deepEqual([answer.status, answer.headers["x-amzn-errortype"]], [400, "SerializationException"], message);
    assert.ok(answer.json.message?.includes(message), `${answer.json.message} should have: ${message}`);
  }
});

test("unknown members are dropped, nulls are absent, an empty body is an empty object", async (t) => {
  const received: Received[] = [];
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob", "DescribeJobQueues"], received) });
  await sendJson(port, "/v1/submitjob", {
    ...JOB,
    shareIdentifier: null,
    unknown: { deep: [1] },
    timeout: { attemptDurationSeconds: 60, unknown: 1 },
    parameters: { a: "1", b: null },
  });
  await send(port, { path: "/v1/describejobqueues" });
  await send(port, { path: "/v1/describejobqueues", headers: JSON_HEADERS, body: "" });
  await send(port, { path: "/v1/describejobqueues", body: '{"maxResults":1}' });
  assert.deepEqual(
    received.map(({ input }) => JSON.parse(JSON.stringify(input)) as object),
    [{ ...JOB, timeout: { attemptDurationSeconds: 60 }, parameters: { a: "1" } }, {}, {}, { maxResults: 1 }],
  );
});

test("only a share's weight may have a fraction", async (t) => {
  const received: Received[] = [];
  const { port } = await startServer(t, { batch: recordingHandlers(["CreateSchedulingPolicy"], received) });
  const policy = (share: object) => ({
    name: "p",
    fairsharePolicy: { shareDistribution: [{ shareIdentifier: "a", ...share }] },
  });
  const accepted = await sendJson(port, "/v1/createschedulingpolicy", policy({ weightFactor: 0.125 }));
  assert.equal(accepted.status, 200);
  assert.deepEqual(received[0]?.input, policy({ weightFactor: 0.125 }));
  const endless = JSON.stringify(policy({ weightFactor: 0 })).replace('"weightFactor":0', '"weightFactor":1e999');
  const refused = await send(port, { path: "/v1/createschedulingpolicy", headers: JSON_HEADERS, body: endless });
  assert.match(refused.json.message ?? "", /weightFactor: expected a number, got a number that is too large/);
});

test("keys that name parts of every object are data in maps, and nothing elsewhere", async (t) => {
  const received: Received[] = [];
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob"], received) });
  const body =
    '{"jobName":"a","jobQueue":"q","jobDefinition":"d","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},' +
    '"timeout":{"__proto__":{"attemptDurationSeconds":1}},' +
    '"parameters":{"__proto__":"p","constructor":"c","toString":"t"}}';
  const answer = await send(port, { headers: JSON_HEADERS, body });
  assert.equal(answer.status, 200);
  const input = received[0]?.input as Record<string, Record<string, string>>;
  assert.deepEqual(Object.keys(input), ["jobName", "jobQueue", "jobDefinition", "timeout", "parameters"]);
  assert.equal(input["timeout"]?.["attemptDurationSeconds"], undefined);
  assert.deepEqual(Object.entries(input["parameters"] ?? {}), [
    ["__proto__", "p"],
    ["constructor", "c"],
    ["toString", "t"],
  ]);
  assert.equal(input["parameters"]?.["hasOwnProperty"], undefined);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  // A required member cannot be inherited.
  const inherited = await send(port, { headers: JSON_HEADERS, body: `{"__proto__":${JSON.stringify(JOB)}}` });
  assert.match(inherited.json.message ?? "", /jobName is required/);
});

test("sizes have limits: entries of a list and of a map, bytes of a body", async (t) => {
  const received: Received[] = [];
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob", "DescribeJobs"], received) });
  const jobs = Array.from({ length: 100_001 }, () => "j");
  const list = await sendJson(port, "/v1/describejobs", { jobs });
  assert.equal(list.json.message, "jobs: 100001 entries, the most that is accepted is 100000");
  const parameters = Object.fromEntries(jobs.map((value, index) => [index, value]));
  const map = await sendJson(port, "/v1/submitjob", { ...JOB, parameters });
  assert.equal(map.json.message, "parameters: 100001 entries, the most that is accepted is 100000");
  assert.equal((await sendJson(port, "/v1/describejobs", { jobs: jobs.slice(1) })).status, 200);
  assert.equal(received.length, 1);
  const ofBytes = (bytes: number) =>
    JSON.stringify({ ...JOB, jobName: "" }).replace('""', `"${"a".repeat(bytes - 49)}"`);
  const tenMiB = 10 * 1024 * 1024;
  assert.equal((await send(port, { headers: JSON_HEADERS, body: ofBytes(tenMiB) })).status, 200);
  const large = await send(port, {
    headers: { ...JSON_HEADERS, "transfer-encoding": "chunked" },
    body: ofBytes(tenMiB + 1),
  });
  assert.deepEqual([large.status, large.json.message], [413, "The request body is larger than 10 MiB."]);
});
