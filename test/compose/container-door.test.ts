import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { platform } from "node:os";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { fastify } from "fastify";
import { ContainerDoor, listen } from "../../src/compose/listening.ts";

/** On Linux the whole of 127.0.0.0/8 is this machine: other addresses for a second listener. */
const skip = platform() !== "linux" && "only Linux has more than one loopback address";
const ELSEWHERE = "198.51.100.1";

/** On a connection of its own. */
function ask(url: string | URL): Promise<Response> {
  return fetch(url, { headers: { connection: "close" } });
}

async function open(t: TestContext, host = "127.0.0.1") {
  const app = fastify({ forceCloseConnections: "idle" });
  app.get("/", ({ socket }) => ({ came: socket.localAddress }));
  const { port } = await listen(app, { host, port: 0 });
  const door = new ContainerDoor(app, { host, port });
  const close = () => Promise.all([app.close(), door.close()]);
  t.after(close);
  return { port, door, close };
}

test("a server on a loopback address listens where containers reach the machine, too", { skip }, async (t) => {
  const { port, door, close } = await open(t);
  const url = await door.urlFor("127.0.0.2");
  assert.equal(url, `http://127.0.0.2:${port}`);
  assert.equal(await door.urlFor("127.0.0.2"), url);
  assert.deepEqual(await (await ask(url)).json(), { came: "127.0.0.2" });
  const moved = await door.urlFor("127.0.0.3");
  assert.deepEqual(await (await ask(moved!)).json(), { came: "127.0.0.3" });
  await assert.rejects(ask(url), "the old address is given up");
  const late = door.urlFor("127.0.0.5");
  await close();
  assert.equal(await late, undefined, "it was opened while all were closed");
  await assert.rejects(ask(`http://127.0.0.5:${port}`));
  await assert.rejects(ask(moved!));
  assert.equal(await door.urlFor("127.0.0.4"), undefined);
});

test("another port where the same one is taken", { skip }, async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen({ host: "127.0.0.2", port: 0 }, resolve));
  t.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  const app = fastify();
  await listen(app, { host: "127.0.0.1", port });
  const door = new ContainerDoor(app, { host: "127.0.0.1", port });
  t.after(() => Promise.all([app.close(), door.close()]));
  const url = new URL((await door.urlFor("127.0.0.2"))!);
  assert.equal(url.hostname, "127.0.0.2");
  assert.notEqual(url.port, String(port));
  assert.equal((await ask(url)).status, 404);
});

test("an engine that is not on this machine leads its own name here", async (t) => {
  const { port, door } = await open(t);
  for (const gateway of [undefined, ELSEWHERE]) {
    assert.equal(await door.urlFor(gateway), `http://host.docker.internal:${port}`);
  }
});

test("a server that listens elsewhere needs no second listener", { skip }, async (t) => {
  const everywhere = await open(t, "0.0.0.0");
  assert.equal(await everywhere.door.urlFor("127.0.0.2"), `http://host.docker.internal:${everywhere.port}`);
  const app = fastify();
  t.after(() => app.close());
  const door = new ContainerDoor(app, { host: "192.0.2.9", port: 1 });
  assert.equal(await door.urlFor("127.0.0.2"), "http://192.0.2.9:1");
});
