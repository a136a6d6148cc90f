import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeptEvents } from "../../src/ports/event-report.ts";
import { listen } from "../support/event-listener.ts";
import { ended, submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { consoleHeaders, signedIn } from "./console-session.ts";
import { rawRequestTo } from "./raw-client.ts";
import { signedHeaders } from "./signed-headers.ts";
import { keyedServer } from "./server.ts";

const QUEUE = "arn:aws:batch:us-east-1:111111111111:job-queue/default";

test("events are for who may read them, and of nobody else's account", async (t) => {
  const server = await keyedServer(t, [
    { account: "111111111111", user: "owner" },
    { account: "222222222222", user: "stranger" },
    { account: "111111111111", user: "clerk", statements: [{ Effect: "Allow", Action: "batch:*", Resource: "*" }] },
    {
      ...{ account: "111111111111", user: "watcher" },
      statements: [{ Effect: "Allow", Action: "longshore:ReadEvents", Resource: QUEUE }],
    },
  ]);
  const streamOf = async (n: number, query: string) => {
    const url = `${server.url}/events?${query}`;
    return listen(t, url, await signedHeaders(url, server.keys[n]!));
  };
  const own = await streamOf(0, "after=0&view=brief");
  const foreign = await streamOf(1, "after=0&view=brief");
  const watching = await streamOf(3, "after=0&view=brief&jobQueue=default");
  const jobId = await submit(server.client(0), ["true"]);
  await ended(server.client(0), jobId);
  const others = await submit(server.client(1), ["true"]);
  await ended(server.client(1), others);
  await until("the owner hears of the own job", () => own.heard.length === 4);
  await until("who may watch one queue hears of it", () => watching.heard.length === 4);
  await until("the stranger hears of the stranger's", () => foreign.heard.length === 4);
  for (const { event } of [...own.heard, ...watching.heard]) assert.equal(event.account, "111111111111");
  for (const { event } of foreign.heard) assert.equal(event.account, "222222222222");
  const ask = (n: number, path: string) =>
    rawRequestTo(server.url, server.keys[n]!)("longshore", { method: "GET", path });
  for (const [n, path] of [
    [2, "/events"],
    [2, "/longshore/events"],
    [3, "/events"],
    [0, "/longshore/events/targets"],
    [0, "/longshore/events/dead-letters"],
  ] as const)
    assert.equal((await ask(n, path)).status, 403, `${n} ${path}`);
  const list = await ask(
    1,
    `/longshore/events?resource=${encodeURIComponent(`arn:aws:batch:us-east-1:111111111111:job/${jobId}`)}`,
  );
  assert.deepEqual((list.json as unknown as KeptEvents).events, []);
});

/** Far less than the heartbeat, far more than a check. */
const AT_ONCE_MS = 5_000;

test("an open stream ends when its key is revoked, and when its session is ended", async (t) => {
  const server = await keyedServer(t, [{}, {}, {}]);
  const url = `${server.url}/events`;
  const kept = listen(t, url, await signedHeaders(url, server.keys[0]!));
  const byKey = listen(t, url, await signedHeaders(url, server.keys[1]!));
  const cookie = await signedIn(server, 2);
  const bySession = listen(t, url, consoleHeaders(server.url, cookie));
  const job = await submit(server.client(), ["true"]);
  await ended(server.client(), job);
  for (const stream of [kept, byKey, bySession]) await until("it hears", () => stream.heard.length === 4);

  const begun = performance.now();
  await server.admin((admin) => admin.revoke(server.keys[1]!.accessKeyId));
  await byKey.ended;
  const headers = consoleHeaders(server.url, cookie);
  const answer = await fetch(`${server.url}/longshore/session`, { method: "DELETE", headers });
  assert.ok(answer.ok, await answer.text());
  await bySession.ended;
  assert.ok(performance.now() - begun < 2 * AT_ONCE_MS);

  const next = await submit(server.client(), ["true"]);
  await ended(server.client(), next);
  await until("who may goes on", () => kept.heard.length === 8);
  assert.deepEqual([byKey.heard.length, bySession.heard.length], [4, 4]);
});
