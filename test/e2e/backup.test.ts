import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { promisify } from "node:util";
import { DescribeJobsCommand } from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { describeJob, ended, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { note, openLedger, WAIT_FOR_GO } from "./ledger.ts";
import { failingServer, spawnServer } from "./server.ts";

const LONGSHORE = join(import.meta.dirname, "..", "..", "longshore");

async function longshore(...args: string[]): Promise<string> {
  return (await promisify(execFile)(LONGSHORE, args)).stdout;
}

function newDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-backup-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The first pages of the database and of its log are something else. */
function tear(database: string): void {
  for (const path of [database, `${database}-wal`]) {
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(6_000, "torn"), 0, 6_000, 0);
    closeSync(file);
  }
}

test("a server under load is backed up, killed, its database torn and restored: nothing acknowledged is lost, nothing runs twice", async (t) => {
  const ledger = openLedger(t);
  const backups = newDirectory(t);
  const server = await spawnServer(t, { vcpus: 4 });
  let batch = batchClient(t, server.url);
  const gate = (name: string): string => WAIT_FOR_GO.replaceAll("$LEDGER/go", `$LEDGER/${name}`);
  const job = { containerOverrides: { environment: [{ name: "LEDGER", value: ledger.directory }] } };
  const begin = (script: string, more = {}): Promise<string> =>
    submitScript(batch, `${note("began")}; ${script}`, { ...job, ...more });

  const over = await begin("true");
  await ended(batch, over);
  // They go on through all of it, or end after the backup; the others do not fit beside them.
  const lasting = await Promise.all([0, 1].map(() => begin(WAIT_FOR_GO)));
  const ending = await Promise.all([0, 1].map(() => begin(gate("gate"))));
  for (const jobId of [...lasting, ...ending]) await untilStatus(batch, jobId, "RUNNING");
  const waiting = await begin("true");
  const array = await begin(gate("half"), { arrayProperties: { size: 3 } });
  const last = await begin("true");

  const acknowledged = [over, ...lasting, ...ending, waiting, array, last];
  const before = acknowledged.length;
  const isDone = new AbortController();
  const load = (async () => {
    while (!isDone.signal.aborted) acknowledged.push(await begin("true"));
  })();
  const said = JSON.parse(await longshore("backup", backups, "--data-dir", server.dataDir, "--json")) as {
    backup: string;
    jobs: number;
  };
  isDone.abort();
  await load;
  assert.ok(said.jobs >= before);

  // The first one that waits runs to its end, two children of the array begin.
  writeFileSync(join(ledger.directory, "gate"), "");
  for (const jobId of [...ending, waiting]) assert.equal((await ended(batch, jobId)).status, "SUCCEEDED");
  await ledger.untilLines("children begin", (lines) => lines.filter((line) => line.includes(`${array}:`)).length === 2);
  await server.kill();
  tear(join(server.dataDir, "longshore.db"));
  const failing = await failingServer(server.dataDir);
  assert.equal(failing.exitCode, 3);

  const restored = await longshore("restore", said.backup, "--data-dir", server.dataDir);
  assert.match(restored, /What was there before is .*longshore\.db\.before-restore-\d+/);
  await server.start();
  batch = batchClient(t, server.url);
  for (const name of ["go", "half"]) writeFileSync(join(ledger.directory, name), "");

  const known = acknowledged.slice(0, before);
  const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: known }));
  assert.equal(jobs.length, before, "all that was acknowledged before the backup is there");
  assert.equal((await describeJob(batch, over)).status, "SUCCEEDED");
  for (const jobId of lasting) {
    const { status, attempts } = await ended(batch, jobId);
    assert.deepEqual([status, attempts?.length], ["SUCCEEDED", 1], "what ran all the time is found running");
  }
  for (const jobId of ending) {
    const { status, statusReason, attempts } = await ended(batch, jobId);
    assert.equal(attempts?.length, 1);
    if (status === "FAILED") assert.match(statusReason!, /^Host EC2 .* terminated\.$/);
  }
  const ran = await ended(batch, waiting);
  assert.equal(ran.status, "FAILED");
  assert.match(ran.statusReason!, /^Longshore was restored from a backup of .*Z: it has begun since then/);
  await ended(batch, array);
  const children = await Promise.all([0, 1, 2].map((index) => ended(batch, `${array}:${index}`)));
  assert.equal(children.filter(({ status }) => status === "FAILED").length, 2, "the two that had begun");
  assert.equal(children.filter(({ status }) => status === "SUCCEEDED").length, 1);
  assert.equal((await ended(batch, last)).status, "SUCCEEDED");
  await until("nothing is active any more", async () => {
    const described = await batch.send(new DescribeJobsCommand({ jobs: acknowledged.slice(0, 100) }));
    return (described.jobs ?? []).every(({ status }) => status === "SUCCEEDED" || status === "FAILED");
  });
  const lines = ledger.lines();
  assert.equal(new Set(lines).size, lines.length, "nothing has begun twice");
  assert.deepEqual(
    readdirSync(server.dataDir).filter((name) => /restoring|draft/.test(name)),
    [],
  );
});
