import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DescribeJobQueuesCommand } from "@aws-sdk/client-batch";
import { jobKeys } from "../../src/api/access/job-credentials.ts";
import { keyFinder } from "../../src/api/access/find-key.ts";
import { KeyRing } from "../../src/api/access/key-ring.ts";
import { OWNER_KEY_ID } from "../../src/api/access/owner.ts";
import { ownerKey } from "../../src/compose/owner.ts";
import { clientWithKey } from "../support/clients.ts";
import { systemClock } from "../support/clock.ts";
import type { RawRequest } from "../wire/harness.ts";
import { send } from "../wire/harness.ts";
import { rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

// No container engine is found: one would be given the network for credentials of roles, which stays.
process.env["DOCKER_HOST"] = "unix:///nowhere";

const JSON_TYPE = { "content-type": "application/json" };
const QUEUES: RawRequest = { path: "/v1/describejobqueues", headers: JSON_TYPE, body: "{}" };

async function ask(url: string, request: RawRequest = QUEUES) {
  const { status, headers, json, text } = await send(Number(new URL(url).port), request);
  return { status, code: headers["x-amzn-errortype"], message: json.message, text };
}

test("an open server takes unsigned requests and any unknown key, which may name the account; a known one it verifies", async (t) => {
  const server = await keyedServer(t, [{}, {}], { requireAuth: false });
  assert.equal(server.running.isOpen, true);
  assert.equal((await ask(server.url)).status, 200);
  const accountOf = async (accessKeyId: string): Promise<string | undefined> => {
    const client = clientWithKey(t, server.url, { accessKeyId, secretAccessKey: "any" });
    return (await client.send(new DescribeJobQueuesCommand({}))).jobQueues?.[0]?.jobQueueArn?.split(":")[4];
  };
  assert.equal(await accountOf("AKIDEXAMPLE"), "123456789012");
  assert.equal(await accountOf("210987654321"), "210987654321");
  await server.client().send(new DescribeJobQueuesCommand({}));
  const wrong = clientWithKey(t, server.url, { ...server.keys[0]!, secretAccessKey: "wrong" });
  await assert.rejects(wrong.send(new DescribeJobQueuesCommand({})), { name: "InvalidSignatureException" });
  await server.admin((admin) => admin.revoke(server.keys[0]!.accessKeyId));
  await assert.rejects(server.client().send(new DescribeJobQueuesCommand({})), { name: "UnrecognizedClientException" });
  const restarted = await server.running.close().then(() => server.restarted({ requireAuth: false }));
  await assert.rejects(restarted.client().send(new DescribeJobQueuesCommand({})), {
    name: "UnrecognizedClientException",
  });
  await restarted.client(1).send(new DescribeJobQueuesCommand({}));
});

test("a closed server serves known keys and its health only", async (t) => {
  const server = await keyedServer(t);
  assert.equal(server.running.isOpen, false);
  assert.deepEqual(await ask(server.url), {
    status: 403,
    code: "MissingAuthenticationTokenException",
    message: "Missing Authentication Token",
    text: '{"message":"Missing Authentication Token"}',
  });
  const unknown = clientWithKey(t, server.url, { accessKeyId: "210987654321", secretAccessKey: "any" });
  await assert.rejects(unknown.send(new DescribeJobQueuesCommand({})), {
    name: "UnrecognizedClientException",
    message: "The security token included in the request is invalid.",
  });
  for (const path of ["/healthz", "/readyz", "/"])
    assert.equal((await ask(server.url, { method: "GET", path })).status, 200);
  assert.match((await ask(server.url, { method: "GET", path: "/" })).text, /longshore credentials create/);
  await server.client().send(new DescribeJobQueuesCommand({}));
});

test("a closed server does not read what strangers send", async (t) => {
  const server = await keyedServer(t);
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  const head =
    "POST /v1/describejobqueues HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n";
  socket.write(head); // and nothing of the body
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  assert.match(answer.toString(), /^HTTP\/1\.1 403 Forbidden\r\n[^]*Missing Authentication Token/);
});

test("a server that listens everywhere is closed, to this machine too, and says how to make a key", async (t) => {
  const server = await keyedServer(t, [], { host: "0.0.0.0", requireAuth: false });
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.deepEqual(server.running.notices, [
    `Only requests that are signed with a known access key are served, and there is none yet. Make one: longshore credentials create --data-dir ${server.dataDir}`,
  ]);
  assert.equal((await ask(server.url)).code, "MissingAuthenticationTokenException");
  const key = await server.admin((admin) => admin.create({ account: "123456789012", user: "ann" }));
  await clientWithKey(t, server.url, key).send(new DescribeJobQueuesCommand({}));
});

test("what was changed on the way is refused", async (t) => {
  const server = await keyedServer(t);
  const call = rawRequestTo(server.url, server.keys[0]!);
  const tagged = `/v1/tags/${encodeURIComponent("arn:aws:batch:us-east-1:123456789012:job-queue/default")}`;
  const changes: [string, RawRequest, (request: RawRequest) => RawRequest][] = [
    ["nothing", QUEUES, (request) => request],
    ["nothing of a path with an ARN", { method: "GET", path: tagged }, (request) => request],
    ["body", QUEUES, (request) => ({ ...request, body: '{"maxResults":1}' })],
    ["path", QUEUES, (request) => ({ ...request, path: "/v1/describecomputeenvironments" })],
    ["method", { method: "GET", path: tagged }, (request) => ({ ...request, method: "DELETE" })],
    [
      "ARN",
      { method: "GET", path: tagged },
      (request) => ({ ...request, path: request.path!.replace("default", "another") }),
    ],
    [
      "slashes",
      { method: "GET", path: tagged },
      (request) => ({ ...request, path: request.path!.replaceAll("%2F", "/") }),
    ],
    ["query", { method: "GET", path: tagged }, (request) => ({ ...request, path: `${request.path!}?tagKeys=a` })],
    [
      "content type",
      QUEUES,
      (request) => ({ ...request, headers: { ...request.headers, "content-type": "application/x-amz-json-1.1" } }),
    ],
    ["one more header", QUEUES, (request) => ({ ...request, headers: { ...request.headers, "x-amz-target": "x" } })],
    ["host", QUEUES, (request) => ({ ...request, headers: { ...request.headers, host: "localhost" } })],
  ];
  for (const [what, request, alter] of changes) {
    const { status, headers, text } = await call("batch", request, alter);
    if (what.startsWith("nothing")) assert.equal(status, 200, text);
    else assert.deepEqual([status, headers["x-amzn-errortype"]], [403, "InvalidSignatureException"], what);
  }
});

test("a good signature does not open the door to a web page or to a foreign name", async (t) => {
  const server = await keyedServer(t, [{}], { allowedHosts: ["batch.example.org"] });
  const call = rawRequestTo(server.url, server.keys[0]!);
  const refused = async (headers: Record<string, string>, status: number): Promise<void> => {
    const answer = await call("batch", QUEUES, (request) => ({
      ...request,
      headers: { ...request.headers, ...headers },
    }));
    assert.equal(answer.status, status, JSON.stringify(headers));
    assert.equal(
      answer.headers["x-amzn-errortype"],
      status === 403 ? "AccessDeniedException" : "UnsupportedMediaTypeException",
    );
  };
  for (const origin of ["null", "https://example.org", "http://batch.example.org.evil.example"])
    await refused({ origin }, 403);
  await refused({ "sec-fetch-site": "cross-site" }, 403);
  await refused({ host: "evil.example" }, 403);
  await refused({ "content-type": "text/plain" }, 415);
  await refused({ "content-type": "application/x-www-form-urlencoded" }, 415);
  const named = await ask(server.url, { ...QUEUES, headers: { ...JSON_TYPE, host: "batch.example.org:4590" } });
  assert.equal(named.code, "MissingAuthenticationTokenException", "the name is known, the caller is not");
});

test("keys are managed by who can read the data directory, whatever the server's mode, and by nobody else", async (t) => {
  for (const requireAuth of [true, false]) {
    const server = await keyedServer(t, [{}], { requireAuth });
    const path = "/longshore/credentials";
    const body = JSON.stringify({ account: "123456789012", user: "eve" });
    const requests: RawRequest[] = [
      { method: "GET", path },
      { method: "POST", path, headers: JSON_TYPE, body },
      { method: "DELETE", path: `${path}/${server.keys[0]!.accessKeyId}` },
    ];
    for (const request of requests) {
      assert.equal((await ask(server.url, request)).status, 403);
      const byKey = await rawRequestTo(server.url, server.keys[0]!)("longshore", request);
      assert.equal(byKey.headers["x-amzn-errortype"], "AccessDeniedException");
    }
    const owner = ownerKey(server.dataDir)!;
    const asOwner = rawRequestTo(server.url, owner);
    const { json } = await asOwner("longshore", { method: "GET", path });
    const { credentials } = json as { credentials: { user: string }[] };
    assert.deepEqual(
      credentials.map(({ user }) => user),
      ["ann"],
    );
    assert.equal((await asOwner("batch", { method: "GET", path })).status, 403, "signed for another service");
    for (const wrong of [
      "[]",
      "{}",
      '{"account":1,"user":"a"}',
      '{"account":"1","user":"a"}',
      '{"account":"123456789012","user":"a","policy":"{"}',
    ]) {
      const answer = await asOwner("longshore", { path, headers: JSON_TYPE, body: wrong });
      assert.deepEqual([answer.status, answer.headers["x-amzn-errortype"]], [400, "ValidationException"], wrong);
    }
  }
});

test("the owner's key is good on the server's own machine only", async () => {
  const table = { all: async () => [], insert: async () => {}, revoke: async () => false };
  const findKey = keyFinder({
    ring: await KeyRing.load(table, systemClock),
    jobKeys: jobKeys(Buffer.alloc(32)),
    jobs: { origin: async () => undefined },
    owner: { account: "123456789012", secretAccessKey: "s" },
    isOpen: false,
  });
  assert.equal((await findKey(OWNER_KEY_ID, { isFromHere: true }))?.secretAccessKey, "s");
  assert.throws(() => findKey(OWNER_KEY_ID, { isFromHere: false }), {
    code: "UnrecognizedClientException",
  });
});

test("where no SDK would take credentials from the server, it says that roles have none for plain processes", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-roles-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const configFile = join(directory, "config.json");
  writeFileSync(configFile, JSON.stringify({ roles: [{ match: "*", profile: "dev" }] }));
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outward = own.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  for (const [host, has] of [
    ["127.0.0.1", true],
    ["0.0.0.0", true],
    [outward, false],
  ] as const) {
    if (host === undefined) continue;
    const { running } = await keyedServer(t, [{}], { host, configFile });
    const told = running.notices.some((notice) =>
      notice.startsWith("Plain processes get no credentials of their roles"),
    );
    assert.equal(told, !has, host);
    await running.close();
  }
});
