import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { TerminateJobCommand } from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { describeJob, ended, logLines, submitScript, untilStatus } from "../support/jobs.ts";
import { note, openLedger, WAIT_FOR_GO } from "./ledger.ts";
import { newDataDir, spawnServer } from "./server.ts";

const CLOCK_SET = pathToFileURL(join(import.meta.dirname, "clock-set.ts")).href;
const HOUR_MS = 3_600_000;

for (const [how, byMs] of [
  ["forward", 3 * HOUR_MS],
  ["back", -3 * HOUR_MS],
] as const) {
  test(`a server whose clock is set ${how} kills nothing early, runs nothing twice, and ends what is to end`, async (t) => {
    const [ledger, dataDir] = [openLedger(t), newDataDir()];
    const file = join(dataDir, "clock");
    const setClock = (ms: number): void => {
      writeFileSync(`${file}.new`, String(ms));
      renameSync(`${file}.new`, file);
    };
    setClock(0);
    const variables = { NODE_OPTIONS: `--import=${CLOCK_SET}`, TEST_CLOCK_FILE: file };
    const server = await spawnServer(t, { variables }, dataDir);
    const [batch, logs] = [batchClient(t, server.url), logsClient(t, server.url)];
    const environment = [{ name: "LEDGER", value: ledger.directory }];
    const job = { containerOverrides: { environment } };
    const patient = await submitScript(batch, `${note("began")}; ${WAIT_FOR_GO}; echo done`, {
      ...job,
      timeout: { attemptDurationSeconds: 3_600 },
    });
    // It ignores SIGTERM: its thirty seconds begin before the clock is set.
    const stubborn = await submitScript(
      batch,
      `trap 'echo told' TERM; ${note("began")}; ${WAIT_FOR_GO}; ${WAIT_FOR_GO}`,
      job,
    );
    for (const jobId of [patient, stubborn]) await untilStatus(batch, jobId, "RUNNING");
    await ledger.untilLines("both run", (lines) => lines.length === 2);
    await batch.send(new TerminateJobCommand({ jobId: stubborn, reason: "enough" }));
    const stream = (await describeJob(batch, stubborn)).container!.logStreamName!;
    await logLines(logs, stream, 1);
    setClock(byMs);
    // The engine looks at the clock, with this job above all.
    const after = await submitScript(batch, note("began"), job);
    assert.equal((await ended(batch, after)).status, "SUCCEEDED");
    for (const jobId of [patient, stubborn]) assert.equal((await describeJob(batch, jobId)).status, "RUNNING");
    await server.kill();
    await server.start();
    const next = batchClient(t, server.url);
    for (const jobId of [patient, stubborn]) assert.equal((await describeJob(next, jobId)).status, "RUNNING");
    ledger.go();
    const end = await ended(next, patient);
    assert.deepEqual([end.status, end.attempts?.length], ["SUCCEEDED", 1]);
    assert.ok(end.stoppedAt! >= end.startedAt!);
    assert.equal((await ended(next, stubborn)).statusReason, "enough");
    const expected = [patient, stubborn, after].map((jobId) => `began ${jobId} 1`);
    assert.deepEqual(ledger.lines().toSorted(), expected.toSorted());
  });
}
