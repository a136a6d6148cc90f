import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ServerException } from "@aws-sdk/client-batch";
import type { CrashPoint } from "../../src/ports/crash-points.ts";
import { CRASH_POINTS } from "../../src/ports/crash-points.ts";
import { batchClient } from "../support/clients.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { allEnded, submitScript } from "../support/jobs.ts";
import { ownPostgres, postgresUnavailable } from "../support/postgres.ts";
import { CrashRounds } from "./crash-rounds.ts";
import { configurationOf, mixed, prepareMixed } from "./crash-workload.ts";
import { note, openLedger } from "./ledger.ts";
import { newDataDir, spawnServer } from "./server.ts";

const skip = postgresUnavailable() ?? false;
const MACHINE = { vcpus: 64, memoryMiB: 262_144 };

test("killed around a commit of PostgreSQL, nothing is lost and nothing runs twice", { skip }, async (t) => {
  const points = (Object.keys(CRASH_POINTS) as CrashPoint[]).filter((point) => point.startsWith("postgres."));
  const [ledger, dataDir] = [openLedger(t), newDataDir()];
  writeFileSync(join(dataDir, "config.json"), configurationOf(ledger));
  const server = await spawnServer(t, { ...MACHINE, more: ["--database-url", await emptyDatabase()] }, dataDir);
  await prepareMixed(batchClient(t, server.url), ledger);
  await server.kill();
  const rounds = new CrashRounds(t, server, ledger);
  for (const [index, point] of points.entries())
    await rounds.round(point, 9 + 2 * index, (round) => mixed(round, ledger));
  await rounds.settle();
  assert.equal(await server.stop(), 0);
  await rounds.nothingIsLeft();
});

test(
  "PostgreSQL is killed and stopped under load: what was acknowledged is kept and runs once, and the server goes on by itself",
  { skip },
  async (t) => {
    const postgres = await ownPostgres(t, { isDurable: true });
    const ledger = openLedger(t);
    const more = ["--database-url", await postgres.createDatabase()];
    const server = await spawnServer(t, { ...MACHINE, more });
    const batch = batchClient(t, server.url);
    const environment = [{ name: "LEDGER", value: ledger.directory }];
    const acknowledged: string[] = [];
    const refusals: unknown[] = [];
    const load = { isOver: false };
    const submitter = async (): Promise<void> => {
      while (!load.isOver) {
        try {
          acknowledged.push(await submitScript(batch, note("ran"), { containerOverrides: { environment } }));
        } catch (error) {
          refusals.push(error);
        }
      }
    };
    const submitters = Array.from({ length: 4 }, submitter);
    const more20 = async (): Promise<void> => {
      const enough = acknowledged.length + 20;
      await ledger.untilLines("twenty more run", (lines) => acknowledged.length >= enough && lines.length >= enough);
    };
    await more20();
    for (const end of [() => postgres.kill(), () => postgres.stop("fast"), () => postgres.stop("immediate")]) {
      const before = refusals.length;
      await end();
      // Somebody has been told that it is not there.
      await ledger.untilLines("a request was refused", () => refusals.length > before);
      await postgres.start();
      await more20();
    }
    load.isOver = true;
    await Promise.all(submitters);
    for (const refusal of refusals) {
      assert.ok(refusal instanceof ServerException, String(refusal));
      assert.ok(!/Longshore failed on this request/.test(refusal.message), server.stderr);
    }
    for (const { jobId, status, attempts } of await allEnded(batch, acknowledged))
      assert.deepEqual([status, attempts?.length], ["SUCCEEDED", 1], jobId);
    const lines = ledger.lines();
    assert.equal(new Set(lines).size, lines.length, "nothing runs twice");
    const there = new Set(lines);
    for (const jobId of acknowledged) assert.ok(there.has(`ran ${jobId} 1`), jobId);
  },
);
