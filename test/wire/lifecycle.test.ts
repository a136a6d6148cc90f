import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { send, sendJson, startServer } from "./harness.ts";

/** A handler that says when it was entered and waits until it is let go. */
function gate() {
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const handler = async () => {
    entered.resolve();
    await leave.promise;
    return { jobs: [] };
  };
  return { handler, entered: entered.promise, open: leave.resolve };
}

test("healthz lives, readyz follows the check, GET / says where to point clients", async (t) => {
  let ready = true;
  const { port, logged } = await startServer(t, {
    health: async () => {
      if (ready) return { ready: true };
      return { ready: false, reason: "The store is not open yet." };
    },
  });
  const get = (path: string) => send(port, { method: "GET", path });
  assert.equal((await get("/healthz")).status, 200);
  assert.deepEqual([(await get("/readyz")).status, (await get("/readyz")).json], [200, { ready: true }]);
  ready = false;
  const notReady = await get("/readyz");
  assert.deepEqual([notReady.status, notReady.json], [503, { ready: false, reason: "The store is not open yet." }]);
  const root = await get("/");
  assert.match(root.text, new RegExp(`AWS_ENDPOINT_URL_BATCH=http://127.0.0.1:${port}\n`));
  assert.doesNotMatch(logged.join(""), /request/, "no log entry per request");
});

test("a readiness check that rejects is not ready, and logged", async (t) => {
  const { port, logged } = await startServer(t, { health: () => Promise.reject(new Error("disk detail")) });
  const answer = await send(port, { method: "GET", path: "/readyz" });
  assert.equal(answer.status, 503);
  assert.doesNotMatch(answer.text, /disk detail/);
  assert.match(logged.join(""), /disk detail/);
});

test("above the in-flight limit requests answer 429 with Retry-After, and below it again they are served", async (t) => {
  const { handler, entered, open } = gate();
  const { port } = await startServer(t, { batch: { DescribeJobs: handler }, load: { requests: 1 } });
  const first = sendJson(port, "/v1/describejobs", { jobs: [] });
  await entered;
  const refused = await sendJson(port, "/v1/describejobs", { jobs: [] });
  assert.deepEqual(
    [refused.status, refused.headers["x-amzn-errortype"], refused.headers["retry-after"]],
    [429, "TooManyRequestsException", "1"],
  );
  open();
  assert.equal((await first).status, 200);
  assert.equal((await sendJson(port, "/v1/describejobs", { jobs: [] })).status, 200);
});

test("requests whose client leaves do not use up the limit for ever", async (t) => {
  const { app, port } = await startServer(t, { load: { requests: 1 } });
  const socket = connect(port, "127.0.0.1");
  const accepted = once(app.server, "request");
  socket.write("POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{");
  const [, response] = await accepted;
  const gone = once(response, "close");
  socket.destroy();
  await gone;
  assert.equal((await send(port, { method: "GET", path: "/healthz" })).status, 200);
});

test("close answers what was accepted and does not wait for idle or kept-alive connections", async (t) => {
  const { handler, entered, open } = gate();
  const { app, port } = await startServer(t, { batch: { DescribeJobs: handler } });
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const idle = connect(port, "127.0.0.1");
  await once(idle, "connect");
  const idleEnds = once(idle, "close");
  idle.resume();
  const request = httpRequest({ port, host: "127.0.0.1", agent, method: "POST", path: "/v1/describejobs" });
  const answered = once(request, "response");
  request.end('{"jobs":[]}');
  await entered;
  const closed = app.close();
  await idleEnds;
  open();
  const [response] = await answered;
  response.resume();
  assert.deepEqual([response.statusCode, response.headers.connection], [200, "close"]);
  await closed;
});

test("what is not HTTP is answered in the same form, with a request id", async (t) => {
  const { port } = await startServer(t, {});
  const ask = async (bytes: string) => {
    const socket = connect(port, "127.0.0.1");
    socket.setEncoding("utf8").write(bytes);
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text;
  };
  assert.match(await ask("nonsense\r\n\r\n"), /^HTTP\/1.1 400 Bad Request\r\n[^]*x-amzn-requestid: [0-9a-f-]{36}\r\n/);
  const headers = `GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${"a".repeat(20_000)}\r\n\r\n`;
  assert.match(await ask(headers), /^HTTP\/1.1 431 [^]*{"message":"The request's headers are too large."}$/);
  assert.match(await ask("GET /healthz HTTP/1.0\r\n\r\n"), /^HTTP\/1.1 403 [^]*no Host header/);
});

test("the server bounds the time that a request may take to arrive", async (t) => {
  const { app } = await startServer(t, {});
  const { headersTimeout, requestTimeout, keepAliveTimeout } = app.server;
  assert.deepEqual([headersTimeout, requestTimeout, keepAliveTimeout], [30_000, 60_000, 75_000]);
});
