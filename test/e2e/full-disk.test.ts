import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { allEnded, describeJob, ended, logLines, submitScript, untilStatus } from "../support/jobs.ts";
import { batchClient, logsClient } from "../support/clients.ts";
import type { Ledger } from "./ledger.ts";
import { note, openLedger, WAIT_FOR_GO } from "./ledger.ts";
import { ServerFailed, spawnServer } from "./server.ts";

const DISK_MIB = 8;
/** Far more than fit on such a disk. */
const MAX_SUBMISSIONS = 20_000;

/** A small disk of its own, or why there can be none. */
function mountDisk(t: TestContext): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), "longshore-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", directory], { stdio: "ignore" });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync("umount", ["--lazy", directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (const bytes of [65_536, 1]) {
      const block = Buffer.alloc(bytes, "x");
      while (tryWrite(file, block));
    }
  } finally {
    closeSync(file);
  }
}

function tryWrite(file: number, block: Buffer): boolean {
  try {
    return writeSync(file, block) > 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") return false;
    throw error;
  }
}

const job = (ledger: Ledger) => ({
  containerOverrides: { environment: [{ name: "LEDGER", value: ledger.directory }] },
});

test("a full disk: submissions are refused with the cause, acknowledged jobs survive, and with space it works again", async (t) => {
  const disk = mountDisk(t);
  if (disk === undefined) return t.skip("a disk of its own can be mounted by root only");
  const ledger = openLedger(t);
  const server = await spawnServer(t, { vcpus: 2 }, join(disk, "data"));
  let batch = batchClient(t, server.url);
  const script = `${note("began")}; ${WAIT_FOR_GO}; ${note("done")}`;
  const acknowledged = await Promise.all(Array.from({ length: 3 }, () => submitScript(batch, script, job(ledger))));
  await ledger.untilLines("two jobs run", (lines) => lines.length === 2);
  const running = ledger.lines().map((line) => line.split(" ")[1]!);
  for (const jobId of running) await untilStatus(batch, jobId, "RUNNING");
  fill(join(disk, "filler"));

  // The database's log file may have room of its own for some more: what it takes must survive as well.
  let refusal: unknown;
  for (let count = 0; refusal === undefined && count < MAX_SUBMISSIONS; count += 1) {
    try {
      acknowledged.push(await submitScript(batch, script, job(ledger)));
    } catch (error) {
      refusal = error;
    }
  }
  assert.ok(refusal instanceof Error, "the disk is full");
  assert.deepEqual(
    [refusal.name, refusal.message],
    [
      "ServerException",
      "The disk of the data directory is full: free some space and try again. Nothing of this request was kept.",
    ],
  );
  assert.equal((await describeJob(batch, running[0]!)).status, "RUNNING");
  ledger.go();
  await ledger.untilLines(
    "the running ones end",
    (lines) => lines.filter((line) => line.startsWith("done")).length >= 2,
  );
  rmSync(join(disk, "filler"));
  acknowledged.push(await submitScript(batch, script, job(ledger)));
  for (const { status, jobId, statusReason } of await allEnded(batch, acknowledged)) {
    assert.equal(status, "SUCCEEDED", `${jobId}: ${statusReason}`);
  }

  fill(join(disk, "filler"));
  await server.kill();
  // On a full disk it starts, or says why not.
  await server.start().then(
    () => server.kill(),
    (error: unknown) => {
      assert.ok(error instanceof ServerFailed, String(error));
      assert.match(error.message, /no space left on device|disk is full|disk of the data directory is full/i);
      assert.doesNotMatch(error.message, /^ {4}at /m, "a message, not a stack");
    },
  );
  rmSync(join(disk, "filler"));
  await server.start();
  batch = batchClient(t, server.url);
  const last = await submitScript(batch, script, job(ledger));
  assert.equal((await ended(batch, last)).status, "SUCCEEDED");
  for (const jobId of acknowledged) assert.equal((await untilStatus(batch, jobId, "SUCCEEDED")).attempts?.length, 1);
  const expected = [...acknowledged, last].flatMap((jobId) => [`began ${jobId} 1`, `done ${jobId} 1`]);
  assert.deepEqual(ledger.lines().toSorted(), expected.toSorted());
});

test("a disk that output has filled: its program is told so, the others go on, and with space all ends are known and all lines there", async (t) => {
  const disk = mountDisk(t);
  if (disk === undefined) return t.skip("a disk of its own can be mounted by root only");
  const ledger = openLedger(t);
  const server = await spawnServer(t, { vcpus: 3 }, join(disk, "data"));
  const [batch, logs] = [batchClient(t, server.url), logsClient(t, server.url)];
  const reserve = join(disk, "reserve");
  writeFileSync(reserve, Buffer.alloc(2 ** 20));
  const quiet = await submitScript(
    batch,
    `echo first; ${note("began")}; ${WAIT_FOR_GO}; echo last; ${note("done")}`,
    job(ledger),
  );
  await untilStatus(batch, quiet, "RUNNING");
  const pad = "pad=$(head -c 1000 /dev/zero | tr '\\0' x)";
  const talk = `${pad}; i=0; while echo "line $i $pad"; do i=$((i + 1)); done 2> /dev/null`;
  const loud = await submitScript(batch, `${talk}; ${note("full")}; exit 7`, job(ledger));
  await ledger.untilLines("the disk is full", (lines) => lines.some((line) => line.startsWith("full ")));
  assert.equal((await describeJob(batch, quiet)).status, "RUNNING");
  rmSync(reserve);
  const end = await ended(batch, loud);
  assert.deepEqual([end.status, end.container?.exitCode], ["FAILED", 7]);
  ledger.go();
  const other = await ended(batch, quiet);
  assert.equal(other.status, "SUCCEEDED");
  assert.deepEqual(await logLines(logs, other.container!.logStreamName!, 2), ["first", "last"]);
  const [first, second] = await logLines(logs, end.container!.logStreamName!, 2);
  assert.match(`${first} ${second}`, /^line 0 x{1000} line 1 x{1000}$/);
});
