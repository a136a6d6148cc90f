import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { describeServer, descriptorFiles } from "../../src/compose/servers/descriptor.ts";

const DESCRIPTOR = { pid: process.pid, url: "http://127.0.0.1:4590", isOpen: false, startedAt: 1, version: "0.1.0" };

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-descriptor-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

const namesIn = (directory: string): string[] => descriptorFiles(directory).map((file) => basename(file));

test("servers of several machines may share a directory, though they have the same process number", (t) => {
  const directory = directoryOf(t);
  const ofOther = join(directory, `server-elsewhere-${process.pid}.json`);
  writeFileSync(ofOther, JSON.stringify(DESCRIPTOR));
  const remove = describeServer(directory, DESCRIPTOR, true);
  assert.deepEqual(namesIn(directory), ["server.json", `server-${hostname()}-${process.pid}.json`]);
  remove();
  assert.deepEqual(namesIn(directory), ["server.json"]);
  assert.ok(existsSync(ofOther));
});

test("what a server of this machine left that was killed is removed; what one of another machine left may be of one that runs", (t) => {
  const directory = directoryOf(t);
  const gone = spawnSync("true").pid;
  const [ofDead, ofOther] = [hostname(), "elsewhere"].map((name) => join(directory, `server-${name}-${gone}.json`));
  for (const file of [ofDead!, ofOther!]) writeFileSync(file, JSON.stringify(DESCRIPTOR));
  describeServer(directory, DESCRIPTOR, true);
  assert.deepEqual([existsSync(ofDead!), existsSync(ofOther!)], [false, true]);
});
