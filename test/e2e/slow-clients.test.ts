import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { after, test } from "node:test";
import { openFileLimit } from "../../src/compose/machine/open-files.ts";
import { until } from "../support/until.ts";
import { newDataDir, spawnServer } from "./server.ts";

const REQUEST_SECONDS = 2;
/** Twice what a request may take: how late one is, is looked at now and then. */
const LONGEST_MS = 2 * REQUEST_SECONDS * 1000 + 4_000;
const CONNECTIONS = 500;

const dataDir = newDataDir();
const limits = { requestSeconds: REQUEST_SECONDS, answerSeconds: REQUEST_SECONDS, connections: CONNECTIONS };
writeFileSync(join(dataDir, "config.json"), JSON.stringify({ limits }));
const server = await spawnServer({ after }, {}, dataDir);
const port = Number(new URL(server.url).port);

interface Client {
  readonly socket: Socket;
  readonly received: () => string;
  /** Resolves with how long it was open, in ms. */
  readonly closed: Promise<number>;
}

async function opened(t: TestContext): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  socket.on("error", () => {});
  t.after(() => socket.destroy());
  await once(socket, "connect");
  const openedAt = performance.now();
  const closed = new Promise<number>((resolve) => {
    socket.once("close", () => resolve(performance.now() - openedAt));
  });
  return { socket, received: () => text, closed };
}

/** A byte of it every 100 ms. */
function drip(t: TestContext, { socket }: Client, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (!socket.writable) return clearInterval(timer);
    socket.write(text[at % text.length]!);
    at += 1;
  }, 100);
  t.after(() => clearInterval(timer));
}

const HEAD = "POST /v1/describejobs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

test("who is slow is cut off in time, and others are served meanwhile", async (t) => {
  const begun: Record<string, string> = {
    "sends nothing": "",
    "drips its headers": HEAD,
    "drips its body": `${HEAD}content-length: 100000\r\n\r\n`,
    "drips chunks without end": `${HEAD}transfer-encoding: chunked\r\n\r\n`,
    "sends less than it told": `${HEAD}content-length: 1000\r\n\r\n{"jobs":[]}`,
  };
  const dripped: Record<string, string> = {
    "drips its headers": "x-slow: a\r\n",
    "drips its body": " ",
    "drips chunks without end": "1\r\n \r\n",
  };
  const clients = await Promise.all(
    Object.entries(begun).map(async ([name, start]) => {
      const client = await opened(t);
      client.socket.write(start);
      const slowly = dripped[name];
      if (slowly !== undefined) drip(t, client, slowly);
      return { name, client };
    }),
  );
  const health = await fetch(`${server.url}/healthz`);
  assert.equal(health.status, 200);
  for (const { name, client } of clients) {
    const openMs = await client.closed;
    assert.ok(openMs < LONGEST_MS, `who ${name} was there for ${openMs} ms`);
    assert.match(client.received(), /^(HTTP\/1\.1 408 [^]*The request did not arrive in time|$)/, name);
  }
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
});

test("10,000 idle connections: there are as many as there may be, everybody else is served, and then all is as before", async (t) => {
  const count = Math.min(10_000, (openFileLimit() ?? Infinity) - 1_000);
  let closed = 0;
  for (let number = 0; number < count; number += 1_000) {
    const clients = await Promise.all(Array.from({ length: Math.min(1_000, count - number) }, () => opened(t)));
    for (const client of clients) void client.closed.then(() => (closed += 1));
    // On a connection of its own, while all are taken.
    assert.equal((await fetch(`${server.url}/healthz`, { headers: { connection: "close" } })).status, 200);
  }
  await until("the others gave way", () => closed >= count - CONNECTIONS);
  await until("those that never sent anything are cut off", () => closed === count);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
});
