import assert from "node:assert/strict";
import { Agent } from "node:http";
import { connect } from "node:net";
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
    [{ jobName: "a\ud83d" }, "jobName: expected Unicode text, got half of a surrogate pair"],
    [{ parameters: { "\udca5": "b" } }, "parameters: expected Unicode text, got half of a surrogate pair"],
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

/** The operation that takes the largest bodies. */
const PUT_LOG_EVENTS = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.PutLogEvents" };

test("malformed bodies are refused with the place of the fault", async (t) => {
  const logs = { PutLogEvents: async () => ({}) };
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob"], []), logs });
  const cases: readonly [string | Buffer, string][] = [
    ['{"jobName": "a",\n "x" 1}', 'is not valid JSON: line 2, column 6: expected a colon, got "1}"'],
    ['{"jobName": "a"', "is not valid JSON: line 1, column 16: expected a comma or }, got the end"],
    ["{'jobName': 1}", "is not valid JSON: line 1, column 2: expected a member name in double quotes or }"],
    ['{"a": 1} x', 'is not valid JSON: line 1, column 10: expected the end, got "x"'],
    [" ", "is not valid JSON: line 1, column 2: expected a value, got the end"],
    ['{"a": 01}', "line 1, column 7: expected a value"],
    [Buffer.from([0x22, 0xff, 0x22]), "is not valid UTF-8"],
    [`{"a":"${"\\n".repeat(4_000_000)}`, "is not valid JSON: at or after line 1, column 6"],
    [`[${"1,\n".repeat(150_000)}]`, "is not valid JSON: at or after line 66667, column"],
    [`[${"1,\n".repeat(3_000_000)}]`, "has more than 200000 values"],
    [`[${"{},".repeat(3_000_000)}{}]`, "has more than 200000 values"],
    [`[${"[[]],".repeat(80_000)}0]`, "has more than 200000 values"],
    ["[".repeat(65) + "]".repeat(65), "is nested more than 64 levels deep"],
    ["[".repeat(5_000_000), "is nested more than 64 levels deep"],
    [`{"jobName":"${"[".repeat(100)}\\"["}x`, "is not valid JSON"],
  ];
  for (const [body, message] of cases) {
    const isLarge = body.length > 2 ** 20;
    const place = isLarge ? { path: "/", headers: PUT_LOG_EVENTS } : { headers: JSON_HEADERS };
    const answer = await send(port, { ...place, body });
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
  const numbers = jobs.map((_, index) => [index.toString(36), ""]);
  const map = await sendJson(port, "/v1/submitjob", { parameters: Object.fromEntries(numbers) });
  assert.equal(map.json.message, "parameters: 100001 entries, the most that is accepted is 100000");
  assert.equal((await sendJson(port, "/v1/describejobs", { jobs: jobs.slice(1) })).status, 200);
  assert.equal(received.length, 1);
});

test("a body may have 1 MiB, that of CloudWatch Logs 10 MiB, however its length is told", async (t) => {
  const logs = { PutLogEvents: async () => ({}) };
  const { port } = await startServer(t, { batch: recordingHandlers(["SubmitJob"], []), logs });
  const ofBytes = (value: object, bytes: number): string => {
    const text = JSON.stringify({ ...value, filler: "" });
    return text.replace('""', `"${"a".repeat(bytes - text.length)}"`);
  };
  const events = { logGroupName: "g", logStreamName: "s", logEvents: [] };
  const places = [
    { mebibytes: 1, value: JOB, place: { path: "/v1/submitjob", headers: JSON_HEADERS } },
    { mebibytes: 10, value: events, place: { path: "/", headers: PUT_LOG_EVENTS } },
  ];
  for (const { mebibytes, value, place } of places) {
    for (const length of [{}, { "transfer-encoding": "chunked" }]) {
      const headers = { ...place.headers, ...length };
      const allowed = ofBytes(value, mebibytes * 2 ** 20);
      assert.equal((await send(port, { ...place, headers, body: allowed })).status, 200);
      const large = await send(port, { ...place, headers, body: `${allowed} ` });
      const message = `The request body is larger than ${mebibytes} MiB.`;
      assert.deepEqual([large.status, large.json.message], [413, message]);
    }
  }
});

test("the rest of a body that is refused is thrown away where it is little, and else not read: then the connection ends behind the answer", async (t) => {
  const { app, port } = await startServer(t, {});
  let connections = 0;
  app.server.on("connection", () => (connections += 1));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const little = Buffer.alloc(2 ** 20 + 1);
  for (let count = 0; count < 3; count += 1) {
    assert.equal((await send(port, { headers: JSON_HEADERS, body: little, agent })).status, 413);
  }
  assert.equal(connections, 1);
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  let written = 0;
  let text = "";
  socket.on("data", (part: Buffer) => (text += part.toString()));
  socket.on("error", () => {});
  const closed = new Promise((resolve) => void socket.once("close", resolve));
  const chunk = Buffer.alloc(2 ** 20);
  const write = (): void => {
    if (!socket.writable) return;
    socket.write(chunk, (error) => {
      if (error) return;
      written += chunk.length;
      write();
    });
  };
  socket.write("POST /v1/submitjob HTTP/1.1\r\nhost: localhost\r\ncontent-length: 107374182400\r\n\r\n");
  write();
  await closed;
  assert.match(text, /^HTTP\/1.1 413 [^]*connection: close[^]*larger than 1 MiB/i);
  assert.ok(written < 64 * 2 ** 20, `${written} bytes were taken`);
});
