import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, rmSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openJournals } from "../../src/drivers/process/journals.ts";
import { openWorkDirectories } from "../../src/drivers/process/work-directories.ts";
import type { AttemptSpec } from "../../src/ports/driver.ts";
import { openSession, until } from "../conformance/driver/events.ts";
import type { Session } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { systemClock } from "../support/clock.ts";
import { makeProcessHarness } from "../support/process-harness.ts";
import type { ProcessHarness } from "../support/process-harness.ts";

interface Bench {
  readonly harness: ProcessHarness;
  readonly open: (bootId?: string) => Promise<Session>;
}

function recoveryTest(name: string, run: (bench: Bench) => Promise<void>) {
  test(name, async () => {
    const harness = await makeProcessHarness();
    const sessions: Session[] = [];
    try {
      await run({
        harness,
        async open(bootId) {
          const session = await openSession(harness.createDriver("auto", undefined, undefined, bootId));
          sessions.push(session);
          return session;
        },
      });
    } finally {
      for (const session of sessions) await session.close();
      await harness.dispose();
    }
  });
}

function shAttempt(script: string): AttemptSpec {
  return attempt({ command: ["sh", "-c", script] });
}

function programOf(harness: ProcessHarness, attemptId: string): number {
  return Number(/^program (\d+) /m.exec(harness.journal(attemptId))?.[1]);
}

/** The shell that runs the attempt: the parent of the program. */
function runnerOf(harness: ProcessHarness, attemptId: string): number {
  const stat = readFileSync(`/proc/${programOf(harness, attemptId)}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Starts `specs` in a server of their own, kills it as soon as they run, and returns when it is dead. */
async function startInKilledServer(
  harness: ProcessHarness,
  specs: readonly AttemptSpec[],
  when: "started" | "at once",
) {
  const server = spawn(process.execPath, [fileURLToPath(import.meta.resolve("./process-server.ts"))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  server.stdin.end(JSON.stringify({ directory: harness.attempts, logs: harness.logsDirectory, specs, when }));
  const exit = once(server, "exit");
  await once(server.stdout, "data");
  server.kill("SIGKILL");
  const [, signal] = await exit;
  assert.equal(signal, "SIGKILL");
}

recoveryTest("a killed server's attempts go on, and the next one gets their exit codes", async ({ harness, open }) => {
  const specs = [shAttempt("echo ran; sleep 1; exit 7"), shAttempt("echo ran; exit 9")];
  const [running, ended] = specs;
  assert.ok(running && ended);
  await startInKilledServer(harness, specs, "started");
  await until("the short attempt has ended", () => /^exit 9 /m.test(harness.journal(ended.attemptId)));
  const endedBefore = Date.now();

  const next = await open();
  for (const spec of specs) await next.driver.start(spec);
  assert.deepEqual([...(await next.inventory()).attemptIds].sort(), specs.map((spec) => spec.attemptId).sort());
  assert.equal((await next.exited(running.attemptId)).exitCode, 7);
  const exited = await next.exited(ended.attemptId);
  assert.equal(exited.exitCode, 9);
  assert.ok(exited.startedAt !== undefined && exited.startedAt <= exited.at && exited.at <= endedBefore);
  for (const spec of specs) assert.equal(await harness.readLog(spec.attemptId), "ran\n");
});

recoveryTest("attempts that a killed server had only just handed over run once", async ({ harness, open }) => {
  const specs = Array.from({ length: 30 }, (_, index) => shAttempt(`echo ran; sleep 0.1; exit ${index}`));
  await startInKilledServer(harness, specs, "at once");
  const next = await open();
  for (const spec of specs) await next.driver.start(spec);
  for (const [index, spec] of specs.entries()) {
    assert.equal((await next.exited(spec.attemptId)).exitCode, index);
    assert.equal(await harness.readLog(spec.attemptId), "ran\n");
  }
});

recoveryTest(
  "two drivers that start the same attempts run each once, and both see the end",
  async ({ harness, open }) => {
    const drivers = [await open(), await open()];
    const specs = Array.from({ length: 40 }, (_, index) => shAttempt(`echo ran; exit ${index}`));
    for (const spec of specs) for (const { driver } of drivers) await driver.start(spec);
    for (const [index, spec] of specs.entries()) {
      for (const session of drivers) assert.equal((await session.exited(spec.attemptId)).exitCode, index);
      assert.equal(await harness.readLog(spec.attemptId), "ran\n");
    }
  },
);

recoveryTest("an attempt whose runner was killed runs on, and is lost when it ends", async ({ harness, open }) => {
  const session = await open();
  const spec = shAttempt("sleep 600 & echo $!; sleep 0.5; echo end");
  await session.driver.start(spec);
  await until("the program runs", async () => (await harness.readLog(spec.attemptId)) !== "");
  process.kill(runnerOf(harness, spec.attemptId), "SIGKILL");
  const exited = await session.exited(spec.attemptId);
  assert.equal(exited.exitCode, undefined);
  assert.ok(exited.startedAt !== undefined);
  const [background, end] = (await harness.readLog(spec.attemptId)).split("\n");
  assert.equal(end, "end");
  await until("what it left is gone", () => !isAlive(Number(background)));
  assert.equal(session.events.filter((event) => event.kind === "started").length, 1);
});

recoveryTest("an attempt whose runner was killed can be stopped", async ({ harness, open }) => {
  const session = await open();
  const spec = shAttempt("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done 2>/dev/null");
  await session.driver.start(spec);
  await until("the program runs", async () => (await harness.readLog(spec.attemptId)) !== "");
  process.kill(runnerOf(harness, spec.attemptId), "SIGKILL");
  await session.driver.stop(spec.attemptId, Date.now() + 30_000);
  await session.exited(spec.attemptId);
  assert.equal(await harness.readLog(spec.attemptId), "ready\nbye\n");
});

recoveryTest("an idle runner that was killed costs no attempt", async ({ harness, open }) => {
  const session = await open();
  const first = shAttempt("echo $PPID");
  await session.driver.start(first);
  await session.exited(first.attemptId);
  process.kill(Number(await harness.readLog(first.attemptId)), "SIGKILL");
  const second = shAttempt("exit 5");
  await session.driver.start(second);
  assert.equal((await session.exited(second.attemptId)).exitCode, 5);
});

recoveryTest("a claim without a process, as after a reboot, is lost", async ({ harness, open }) => {
  const spec = shAttempt("echo never");
  const gone = shAttempt("echo never");
  const journals = openJournals(harness.attempts);
  journals.claim(spec.attemptId);
  journals.claim(gone.attemptId);
  // The id of a process that lives, with another start time: the number was given out again.
  const line = readFileSync("/proc/self/stat", "latin1").trimEnd().split(" ");
  line[21] = "1";
  appendFileSync(journals.journalOf(gone.attemptId), `program ${process.pid} 1700000000.5 ${line.join(" ")}\n`);
  const session = await open();
  await session.driver.start(spec);
  for (const { attemptId } of [spec, gone]) {
    const exited = await session.exited(attemptId);
    assert.equal(exited.exitCode, undefined);
    // Where nobody has noted a time, the file's own counts, which the system knows more exactly.
    assert.ok(Number.isInteger(exited.startedAt));
    assert.equal(await harness.readLog(attemptId), "");
  }
  assert.equal((await session.exited(gone.attemptId)).startedAt, 1_700_000_000_500);
});

recoveryTest(
  "a process of an earlier boot is nobody's, whoever has its id and start time now",
  async ({ harness, open }) => {
    const other = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
    try {
      const spec = shAttempt("echo never");
      const journal = openJournals(harness.attempts).journalOf(spec.attemptId);
      const stat = readFileSync(`/proc/${other.pid}/stat`, "latin1").trimEnd();
      writeFileSync(journal, `memory 64\nboot first\nprogram ${other.pid} 1700000000.5 ${stat}\n`);
      const session = await open("second");
      assert.deepEqual(await session.inventory(), {
        kind: "inventory",
        attemptIds: [spec.attemptId],
        bootId: "second",
      });
      await session.driver.stop(spec.attemptId, 0);
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.exitCode, exited.startedAt], [undefined, 1_700_000_000_500]);
      assert.ok(isAlive(other.pid!));
    } finally {
      other.kill("SIGKILL");
    }
  },
);

recoveryTest("an attempt says in which boot it was claimed, and goes on in the same one", async ({ harness, open }) => {
  const first = await open("first");
  const spec = shAttempt("sleep 0.3; exit 3");
  await first.driver.start(spec);
  await first.started(spec.attemptId);
  assert.match(harness.journal(spec.attemptId), /^boot first$/m);
  await first.close();
  const next = await open("first");
  assert.equal((await next.exited(spec.attemptId)).exitCode, 3);
});

recoveryTest("an incomplete last line of a journal does not count", async ({ harness, open }) => {
  const spec = shAttempt("");
  const journals = openJournals(harness.attempts);
  journals.claim(spec.attemptId);
  appendFileSync(journals.journalOf(spec.attemptId), "program 999999999 1700000000.5 \nexit 1");
  assert.equal(journals.read(spec.attemptId).phase.kind, "claimed");
  const session = await open();
  await session.started(spec.attemptId);
  appendFileSync(journals.journalOf(spec.attemptId), "7 1700000001.5\n");
  const exited = await session.exited(spec.attemptId);
  assert.deepEqual([exited.exitCode, exited.startedAt, exited.at], [17, 1_700_000_000_500, 1_700_000_001_500]);
});

recoveryTest(
  "an attempt that was prepared but not claimed is not in the inventory, and can be started",
  async ({ harness, open }) => {
    const spec = shAttempt("echo ran");
    openWorkDirectories(harness.attempts).make(spec.attemptId);
    const session = await open();
    assert.deepEqual((await session.inventory()).attemptIds, []);
    await session.driver.start(spec);
    assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
    assert.equal(await harness.readLog(spec.attemptId), "ran\n");
  },
);

recoveryTest("the next driver does not repeat SIGTERM", async ({ harness, open }) => {
  const first = await open();
  const spec = shAttempt("trap 'echo term' TERM; echo ready; while :; do sleep 0.1; done 2>/dev/null");
  await first.driver.start(spec);
  await until("the program is ready", async () => (await harness.readLog(spec.attemptId)).includes("ready"));
  const killAt = Date.now() + 1000;
  await first.driver.stop(spec.attemptId, killAt);
  await until("it has the signal", async () => (await harness.readLog(spec.attemptId)).includes("term"));
  await first.close();
  const next = await open();
  await next.driver.stop(spec.attemptId, killAt);
  const exited = await next.exited(spec.attemptId);
  assert.equal(exited.exitCode, 137);
  assert.ok(exited.at >= killAt);
  assert.equal(await harness.readLog(spec.attemptId), "ready\nterm\n");
});

for (const [how, byMs] of [
  ["back", -3_600_000],
  ["forward", 3_600_000],
] as const) {
  recoveryTest(
    `SIGKILL comes so long after SIGTERM as was asked for, although the clock is set ${how}`,
    async ({ harness }) => {
      let setByMs = 0;
      const clock = { ...systemClock, now: () => systemClock.now() + setByMs };
      const session = await openSession(harness.createDriver("auto", clock));
      try {
        const spec = shAttempt("trap 'echo term' TERM; echo ready; while :; do sleep 0.1; done 2>/dev/null");
        await session.driver.start(spec);
        await until("the program is ready", async () => (await harness.readLog(spec.attemptId)).includes("ready"));
        const askedAt = performance.now();
        await session.driver.stop(spec.attemptId, clock.now() + 600);
        setByMs = byMs;
        await session.driver.stop(spec.attemptId, clock.now() + 600);
        assert.equal((await session.exited(spec.attemptId)).exitCode, 137);
        const graceMs = performance.now() - askedAt;
        assert.ok(graceMs >= 599 && graceMs < 30_000, `${graceMs} ms`);
      } finally {
        await session.close();
      }
    },
  );
}

recoveryTest("what a refused attempt was refused for is known to the next driver", async ({ open }) => {
  const first = await open();
  const spec = attempt({ command: ["no-such\nprogram"] });
  await first.driver.start(spec);
  const refused = await first.exited(spec.attemptId);
  await first.close();
  const next = await open();
  const again = await next.exited(spec.attemptId);
  assert.equal(again.reason, refused.reason);
  assert.deepEqual([again.startedAt, again.exitCode], [undefined, undefined]);
});

recoveryTest("the attempts' variables are readable by this user alone", async ({ harness, open }) => {
  const session = await open();
  const spec = shAttempt("echo x > file; sleep 0.1");
  await session.driver.start(spec);
  await session.started(spec.attemptId);
  const files = readdirSync(harness.attempts);
  assert.ok(files.includes(spec.attemptId) && files.some((name) => name.endsWith(".run")));
  for (const name of files) {
    if (!name.endsWith(".journal")) assert.equal(statSync(path.join(harness.attempts, name)).mode & 0o077, 0, name);
  }
  await session.exited(spec.attemptId);
});

recoveryTest("a log that cannot be written is the attempt's failure, with a reason", async ({ harness, open }) => {
  const session = await open();
  const spec = shAttempt("echo lost");
  rmSync(harness.logsDirectory, { recursive: true });
  writeFileSync(harness.logsDirectory, "");
  await session.driver.start(spec);
  const exited = await session.exited(spec.attemptId);
  assert.match(exited.reason ?? "", /^ResourceInitializationError: cannot write the log/);
  assert.equal(exited.exitCode, undefined);
});

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return false;
  }
}
