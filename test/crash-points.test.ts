import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CRASH_POINTS, crashPointFlaw } from "../src/ports/crash-points.ts";
import { failingServer, newDataDir } from "./e2e/server.ts";
import { removeDataDir } from "./support/leftovers.ts";

/** That each of them is reached, and what happens then, is for test/e2e/crash-points-*.test.ts. */

const SOURCE = join(import.meta.dirname, "..", "src");

test("each crash point has one place, and each place is in the list", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const calls = files
    .filter((path) => path !== join("ports", "crash-points.ts"))
    .flatMap((path) => [...readFileSync(join(SOURCE, path), "utf8").matchAll(/\bcrashPoint\(([^)]*)\)/g)])
    .map(([, argument = ""]) => argument)
    .toSorted();
  const listed = Object.keys(CRASH_POINTS).map((name) => JSON.stringify(name));
  assert.deepEqual(calls, listed.toSorted());
});

test("where to crash must be a known place and a number", () => {
  assert.equal(crashPointFlaw(undefined), undefined);
  assert.equal(crashPointFlaw("tick.commit:3"), undefined);
  assert.equal(crashPointFlaw("tick.comit:3"), 'there is no crash point "tick.comit"');
  for (const text of ["tick.commit", "tick.commit:", "tick.commit:0", "tick.commit:x", "tick.commit:-1"]) {
    assert.equal(crashPointFlaw(text), "it must be NAME:N, with N a whole number from 1");
  }
});

test("a server that is told to crash nowhere says so and does not start", async (t) => {
  const dataDir = newDataDir();
  t.after(() => removeDataDir(dataDir));
  const { exitCode, stderr } = await failingServer(dataDir, {}, "nowhere:1");
  assert.notEqual(exitCode, 0);
  assert.match(stderr, /LONGSHORE_CRASH_AT is for tests: there is no crash point "nowhere"\. Unset it\./);
});
