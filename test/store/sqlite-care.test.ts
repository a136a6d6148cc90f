import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { StoreKeeper } from "../../src/engine/store-keeper.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { statement } from "../../src/store/database.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";

const MIB = 2 ** 20;

function newFile(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-care-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "store.db");
}

const fill = (rows: number) =>
  statement(
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
     INSERT INTO jobs (seq, text) SELECT n, hex(randomblob(500)) FROM numbers`,
    rows,
  );

/** Until the keeper sleeps for longer than between two steps. Returns how many steps it took. */
async function tidied(clock: VirtualClock): Promise<number> {
  for (let steps = 0; ; steps += 1) {
    const at = clock.nextTimerAt();
    assert.ok(at !== undefined);
    const isLastPause = steps > 0 && at - clock.now() >= 60_000;
    if (isLastPause) return steps;
    clock.advance(at - clock.now());
    while (clock.nextTimerAt() === undefined) await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

test("what is removed is given back to the disk in small steps, beside reads and writes; some stays for what comes", async (t) => {
  const path = newFile(t);
  const database = new SqliteDatabase(path);
  t.after(() => database.close());
  await database.write([statement(`CREATE TABLE jobs (seq INTEGER PRIMARY KEY, text TEXT)`), fill(40_000)]);
  const pages = async () => Number((await database.read(`PRAGMA page_count`))[0]!["page_count"]);
  const full = await pages();
  const clock = new VirtualClock();
  const onError = (what: string, error: unknown): void => assert.fail(`${what}: ${String(error)}`);
  const keeper = new StoreKeeper({ care: database.care, clock, onError });
  t.after(() => keeper.close());
  assert.equal(await tidied(clock), 1, "nothing to do");
  assert.equal(await pages(), full);
  await database.write([statement(`DELETE FROM jobs WHERE seq % 10 <> 0`)]);
  const steps = await tidied(clock);
  assert.ok(steps > 50, `${steps} steps`);
  assert.ok((await pages()) < full / 2, `${await pages()} pages of ${full}`);
  assert.equal(Number((await database.read(`SELECT count(*) AS jobs FROM jobs`))[0]!["jobs"]), 4_000);
  await database.close();
  assert.ok(statSync(path).size < (full * 4_096) / 2, "the file is shorter");
  const check = new DatabaseSync(path, { readOnly: true });
  assert.equal(check.prepare(`PRAGMA integrity_check`).get()!["integrity_check"], "ok");
  check.close();
});

test("while others write, a step comes once in a second", async (t) => {
  const database = new SqliteDatabase(newFile(t));
  t.after(() => database.close());
  await database.write([statement(`CREATE TABLE jobs (seq INTEGER PRIMARY KEY, text TEXT)`), fill(20_000)]);
  await database.write([statement(`DELETE FROM jobs`)]);
  assert.equal(await database.giveBack(), "busy");
  assert.equal(await database.giveBack(), "more");
  await database.write([fill(1)]);
  assert.equal(await database.giveBack(), "busy");
});

test("a file that was made without the means to become shorter is left as it is", async (t) => {
  const path = newFile(t);
  const old = new DatabaseSync(path);
  old.exec(`CREATE TABLE jobs (seq INTEGER PRIMARY KEY, text TEXT)`);
  old.close();
  const database = new SqliteDatabase(path);
  t.after(() => database.close());
  await database.write([fill(20_000)]);
  await database.write([statement(`DELETE FROM jobs`)]);
  assert.equal(await database.giveBack(), "done");
});

test("the log does not stay as large as the largest write", async (t) => {
  const path = newFile(t);
  const database = new SqliteDatabase(path);
  t.after(() => database.close());
  await database.write([statement(`CREATE TABLE jobs (seq INTEGER PRIMARY KEY, text TEXT)`), fill(60_000)]);
  assert.ok(statSync(`${path}-wal`).size > 50 * MIB);
  await database.write([statement(`DELETE FROM jobs WHERE seq = 1`)]);
  await database.write([statement(`DELETE FROM jobs WHERE seq = 2`)]);
  assert.ok(statSync(`${path}-wal`).size <= 32 * MIB, `${statSync(`${path}-wal`).size}`);
});
