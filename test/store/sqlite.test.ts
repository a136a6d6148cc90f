import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { StoreUnavailable } from "../../src/ports/store.ts";
import { statement } from "../../src/store/database.ts";
import { DatabaseInUse, SqliteDatabase } from "../../src/store/sqlite/database.ts";

function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-store-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function openNumbers(t: TestContext): Promise<{ database: SqliteDatabase; file: string }> {
  const file = path.join(makeDirectory(t), "test.db");
  const database = new SqliteDatabase(file);
  t.after(() => database.close());
  await database.write([statement(`CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT NOT NULL)`)]);
  return { database, file };
}

const insert = (n: number, text = "") => statement(`INSERT INTO numbers VALUES (?, ?)`, n, text);

async function count(database: SqliteDatabase): Promise<number> {
  const [row] = await database.read(`SELECT count(*) AS count FROM numbers`);
  return Number(row!["count"]);
}

/** How many commits are in the write-ahead log: each one's last frame says how large the database is after it. */
function commitsInWal(file: string): number {
  const wal = readFileSync(`${file}-wal`);
  const frameBytes = 24 + wal.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= wal.length; at += frameBytes) {
    const isOfThisLog = wal.subarray(at + 8, at + 16).equals(wal.subarray(16, 24));
    if (isOfThisLog && wal.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return commits;
}

test("writes that come together share one commit", async (t) => {
  const { database, file } = await openNumbers(t);
  const before = commitsInWal(file);
  await Promise.all(Array.from({ length: 500 }, (_, n) => database.write([insert(n)])));
  assert.equal(commitsInWal(file), before + 1);
  assert.equal(await count(database), 500);
  for (let n = 500; n < 503; n += 1) await database.write([insert(n)]);
  assert.equal(commitsInWal(file), before + 4);
});

test("more writes than one commit takes are all written", async (t) => {
  const { database } = await openNumbers(t);
  await Promise.all(Array.from({ length: 4_500 }, (_, n) => database.write([insert(n)])));
  assert.equal(await count(database), 4_500);
});

test("a write that fails takes back its own statements, and no other's", async (t) => {
  const { database } = await openNumbers(t);
  const results = await Promise.allSettled([
    database.write([insert(1)]),
    database.write([insert(2), insert(1)]),
    database.write([insert(3)]),
    database.write([statement(`INSERT INTO nowhere VALUES (1)`)]),
    database.write([insert(4)]),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
  );
  const rows = await database.read(`SELECT n FROM numbers ORDER BY n`);
  assert.deepEqual(
    rows.map(({ n }) => n),
    [1, 3, 4],
  );
});

test("`unless` refuses a write after its statements have told what they did", async (t) => {
  const { database } = await openNumbers(t);
  await database.write([insert(1)]);
  const update = statement(`UPDATE numbers SET text = 'new' WHERE n = ? RETURNING n`, 7);
  const [beside, refused] = await Promise.allSettled([
    database.write([insert(2)]),
    database.write([insert(3), update], ([, updated]) => (updated!.changes === 0 ? new Error("not there") : undefined)),
  ]);
  assert.equal(beside.status, "fulfilled");
  assert.match(String(refused.status === "rejected" && refused.reason), /not there/);
  assert.equal(await count(database), 2);
  const [written] = await database.write([statement(`UPDATE numbers SET text = 'x' RETURNING n`)], () => undefined);
  assert.deepEqual(
    written!.rows.map(({ n }) => n),
    [1, 2],
  );
});

test("a full disk fails what does not fit, keeps what was acknowledged, and is no harm once there is room", async (t) => {
  const { database, file } = await openNumbers(t);
  await database.write([insert(0, "kept")]);
  const [pages] = await database.read(`PRAGMA page_count`);
  await database.read(`PRAGMA max_page_count = ${Number(pages!["page_count"]) + 20}`);
  const acknowledged = new Set([0]);
  let failures = 0;
  for (let n = 1; failures < 3; n += 3) {
    assert.ok(n < 1_000, "the disk is never full");
    const group = [n, n + 1, n + 2].map((one) => database.write([insert(one, "x".repeat(3_000))]));
    for (const [at, result] of (await Promise.allSettled(group)).entries()) {
      if (result.status === "fulfilled") acknowledged.add(n + at);
      else {
        failures += 1;
        assert.ok(result.reason instanceof StoreUnavailable, String(result.reason));
        assert.match(result.reason.message, /disk of the data directory is full: free some space/);
      }
    }
  }
  await database.read(`PRAGMA max_page_count = 1000000`);
  await database.write([insert(5_000)]);
  acknowledged.add(5_000);
  await database.close();
  const again = new SqliteDatabase(file);
  const rows = await again.read(`SELECT n FROM numbers ORDER BY n`);
  assert.deepEqual(
    rows.map(({ n }) => n),
    [...acknowledged],
  );
  await again.close();
});

test("a closed store is unavailable, to readers too", async (t) => {
  const { database } = await openNumbers(t);
  await database.close();
  await database.close();
  await assert.rejects(database.write([insert(1)]), StoreUnavailable);
  await assert.rejects(database.read(`SELECT 1`), StoreUnavailable);
});

test("closing finishes what was accepted", async (t) => {
  const { database, file } = await openNumbers(t);
  const writes = Array.from({ length: 2_500 }, (_, n) => database.write([insert(n)]));
  await database.close();
  await Promise.all(writes);
  const again = new SqliteDatabase(file);
  assert.equal(await count(again), 2_500);
  await again.close();
});

interface Writer {
  readonly process: ChildProcess;
  readonly lines: string[];
  /** Resolves with what the process says first. */
  readonly first: Promise<string>;
  readonly ended: Promise<unknown>;
  /** Resolves with the first line, from now on, that is meant. */
  reached(isMeant: (line: string) => boolean): Promise<void>;
}

function startWriter(t: TestContext, file: string, from = 0): Writer {
  const program = path.join(import.meta.dirname, "writer.ts");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, file, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  const reader = createInterface(child.stdout);
  reader.on("line", (line) => lines.push(line));
  const first = once(reader, "line").then(([line]) => String(line));
  const reached = (isMeant: (line: string) => boolean) =>
    new Promise<void>((resolve) => void reader.on("line", (line) => isMeant(line) && resolve()));
  return { process: child, lines, first, ended: once(reader, "close"), reached };
}

test("one process at a time: another one is told so, and a killed one leaves no lock behind", async (t) => {
  const file = path.join(makeDirectory(t), "test.db");
  const writer = startWriter(t, file);
  assert.equal(await writer.first, "open");
  assert.throws(() => new SqliteDatabase(file), DatabaseInUse);
  writer.process.kill("SIGKILL");
  await writer.ended;
  const database = new SqliteDatabase(file);
  assert.equal(await startWriter(t, file).first, "in use");
  await database.close();
});

test("what was acknowledged survives kill -9 at any moment, whole", async (t) => {
  const file = path.join(makeDirectory(t), "test.db");
  const acknowledged = new Set<number>();
  for (let round = 0; round < 5; round += 1) {
    const writer = startWriter(t, file, round * 1_000_000);
    assert.equal(await writer.first, "open");
    const wanted = 20 + Math.floor(Math.random() * 400);
    await writer.reached((line) => Number(line) % 1_000_000 >= wanted);
    writer.process.kill("SIGKILL");
    await writer.ended;
    for (const line of writer.lines) if (/^\d+$/.test(line)) acknowledged.add(Number(line));
    const database = new SqliteDatabase(file);
    const rows = await database.read(`SELECT n, twin FROM acks`);
    const stored = new Set(rows.map(({ n }) => Number(n)));
    for (const n of acknowledged) assert.ok(stored.has(n), `round ${round}: ${n} was acknowledged and is gone`);
    for (const { twin } of rows)
      assert.ok(stored.has(Number(twin)) && stored.has(-Number(twin) - 1), `half of ${twin}`);
    await database.close();
  }
  assert.ok(acknowledged.size > 100);
});
