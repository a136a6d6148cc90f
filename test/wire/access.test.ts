import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal } from "../../src/api/wire/guard.ts";
import { recordingHandlers, send, startServer } from "./harness.ts";

const BODY = '{"jobs":[]}';

test("only names of this machine, and those allowed, are served as Host", async (t) => {
  const { port } = await startServer(t, {
    batch: recordingHandlers(["DescribeJobs"], []),
    allowedHosts: ["batch.example.org"],
  });
  const statusFor = async (host: string) =>
    (await send(port, { path: "/v1/describejobs", headers: { host, "content-type": "application/json" }, body: BODY }))
      .status;
  const good = [
    "localhost",
    `localhost:${port}`,
    "LOCALHOST:1",
    "a.b.localhost:80",
    "127.0.0.1",
    "127.9.8.7:5",
    "[::1]:80",
    "[::1]",
  ];
  for (const host of [...good, "host.docker.internal:8", "batch.example.org:443"])
    assert.equal(await statusFor(host), 200, host);
  const bad = [
    "example.org",
    "localhost.example.org",
    "127.0.0.1.example.org",
    "128.0.0.1",
    "[::2]",
    "127.0.0.1@x",
    "xlocalhost",
  ];
  for (const host of [...bad, "a.batch.example.org", "localhost:80:80"]) assert.equal(await statusFor(host), 403, host);
  for (const path of ["/", "/healthz", "/readyz", "/nothing"]) {
    const answer = await send(port, { method: "GET", path, headers: { host: "example.org" } });
    assert.deepEqual([answer.status, answer.headers["x-amzn-errortype"]], [403, "AccessDeniedException"], path);
    assert.match(answer.json.message ?? "", /"example.org" is not a name of this machine/);
  }
});

test("the address that a request has come to may be its Host, no other address", () => {
  const refused = (host: string, localAddress: string | undefined) =>
    refusal(
      { method: "GET", path: "/", headers: { host }, rawHeaders: ["Host", host], localAddress, isForPage: false },
      new Set(),
    ) !== undefined;
  assert.equal(refused("192.168.1.5:4590", "192.168.1.5"), false);
  assert.equal(refused("192.168.1.5:4590", "::ffff:192.168.1.5"), false);
  assert.equal(refused("[fd00::5]:4590", "fd00::5"), false);
  for (const host of ["192.168.1.6:4590", "[fd00::5]:4590", "192.168.1.5.example.org", "1192.168.1.5"]) {
    assert.equal(refused(host, "192.168.1.5"), true, host);
  }
  assert.equal(refused("undefined", undefined), true);
});

test("pages of other origins are refused, preflight included, without CORS headers", async (t) => {
  const { port } = await startServer(t, { batch: recordingHandlers(["DescribeJobs"], []) });
  const ask = (headers: Record<string, string>, method = "POST") =>
    send(port, {
      method,
      path: "/v1/describejobs",
      headers: { host: `localhost:${port}`, ...headers },
      ...(method === "POST" ? { body: BODY } : {}),
    });
  assert.equal((await ask({ origin: `http://localhost:${port}`, "sec-fetch-site": "same-origin" })).status, 200);
  assert.equal((await ask({ "sec-fetch-site": "none" })).status, 200);
  const foreign = [
    "null",
    "",
    "http://localhost",
    `http://127.0.0.1:${port}`,
    "https://example.org",
    `http://localhost:${port}.x`,
  ];
  for (const origin of foreign) assert.equal((await ask({ origin })).status, 403, origin);
  assert.equal((await ask({ "sec-fetch-site": "cross-site" })).status, 403);
  const preflight = await ask({ origin: "https://example.org", "access-control-request-method": "POST" }, "OPTIONS");
  assert.equal(preflight.status, 403);
  assert.equal((await ask({}, "OPTIONS")).status, 405);
  const names = Object.keys(preflight.headers).filter((name) => name.startsWith("access-control"));
  assert.deepEqual(names, []);
});

test("a body must be JSON by its content type", async (t) => {
  const { port } = await startServer(t, { batch: recordingHandlers(["DescribeJobs"], []) });
  const statusFor = async (type: string) =>
    (await send(port, { path: "/v1/describejobs", headers: { "content-type": type }, body: BODY })).status;
  const good = [
    "application/json",
    "Application/JSON; charset=UTF-8",
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1",
  ];
  for (const type of good) assert.equal(await statusFor(type), 200, type);
  const bad = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain;application/json",
    "",
  ];
  for (const type of bad) assert.equal(await statusFor(type), 415, type);
});

test("a form is taken only with headers that no page's form can have", async (t) => {
  const { port } = await startServer(t, {});
  const ask = (headers: Record<string, string>) =>
    send(port, {
      path: "/",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", ...headers },
      body: "Action=A&Version=1",
    });
  const refused = await ask({});
  assert.deepEqual([refused.status, refused.headers["content-type"]], [415, "text/xml;charset=UTF-8"]);
  assert.match(refused.text, /<Code>UnsupportedMediaTypeException<\/Code>/);
  for (const headers of [{ authorization: "AWS4-HMAC-SHA256 x" }, { "x-amz-date": "20260101T000000Z" }]) {
    assert.match((await ask(headers)).text, /<Code>NoSuchVersion<\/Code>/);
  }
  assert.equal((await ask({ origin: "https://example.org", "x-amz-date": "x" })).status, 403);
});
