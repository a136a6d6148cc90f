import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { after, before, test } from "node:test";
import { BatchServiceException, DescribeJobsCommand, ListJobsCommand, ServerException } from "@aws-sdk/client-batch";
import type { RunningServer } from "../../src/compose.ts";
import { startServer } from "../../src/compose.ts";
import { StartError } from "../../src/compose/start-error.ts";
import { batchClient } from "../support/clients.ts";
import { submitScript } from "../support/jobs.ts";
import { removeDataDir } from "../support/leftovers.ts";
import { newDataDir, spawnServer } from "./server.ts";

const JOBS = 300;
const UNFIT = { containerOverrides: { resourceRequirements: [{ type: "VCPU" as const, value: "8" }] } };

/** Of a server that was killed: a database, and a log in which its last commits are. */
const killed = mkdtempSync(join(tmpdir(), "longshore-killed-"));
/** Of one that was stopped: all is in the database. */
const stopped = mkdtempSync(join(tmpdir(), "longshore-stopped-"));
const acknowledged: string[] = [];

before(async () => {
  const cleanUps: (() => unknown)[] = [];
  const owner = { after: (task: () => unknown) => void cleanUps.push(task) };
  const server = await spawnServer(owner, { vcpus: 1 });
  const batch = batchClient(owner, server.url);
  const submit = () => submitScript(batch, "true", UNFIT);
  for (let count = 0; count < JOBS; count += 50)
    acknowledged.push(...(await Promise.all(Array.from({ length: 50 }, submit))));
  // The last ones each have a commit of their own.
  for (let count = 0; count < 3; count += 1) acknowledged.push(await submit());
  await server.kill();
  cpSync(server.dataDir, killed, { recursive: true });
  await server.start();
  await server.stop();
  cpSync(server.dataDir, stopped, { recursive: true });
  for (const task of cleanUps.toReversed()) await task();
});

after(() => {
  for (const directory of [killed, stopped]) rmSync(directory, { recursive: true });
});

function copyOf(t: TestContext, directory: string): string {
  const dataDir = newDataDir();
  t.after(() => removeDataDir(dataDir));
  cpSync(directory, dataDir, { recursive: true });
  return dataDir;
}

function start(dataDir: string): Promise<RunningServer> {
  return startServer({ host: "127.0.0.1", port: 0, dataDir, driver: "process", vcpus: 1, logLevel: "silent" });
}

/** It does not start, and says what is the matter and what to do. */
async function assertDamaged(dataDir: string, why: RegExp): Promise<void> {
  await assert.rejects(start(dataDir), (error: unknown) => {
    assert.ok(error instanceof StartError, String(error));
    assert.equal(error.code, "DATA_DIR_DAMAGED");
    assert.ok(error.message.startsWith(`The database in ${dataDir} is damaged (`), error.message);
    assert.match(error.message, why);
    assert.ok(error.message.includes(`longshore restore BACKUP --data-dir ${dataDir}`), error.message);
    return true;
  });
}

async function jobsThere(t: TestContext, url: string, ids: readonly string[]): Promise<number> {
  let found = 0;
  const batch = batchClient(t, url);
  for (let from = 0; from < ids.length; from += 100) {
    const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: ids.slice(from, from + 100) }));
    found += jobs.length;
  }
  return found;
}

test("what was killed, and what was stopped, starts with all that was acknowledged", async (t) => {
  assert.ok(statSync(join(killed, "longshore.db-wal")).size > 0, "the last commits are in the log only");
  for (const directory of [killed, stopped]) {
    const server = await start(copyOf(t, directory));
    t.after(() => server.close());
    assert.equal(await jobsThere(t, server.url, acknowledged), acknowledged.length);
  }
});

test("a database that is empty, missing, or a directory is never begun anew", async (t) => {
  const empty = copyOf(t, stopped);
  truncateSync(join(empty, "longshore.db"));
  await assertDamaged(empty, /longshore\.db is empty, although the directory was in use/);
  assert.equal(statSync(join(empty, "longshore.db")).size, 0, "it is as it was");
  const missing = copyOf(t, stopped);
  renameSync(join(missing, "longshore.db"), join(missing, "moved"));
  await assertDamaged(missing, /longshore\.db is missing.*--database-url.*remove secret\.key/);
  const directory = copyOf(t, stopped);
  rmSync(join(directory, "longshore.db"));
  mkdirSync(join(directory, "longshore.db"));
  await assertDamaged(directory, /longshore\.db is a directory/);
});

test("a database that was cut short, whose header is another's, or whose pages do not fit, is refused", async (t) => {
  const size = statSync(join(stopped, "longshore.db")).size;
  for (const length of [100, 4096, size / 2, size - 4096]) {
    const cut = copyOf(t, stopped);
    truncateSync(join(cut, "longshore.db"), length);
    await assertDamaged(cut, /malformed|not a database|disk image/);
  }
  for (const at of [0, 16, 4096 * 3, 4096 * 11]) {
    const overwritten = copyOf(t, stopped);
    overwrite(join(overwritten, "longshore.db"), at, Buffer.alloc(100, 0xa5));
    await assertDamaged(overwritten, /malformed|not a database|page|row|index/i);
  }
});

test("a log that is torn costs what was not acknowledged, and nothing else", async (t) => {
  const tail = copyOf(t, killed);
  // As though a commit had been under way: whole frames of another one, and a half.
  const log = readFileSync(join(tail, "longshore.db-wal"));
  appendFileSync(join(tail, "longshore.db-wal"), log.subarray(32, 32 + 2 * (24 + 4096) + 1000));
  const server = await start(tail);
  t.after(() => server.close());
  assert.equal(await jobsThere(t, server.url, acknowledged), acknowledged.length);

  const torn = copyOf(t, killed);
  const last = lastFrame(log);
  overwrite(join(torn, "longshore.db-wal"), last + 24 + 2000, Buffer.alloc(512));
  const other = await start(torn);
  t.after(() => other.close());
  assert.ok((await jobsThere(t, other.url, acknowledged)) >= acknowledged.length - 1);
});

test("a bit that is another: the server does not start, or answers what it was asked, or that the store is damaged", async (t) => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  t.diagnostic(`SEED=${seed}`);
  const next = generator(seed);
  const original = readFileSync(join(stopped, "longshore.db"));
  const dataDir = copyOf(t, stopped);
  for (let round = 0; round < 12; round += 1) {
    copyFileSync(join(stopped, "longshore.db"), join(dataDir, "longshore.db"));
    const bytes = Buffer.from(original);
    const at = next(bytes.length);
    bytes[at] = bytes[at]! ^ (1 << next(8));
    writeFileSync(join(dataDir, "longshore.db"), bytes);
    let server: RunningServer;
    try {
      server = await start(dataDir);
    } catch (error) {
      assert.ok(error instanceof StartError && error.code === "DATA_DIR_DAMAGED", String(error));
      continue;
    }
    // A text that is another one, and still JSON, is what somebody might have written.
    const ask = saysSomethingElse(bytes, original) ? answered : honest;
    try {
      const batch = batchClient(t, server.url);
      await ask(() => batch.send(new ListJobsCommand({ jobQueue: "default", jobStatus: "RUNNABLE" })));
      await ask(() => jobsThere(t, server.url, acknowledged));
      await ask(() => submitScript(batch, "true", UNFIT));
    } finally {
      await server.close();
    }
  }
});

/** An answer, or an error that names the way out; never an unexplained one. */
async function honest(ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    assert.ok(error instanceof ServerException, String(error));
    assert.match(error.message, /damaged: restore the last backup with `longshore restore`/);
  }
}

/** An answer or an error. */
async function answered(ask: () => Promise<unknown>): Promise<void> {
  await ask().catch((error: unknown) => assert.ok(error instanceof BatchServiceException, String(error)));
}

/** The bytes that differ are in a text: not in what SQLite itself has written around it. */
function saysSomethingElse(bytes: Buffer, original: Buffer): boolean {
  const at = bytes.findIndex((byte, index) => byte !== original[index]);
  const around = original.subarray(at - 3, at + 4);
  return around.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function overwrite(path: string, at: number, bytes: Buffer): void {
  const whole = readFileSync(path);
  bytes.copy(whole, at);
  writeFileSync(path, whole);
}

/** Where the last frame of a write-ahead log begins that belongs to it. */
function lastFrame(log: Buffer): number {
  const frameBytes = 24 + log.readUInt32BE(8);
  let last = 32;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) {
    if (log.subarray(at + 8, at + 16).equals(log.subarray(16, 24))) last = at;
  }
  return last;
}

/** Whole numbers below a limit, the same for the same seed. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
