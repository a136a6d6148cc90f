import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { batchClient } from "../support/clients.ts";
import { ended, submit } from "../support/jobs.ts";
import { failingServer, spawnServer } from "./server.ts";

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-e2e-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("a data directory that cannot be made is named, with what to do", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "file"), "");
  symlinkSync(join(directory, "nothing"), join(directory, "dangling"));
  for (const path of ["file", "file/deeper", "dangling/deeper"]) {
    const dataDir = join(directory, path);
    const { exitCode, stderr } = await failingServer(dataDir);
    assert.notEqual(exitCode, 0);
    assert.ok(stderr.includes(`The data directory ${dataDir} cannot be written (`), stderr);
    assert.ok(stderr.includes("Make it writable, or name another one with --data-dir."), stderr);
    assert.ok(!stderr.includes("    at "), `a message, not a stack: ${stderr}`);
  }
});

test("a data directory without write permission is named, with what to do", async (t) => {
  // Root may write everywhere but where the kernel itself refuses.
  const dataDir = process.getuid?.() === 0 ? "/proc/longshore" : join(scratch(t), "read-only");
  if (process.getuid?.() !== 0) {
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o500);
  }
  const { exitCode, stderr } = await failingServer(dataDir);
  assert.notEqual(exitCode, 0);
  assert.ok(stderr.includes(`The data directory ${dataDir} cannot be written (`), stderr);
});

test("a database that is none is refused, not overwritten", async (t) => {
  const dataDir = scratch(t);
  writeFileSync(join(dataDir, "longshore.db"), "these are my notes, not a database\n".repeat(200));
  const { exitCode, stderr } = await failingServer(dataDir);
  assert.notEqual(exitCode, 0);
  assert.ok(stderr.includes(`The database in ${dataDir} is damaged (file is not a database).`), stderr);
});

test("a port in use is named, with what to do; the data directory is free again", async (t) => {
  const occupant = createServer().listen(0, "127.0.0.1");
  t.after(() => occupant.close());
  await once(occupant, "listening");
  const { port } = occupant.address() as AddressInfo;
  const dataDir = scratch(t);
  const { exitCode, stderr } = await failingServer(dataDir, { port });
  assert.notEqual(exitCode, 0);
  assert.ok(
    stderr.includes(`Port ${port} on 127.0.0.1 is in use. Name another with --port, or 0 for any free one.`),
    stderr,
  );
  const server = await spawnServer(t, {}, dataDir);
  const batch = batchClient(t, server.url);
  assert.equal((await ended(batch, await submit(batch, ["true"]))).status, "SUCCEEDED");
});

test("a data directory that another server uses is refused, and that server named; it goes on", async (t) => {
  const server = await spawnServer(t);
  const link = join(scratch(t), "link");
  symlinkSync(server.dataDir, link);
  for (const dataDir of [server.dataDir, link]) {
    const { exitCode, stderr } = await failingServer(dataDir);
    assert.notEqual(exitCode, 0);
    const expected = `Another Longshore server (process ${server.pid}, ${server.url}) uses the data directory ${dataDir}. Use that one, stop it, or name another directory with --data-dir.`;
    assert.ok(stderr.includes(expected), stderr);
  }
  const batch = batchClient(t, server.url);
  assert.equal((await ended(batch, await submit(batch, ["true"]))).status, "SUCCEEDED");
});

test("stopped, the server ends with exit code 0 and lets go of its directory", async (t) => {
  const server = await spawnServer(t);
  assert.equal(await server.stop(), 0);
  await server.start();
  const batch = batchClient(t, server.url);
  assert.equal((await ended(batch, await submit(batch, ["true"]))).status, "SUCCEEDED");
  assert.match(server.stderr, /^\s*Stopping \(SIGTERM\)\. Jobs that run go on[^\n]*\n$/);
});
