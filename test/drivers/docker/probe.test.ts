import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { dockerAnswers, findSocket, socketCandidates } from "../../../src/drivers/docker/engine/probe.ts";

const directory = mkdtempSync(path.join(tmpdir(), "longshore-probe-"));
after(() => rmSync(directory, { recursive: true }));

async function withServer(name: string, answer: RequestListener, use: (socketPath: string) => Promise<void>) {
  const socketPath = path.join(directory, name);
  const server = createServer(answer).listen(socketPath);
  await once(server, "listening");
  try {
    await use(socketPath);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test("an engine answers when it says so, and at no other path", async () => {
  const isPing: RequestListener = ({ url }, answer) => {
    answer.statusCode = url === "/_ping" ? 200 : 404;
    answer.end("OK");
  };
  await withServer("good.sock", isPing, async (socketPath) => {
    assert.equal(await dockerAnswers(socketPath, 5_000), true);
    assert.equal(await findSocket(socketPath, 5_000), socketPath);
  });
});

test("no socket, no engine behind it, an engine in trouble: no", async () => {
  assert.equal(await dockerAnswers(path.join(directory, "absent.sock")), false);
  const file = path.join(directory, "file.sock");
  writeFileSync(file, "");
  assert.equal(await dockerAnswers(file), false);
  const inTrouble: RequestListener = (_, answer) => answer.writeHead(500).end();
  await withServer("bad.sock", inTrouble, async (socketPath) => {
    assert.equal(await dockerAnswers(socketPath, 5_000), false);
  });
});

test("an engine that hangs is given up in time", async () => {
  await withServer(
    "hung.sock",
    () => {},
    async (socketPath) => {
      const before = performance.now();
      assert.equal(await dockerAnswers(socketPath, 50), false);
      assert.ok(performance.now() - before < 2_000);
    },
  );
});

test("DOCKER_HOST decides alone; otherwise the usual places, the user's own included", () => {
  assert.deepEqual(socketCandidates({ DOCKER_HOST: "unix:///x/d.sock", XDG_RUNTIME_DIR: "/run/user/1" }), [
    "/x/d.sock",
  ]);
  assert.deepEqual(socketCandidates({ DOCKER_HOST: "tcp://h:2375" }), []);
  assert.deepEqual(socketCandidates({ XDG_RUNTIME_DIR: "/run/user/1" }), [
    "/var/run/docker.sock",
    "/run/user/1/docker.sock",
    "/run/user/1/podman/podman.sock",
    "/run/podman/podman.sock",
  ]);
});

test("asking does not load the engine's client", () => {
  const probe = new URL("../../../src/drivers/docker/engine/probe.ts", import.meta.url).href;
  const script = `await import(${JSON.stringify(probe)});
    const { createRequire } = await import("node:module");
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => file.includes("dockerode"));
    console.log(loaded.length);`;
  const count = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  assert.equal(count.trim(), "0");
});
