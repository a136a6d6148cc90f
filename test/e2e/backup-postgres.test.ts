import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { batchClient } from "../support/clients.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { describeJob, ended, submitScript, untilStatus } from "../support/jobs.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { note, openLedger, WAIT_FOR_GO } from "./ledger.ts";
import { spawnServer } from "./server.ts";

const LONGSHORE = join(import.meta.dirname, "..", "..", "longshore");

async function longshore(...args: string[]): Promise<string> {
  return (await promisify(execFile)(LONGSHORE, args)).stdout;
}

test("a server on PostgreSQL is backed up into a file, and restored into another database", async (t) => {
  const missing = postgresUnavailable();
  if (missing !== undefined) return t.skip(missing);
  const [before, after] = [await emptyDatabase(), await emptyDatabase()];
  const ledger = openLedger(t);
  const directory = mkdtempSync(join(tmpdir(), "longshore-backup-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const server = await spawnServer(t, { vcpus: 1, more: ["--database-url", before] });
  const batch = batchClient(t, server.url);
  const job = { containerOverrides: { environment: [{ name: "LEDGER", value: ledger.directory }] } };
  const running = await submitScript(batch, `${note("began")}; ${WAIT_FOR_GO}`, job);
  await untilStatus(batch, running, "RUNNING");
  const waiting = await submitScript(batch, note("began"), job);
  const backup = join(directory, "store.db");
  assert.match(await longshore("backup", backup, "--data-dir", server.dataDir), /: 2 jobs, .* Checked\.$/m);
  const later = await submitScript(batch, note("began"), job);
  await server.kill();

  const where = ["--data-dir", server.dataDir, "--database-url", after];
  await assert.rejects(
    longshore("restore", backup, "--data-dir", server.dataDir, "--database-url", before),
    /not empty/,
  );
  assert.match(await longshore("restore", backup, ...where), /1 job had started/);
  const restored = await spawnServer(t, { vcpus: 1, more: ["--database-url", after] }, server.dataDir);
  const again = batchClient(t, restored.url);
  ledger.go();
  for (const jobId of [running, waiting]) {
    const { status, attempts } = await ended(again, jobId);
    assert.deepEqual([status, attempts?.length], ["SUCCEEDED", 1]);
  }
  await assert.rejects(describeJob(again, later), /is not there/);
  assert.deepEqual(ledger.lines(), [`began ${running} 1`, `began ${waiting} 1`]);
});
