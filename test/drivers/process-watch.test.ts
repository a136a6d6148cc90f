import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { isAlive } from "../../src/drivers/process/process-table.ts";
import { OUT_OF_MEMORY } from "../../src/ports/driver.ts";
import { openSession, until } from "../conformance/driver/events.ts";
import type { Session } from "../conformance/driver/events.ts";
import { attempt, BUSY, untilSeenBusy } from "../conformance/driver/suite.ts";
import { makeProcessHarness } from "../support/process-harness.ts";
import type { ProcessHarness } from "../support/process-harness.ts";

/** Machines that let nobody make control groups: what is watched instead. */

function watchTest(name: string, run: (session: Session, harness: ProcessHarness) => Promise<void>): void {
  test(name, { skip: existsSync("/proc/self/stat") ? false : "there is no /proc to look at" }, async () => {
    const harness = await makeProcessHarness();
    const session = await openSession(harness.createDriver("watch"));
    try {
      await run(session, harness);
    } finally {
      await session.close();
      await harness.dispose();
    }
    assert.deepEqual(harness.notices, []);
  });
}

/** More than any limit here, and bounded, in case nobody ends it. */
const HOLD = "head -c 200000000 /dev/zero | tail -c 200000000 | sleep 60";

const sh = (script: string, memoryMiB = 128) => attempt({ command: ["sh", "-c", script] }, { memoryMiB });

watchTest(
  "a process that left its process group ends with its attempt, before that is forgotten",
  async (session, harness) => {
    const spec = sh("setsid sh -c 'setsid sleep 600 & echo $!' & wait; exit 2");
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 2);
    const escaped = Number(await harness.readLog(spec.attemptId));
    assert.ok(escaped > 1);
    await session.driver.forget(spec.attemptId);
    assert.ok(!isAlive({ pid: escaped, startTicks: undefined }));
  },
);

watchTest("so it does when the server was closed meanwhile", async (session, harness) => {
  const spec = sh("setsid sleep 600 & echo $!; until [ -e go ]; do sleep 0.02; done");
  await session.driver.start(spec);
  await until("it is ready", async () => (await harness.readLog(spec.attemptId)) !== "");
  const escaped = Number(await harness.readLog(spec.attemptId));
  await session.close();
  const next = await openSession(harness.createDriver("watch"));
  try {
    await next.driver.stop(spec.attemptId, 0);
    await next.exited(spec.attemptId);
    await next.driver.forget(spec.attemptId);
    assert.ok(!isAlive({ pid: escaped, startTicks: undefined }));
  } finally {
    await next.close();
  }
});

watchTest("memory that is held outside of the process group counts", async (session) => {
  const spec = sh(`setsid sh -c "${HOLD}" & wait; exit 1`, 64);
  await session.driver.start(spec);
  const exited = await session.exited(spec.attemptId);
  assert.equal(exited.reason, OUT_OF_MEMORY);
  assert.ok(exited.usage!.peakMemoryMiB! > 64, JSON.stringify(exited.usage));
});

watchTest("what is used meanwhile", async (session) => {
  const spec = sh(BUSY);
  await session.driver.start(spec);
  await untilSeenBusy(session, spec.attemptId);
  await session.driver.stop(spec.attemptId, Date.now());
  await session.exited(spec.attemptId);
});

watchTest("what was used, also when nobody saw the end", async (session, harness) => {
  const spec = sh(
    "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo done; until [ -e go ]; do sleep 0.02; done; exit 4",
  );
  await session.driver.start(spec);
  await until("it has worked", async () => (await harness.readLog(spec.attemptId)) === "done\n");
  await session.close();
  const program = /^program (\d+) /m.exec(harness.journal(spec.attemptId))![1];
  process.kill(Number(program), "SIGUSR1");
  await until("it has ended", () => /^exit /m.test(harness.journal(spec.attemptId)));
  const next = await openSession(harness.createDriver("watch"));
  try {
    const { exitCode, usage } = await next.exited(spec.attemptId);
    assert.equal(exitCode, 138);
    assert.ok(usage!.cpuMs! >= 50 && usage!.cpuMs! < 30_000, JSON.stringify(usage));
  } finally {
    await next.close();
  }
});

watchTest("what two attempts of one shell used is told apart", async (session, harness) => {
  const first = sh("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo $PPID");
  await session.driver.start(first);
  const { usage: large } = await session.exited(first.attemptId);
  const second = sh("echo $PPID");
  await session.driver.start(second);
  const { usage: small } = await session.exited(second.attemptId);
  assert.equal(await harness.readLog(second.attemptId), await harness.readLog(first.attemptId), "one shell");
  assert.ok(small!.cpuMs! < large!.cpuMs! / 2, JSON.stringify([large, small]));
});

watchTest("a limit that was given before a restart holds", async (session, harness) => {
  const spec = sh(`echo ready; until [ -e go ]; do sleep 0.02; done; ${HOLD}; exit 1`, 48);
  await session.driver.start(spec);
  await until("it is ready", async () => (await harness.readLog(spec.attemptId)) !== "");
  await session.close();
  const next = await openSession(harness.createDriver("watch"));
  try {
    const program = /^program (\d+) /m.exec(harness.journal(spec.attemptId))![1];
    assert.ok(readFileSync(`/proc/${program}/environ`, "utf8").includes(spec.attemptId), "it bears its attempt's mark");
    writeFileSync(`/proc/${program}/cwd/go`, "");
    assert.equal((await next.exited(spec.attemptId)).reason, OUT_OF_MEMORY);
  } finally {
    await next.close();
  }
});
