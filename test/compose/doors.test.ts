import assert from "node:assert/strict";
import { platform } from "node:os";
import { test } from "node:test";
import { fastify } from "fastify";
import { Doors } from "../../src/compose/doors.ts";
import { listen } from "../../src/compose/listening.ts";
import { ServerSurroundings } from "../../src/compose/surroundings.ts";

/** On Linux the whole of 127.0.0.0/8 is this machine: other addresses for other engines' containers. */
const skip = platform() !== "linux" && "only Linux has more than one loopback address";

test("each host that is this machine has a door at the address that its engine tells", { skip }, async (t) => {
  const app = fastify({ forceCloseConnections: "idle" });
  app.get("/", () => "served");
  const { port } = await listen(app, { host: "127.0.0.1", port: 0 });
  const doors = new Doors(app, { host: "127.0.0.1", port }, "10.0.0.7");
  t.after(() => Promise.all([app.close(), doors.close()]));
  const urls = [await doors.urlForHost("docker@a#1", "127.0.0.2"), await doors.urlForHost("docker@b#2", "127.0.0.3")];
  assert.deepEqual(urls, [`http://127.0.0.2:${port}`, `http://127.0.0.3:${port}`]);
  for (const url of urls) {
    assert.equal(await (await fetch(url, { headers: { connection: "close" } })).text(), "served");
  }
});

test("other machines reach a server that listens for them, at this machine's address", () => {
  const urlFor = (host: string) => new Doors(fastify(), { host, port: 4590 }, "10.0.0.7").urlForOthers();
  const hosts = ["127.0.0.1", "localhost", "0.0.0.0", "::", "192.0.2.9"];
  assert.deepEqual(hosts.map(urlFor), [
    ...[undefined, undefined, "http://10.0.0.7:4590", "http://10.0.0.7:4590", "http://192.0.2.9:4590"],
  ]);
});

test("jobs on other machines get no variables that would lead them to themselves", () => {
  const given = { HERE: "http://localhost:9000", ELSEWHERE: "http://store.lab:9000", TEXT: "localhost" };
  const surroundings = new ServerSurroundings({}, given);
  surroundings.elsewhere("docker@far#1");
  assert.deepEqual(surroundings.of("docker@far#1").variables, { ELSEWHERE: given.ELSEWHERE, TEXT: "localhost" });
  const { variables } = surroundings.of("docker@near#2");
  assert.deepEqual(variables, { ...given, HERE: "http://host.docker.internal:9000" });
  assert.deepEqual(surroundings.of("process").variables, given);
});
