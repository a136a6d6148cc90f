import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { syncedUnavailable, watchSyncs } from "../support/synced.ts";

const skip = syncedUnavailable();
const WRITER = join(import.meta.dirname, "synced-writer.ts");
/** Of 1 MB each: more than the log holds before it is copied into the database. */
const WRITES = 40;
const LOOK_EVERY = 6;
const MB = 1_000_000;

test(
  "what the store acknowledged was synced, at each moment, also while its log is copied into the database",
  { skip },
  async (t) => {
    assert.deepEqual(await lostRows(t, "store", WRITES), []);
  },
);

test("the instrument sees commits that were not synced", { skip }, async (t) => {
  assert.notDeepEqual(await lostRows(t, "careless", LOOK_EVERY), []);
});

/** At each look the rows that were acknowledged and are not there after a power cut, where there are some. */
async function lostRows(t: TestContext, how: "store" | "careless", writes: number): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), "longshore-power-"));
  const synced = watchSyncs(t, directory);
  const writer = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WRITER, directory, how], {
    env: { ...process.env, ...synced.variables },
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(async () => {
    const exited = once(writer, "exit");
    writer.kill("SIGKILL");
    await exited;
    rmSync(directory, { recursive: true });
  });
  const answers = createInterface({ input: writer.stdout })[Symbol.asyncIterator]();
  assert.equal((await answers.next()).value, "ready");
  const lost: number[] = [];
  let wasCopied = false;
  for (let written = 1; written <= writes; written += 1) {
    writer.stdin.write("go\n");
    assert.equal((await answers.next()).value, "acknowledged");
    if (written % LOOK_EVERY !== 0 && written < writes) continue;
    const left = synced.afterPowerCut();
    wasCopied ||= sizeOf(join(left, "longshore.db")) > 10 * MB;
    const missing = written * 10 - rowsIn(left);
    if (missing > 0) lost.push(missing);
  }
  assert.equal(wasCopied, writes === WRITES);
  return lost;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function rowsIn(directory: string): number {
  const path = join(directory, "longshore.db");
  if (!existsSync(path)) return 0;
  const database = new DatabaseSync(path);
  try {
    assert.equal(database.prepare("PRAGMA quick_check").get()!["quick_check"], "ok");
    const has = database.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'rows'").get()!["n"];
    return has === 0 ? 0 : Number(database.prepare("SELECT count(*) AS n FROM rows").get()!["n"]);
  } finally {
    database.close();
    rmSync(directory, { recursive: true });
  }
}
