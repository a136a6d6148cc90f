import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { until } from "../support/until.ts";
import { send, sendJson, startServer } from "../wire/harness.ts";

const JSON_TYPE = { "content-type": "application/json" };
const MIB = 2 ** 20;

function as(account: string): Record<string, string> {
  const credential = `Credential=${account}/20260101/us-east-1/batch/aws4_request`;
  return { ...JSON_TYPE, authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0` };
}

/** Handlers that wait until they are let go, and count who is in. */
function gate() {
  const leave = Promise.withResolvers<void>();
  const inside: string[] = [];
  const handler = async (_input: object, { account }: { readonly account: string }) => {
    inside.push(account);
    await leave.promise;
    return { jobs: [] };
  };
  return { handler, inside, open: leave.resolve };
}

async function opened(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  t.after(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

test("an account that floods gets 429, and another one is served", async (t) => {
  const { handler, inside, open } = gate();
  const { port } = await startServer(t, { batch: { DescribeJobs: handler }, load: { requests: 40 } });
  const ask = (account: string) => send(port, { path: "/v1/describejobs", headers: as(account), body: '{"jobs":[]}' });
  const flood = Array.from({ length: 60 }, () => ask("111111111111"));
  await until("30 of the flood are in", () => inside.length === 30);
  const others = ["222222222222", "333333333333"].map(ask);
  await until("both others are in", () => inside.length === 32);
  open();
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  assert.deepEqual(
    [200, 429].map((status) => statuses.filter((one) => one === status).length),
    [30, 30],
  );
  for (const other of others) assert.equal((await other).status, 200);
  assert.equal((await ask("111111111111")).status, 200);
});

test("a refusal says so in the terms of each service, and says when to come again", async (t) => {
  const { handler, inside, open } = gate();
  const { port } = await startServer(t, { batch: { DescribeJobs: handler }, load: { requests: 1 } });
  const first = sendJson(port, "/v1/describejobs", { jobs: [] });
  await until("it is in", () => inside.length === 1);
  const logs = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.GetLogEvents" };
  const form = { "content-type": "application/x-www-form-urlencoded", "x-amz-date": "1" };
  const answers = await Promise.all([
    sendJson(port, "/v1/describejobs", { jobs: [] }),
    send(port, { path: "/", headers: logs, body: "{}" }),
    send(port, { path: "/", headers: form, body: "Action=GetCallerIdentity&Version=2011-06-15" }),
    send(port, { method: "GET", path: "/longshore/cost" }),
    send(port, { method: "GET", path: "/" }),
  ]);
  for (const { headers } of answers) assert.equal(headers["retry-after"], "1");
  assert.deepEqual(
    answers.map(({ status }) => status),
    [429, 429, 400, 429, 429],
  );
  assert.equal(answers[0].headers["x-amzn-errortype"], "TooManyRequestsException");
  assert.equal(answers[1].json.__type, "TooManyRequestsException");
  assert.match(answers[2].text, /<Code>Throttling<\/Code>/);
  for (const path of ["/healthz", "/readyz"]) assert.equal((await send(port, { method: "GET", path })).status, 200);
  open();
  await first;
});

test("large bodies are refused before they are read, those that are small are not, and their room comes back", async (t) => {
  const { handler, inside, open } = gate();
  const { port } = await startServer(t, { batch: { DescribeJobs: handler }, load: { heldBytes: 4 * MIB } });
  const body = JSON.stringify({ jobs: [], filler: "a".repeat(MIB - 100) });
  const ask = (text: string, more = {}) =>
    send(port, { path: "/v1/describejobs", headers: { ...JSON_TYPE, ...more }, body: text });
  const first = [ask(body), ask(body), ask(body, { "transfer-encoding": "chunked" })];
  await until("three are in", () => inside.length === 3);
  const large = await ask(body);
  const chunked = await ask(body, { "transfer-encoding": "chunked" });
  for (const { status, headers } of [large, chunked]) assert.deepEqual([status, headers["retry-after"]], [429, "1"]);
  const small = ask('{"jobs":[]}');
  await until("the small one is in", () => inside.length === 4);
  open();
  for (const one of [...first, small]) assert.equal((await one).status, 200);
  for (let round = 0; round < 5; round += 1) assert.equal((await ask(body)).status, 200);
});

test("a body whose client leaves in the middle of it takes no room any more", async (t) => {
  const { app, port } = await startServer(t, { batch: {}, load: { heldBytes: 2 * MIB, requests: 3 } });
  for (const length of [`content-length: ${MIB}`, "transfer-encoding: chunked"]) {
    for (let round = 0; round < 4; round += 1) {
      const socket = await opened(t, port);
      const accepted = once(app.server, "request");
      socket.write(`POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\n${length}\r\n\r\n`);
      socket.write(`186a0\r\n${"a".repeat(100_000)}`);
      const [, response] = await accepted;
      const gone = once(response, "close");
      socket.destroy();
      await gone;
    }
  }
  assert.equal((await sendJson(port, "/v1/describejobs", { filler: "a".repeat(MIB - 100) })).status, 400);
});

test("who asks whether to send a body is told to, or refused without it", async (t) => {
  const { port } = await startServer(t, { batch: { DescribeJobs: async () => ({ jobs: [] }) } });
  const ask = (bytes: number) => {
    const headers = { ...JSON_TYPE, expect: "100-continue", "content-length": bytes };
    const request = httpRequest({ port, host: "127.0.0.1", method: "POST", path: "/v1/describejobs", headers });
    const answered = once(request, "response") as Promise<[IncomingMessage]>;
    let isContinued = false;
    request.on("continue", () => {
      isContinued = true;
      request.end('{"jobs":[]}'.padEnd(bytes));
    });
    request.flushHeaders();
    return answered.then(([answer]) => {
      answer.resume();
      request.destroy();
      return [isContinued, answer.statusCode, answer.headers.connection];
    });
  };
  assert.deepEqual(await ask(1_000), [true, 200, "keep-alive"]);
  assert.deepEqual(await ask(MIB + 1), [false, 413, "close"]);
});

test("clients that do not take their answers are cut off in time, and others are served meanwhile", async (t) => {
  const clock = new VirtualClock();
  const jobs = Array.from({ length: 20 }, () => ({ statusReason: "a".repeat(MIB) }));
  const batch = { DescribeJobs: async () => ({ jobs }) as never };
  const load = { heldBytes: 64 * MIB, answerTimeoutMs: 5_000 };
  const { port } = await startServer(t, { batch, load, clock });
  const ask = `POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 11\r\n\r\n{"jobs":[]}`;
  const readers = await Promise.all(Array.from({ length: 4 }, () => opened(t, port)));
  let ended = 0;
  for (const socket of readers)
    socket
      .once("close", () => (ended += 1))
      .pause()
      .write(ask);
  // Two answers are held, no more: the next one is told to come again.
  const refused = await until("an answer that there is no room for", async () => {
    const answer = await sendJson(port, "/v1/describejobs", { jobs: [] });
    return answer.status === 429 && answer;
  });
  assert.match(refused.json.message ?? "", /holds as much of bodies and answers as it can/);
  assert.equal((await send(port, { method: "GET", path: "/" })).status, 200);
  clock.advance(5_000);
  for (const socket of readers) socket.resume();
  await until("the two of which answers were held are cut off", () => ended === 2);
  assert.equal((await sendJson(port, "/v1/describejobs", { jobs: [] })).status, 200);
});

test("as many connections as there may be: a new one takes the place of one that is idle, never of one that waits for an answer", async (t) => {
  const { handler, inside, open } = gate();
  const { port } = await startServer(t, { batch: { DescribeJobs: handler }, load: { connections: 3 } });
  const unused = await opened(t, port);
  const unusedEnds = once(unused, "close");
  unused.resume();
  const working = Array.from({ length: 2 }, () => sendJson(port, "/v1/describejobs", { jobs: [] }));
  await until("both are in", () => inside.length === 2);
  assert.equal((await send(port, { method: "GET", path: "/healthz" })).status, 200);
  await unusedEnds;
  const third = sendJson(port, "/v1/describejobs", { jobs: [] });
  await until("all three are in", () => inside.length === 3);
  await assert.rejects(send(port, { method: "GET", path: "/healthz" }), { code: "ECONNRESET" });
  open();
  for (const one of [...working, third]) assert.equal((await one).status, 200);
  assert.equal((await send(port, { method: "GET", path: "/healthz" })).status, 200);
});

test("with next to no memory left requests are told to come again, as long as that is so", async (t) => {
  let used = 0.95;
  const batch = { DescribeJobs: async () => ({ jobs: [] }) };
  const { port } = await startServer(t, { batch, heapUsed: () => used });
  assert.equal((await sendJson(port, "/v1/describejobs", { jobs: [] })).status, 429);
  assert.equal((await send(port, { method: "GET", path: "/healthz" })).status, 200);
  used = 0.94;
  assert.equal((await sendJson(port, "/v1/describejobs", { jobs: [] })).status, 200);
});

test("requests that come one behind the other on one connection count like any others", async (t) => {
  const { handler, inside, open } = gate();
  const { port } = await startServer(t, { batch: { DescribeJobs: handler }, load: { requests: 10 } });
  const socket = await opened(t, port);
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => (text += part));
  const ask = 'POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 11\r\n\r\n{"jobs":[]}';
  socket.write(ask.repeat(100));
  await until("one account's are in", () => inside.length === 7);
  open();
  await until("all are answered", () => text.split("HTTP/1.1 ").length === 101);
  const statuses = text.match(/(?<=HTTP\/1\.1 )\d+/g)!;
  assert.deepEqual([statuses.filter((one) => one === "200").length, statuses.length], [7, 100]);
});

test("close ends connections whose clients hang, after ten seconds", async (t) => {
  const clock = new VirtualClock();
  const { app, port } = await startServer(t, { clock });
  const sockets = await Promise.all(Array.from({ length: 3 }, () => opened(t, port)));
  const ended = sockets.map((socket) => once(socket.resume(), "close"));
  const accepted = [once(app.server, "request")];
  sockets[0]!.write("POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{");
  await Promise.all(accepted);
  let isClosed = false;
  const closed = app.close().then(() => (isClosed = true));
  await Promise.all(ended.slice(1));
  clock.advance(9_999);
  await new Promise((resolve) => void setImmediate(resolve));
  assert.equal(isClosed, false);
  clock.advance(1);
  await Promise.all([closed, ended[0]]);
  assert.equal(clock.nextTimerAt(), undefined);
});
