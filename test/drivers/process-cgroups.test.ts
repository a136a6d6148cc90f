import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { Clock } from "../../src/ports/clock.ts";
import type { AttemptSpec } from "../../src/ports/driver.ts";
import { openSession, until } from "../conformance/driver/events.ts";
import type { Session } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { cgroupFolders } from "../support/cgroup-folders.ts";
import { systemClock } from "../support/clock.ts";
import { makeProcessHarness } from "../support/process-harness.ts";
import type { ProcessHarness } from "../support/process-harness.ts";

interface Bench {
  readonly t: TestContext;
  readonly harness: ProcessHarness;
  readonly session: Session;
  /** Starts an attempt and waits until it says that it is ready; undefined, and the test is skipped, where there are no control groups. */
  readonly ready: (script: string, more?: Partial<AttemptSpec>) => Promise<string | undefined>;
}

function cgroupTest(name: string, run: (bench: Bench) => Promise<void>): void {
  test(name, async (t) => {
    const harness = await makeProcessHarness();
    const session = await openSession(harness.createDriver());
    const ready: Bench["ready"] = async (script, more) => {
      const spec = attempt({ command: ["sh", "-c", script] }, more);
      await session.driver.start(spec);
      await until("it is ready", async () => (await harness.readLog(spec.attemptId)) !== "");
      if (cgroupFolders(spec.attemptId).length > 0) return spec.attemptId;
      t.skip("this machine lets us make no control groups");
      await session.driver.stop(spec.attemptId, 0);
      await session.exited(spec.attemptId);
      return undefined;
    };
    try {
      await run({ t, harness, session, ready });
    } finally {
      await session.close();
      await harness.dispose();
    }
    assert.deepEqual(harness.notices, []);
  });
}

/** What the kernel has in one of the attempt's control files; undefined where no hierarchy has it. */
function control(attemptId: string, file: string): string | undefined {
  const found = cgroupFolders(attemptId)
    .map((folder) => join(folder, file))
    .find((path) => existsSync(path));
  return found === undefined ? undefined : readFileSync(found, "utf8").trim();
}

cgroupTest(
  "a process that leaves the process group does not leave the attempt",
  async ({ harness, session, ready }) => {
    const attemptId = await ready("setsid sleep 600 & echo $!; exit 2");
    if (attemptId === undefined) return;
    assert.equal((await session.exited(attemptId)).exitCode, 2);
    const escaped = Number(await harness.readLog(attemptId));
    assert.ok(escaped > 1);
    await until("the process is gone", () => !existsSync(`/proc/${escaped}`));
    await session.driver.forget(attemptId);
    assert.deepEqual(cgroupFolders(attemptId), []);
  },
);

cgroupTest(
  "what is adopted is removed when it is forgotten, what nobody knows too",
  async ({ harness, session, ready }) => {
    const attemptId = await ready("echo ready; exec sleep 600");
    if (attemptId === undefined) return;
    await session.close();
    const ids = { empty: attempt({}).attemptId, used: attempt({}).attemptId };
    const makeGroups = (id: string): string[] =>
      cgroupFolders(attemptId).map((folder) => folder.replace(attemptId, id));
    for (const folder of [...makeGroups(ids.empty), ...makeGroups(ids.used)]) mkdirSync(folder);
    const escaped = spawn("sleep", ["600"]);
    const ended = once(escaped, "exit");
    for (const folder of makeGroups(ids.used)) writeFileSync(join(folder, "cgroup.procs"), String(escaped.pid));
    const clock = patientClock();
    const next = await openSession(harness.createDriver("auto", clock));
    try {
      await ended;
      await until("what was used is gone", () => cgroupFolders(ids.used).length === 0);
      assert.notDeepEqual(cgroupFolders(ids.empty), [], "a shell of an earlier server may be about to enter it");
      clock.pass();
      assert.deepEqual(cgroupFolders(ids.empty), []);
      assert.notDeepEqual(cgroupFolders(attemptId), []);
      await next.driver.stop(attemptId, Date.now());
      assert.equal((await next.exited(attemptId)).exitCode, 137);
      await next.driver.forget(attemptId);
      assert.deepEqual(cgroupFolders(attemptId), []);
    } finally {
      await next.close();
    }
  },
);

/** Time as it is, but for what waits long: that is done when the test says so. */
function patientClock(): Clock & { pass(): void } {
  const tasks = new Set<() => void>();
  return {
    now: systemClock.now,
    after(delayMs, task) {
      if (delayMs < 30_000) return systemClock.after(delayMs, task);
      tasks.add(task);
      return () => void tasks.delete(task);
    },
    pass() {
      for (const task of tasks) task();
    },
  };
}

cgroupTest("vCPUs are a weight; a ceiling where they are all that the attempt gets", async ({ session, ready }) => {
  const script = "echo ready; exec sleep 600";
  const heavy = await ready(script, { vcpuMilli: 4000 });
  const light = await ready(script, { vcpuMilli: 250, vcpuCeilingMilli: 250 });
  if (heavy === undefined || light === undefined) return;
  const isFirst = control(heavy, "cpu.shares") !== undefined;
  assert.deepEqual(
    [heavy, light].map((id) => control(id, isFirst ? "cpu.shares" : "cpu.weight")),
    isFirst ? ["4096", "256"] : ["400", "25"],
  );
  assert.deepEqual(
    [heavy, light].map((id) => control(id, isFirst ? "cpu.cfs_quota_us" : "cpu.max")),
    isFirst ? ["-1", "25000"] : ["max 100000", "25000 100000"],
  );
  for (const attemptId of [heavy, light]) {
    await session.driver.stop(attemptId, 0);
    await session.exited(attemptId);
  }
});

cgroupTest("processes that keep forking and ending are caught", async ({ harness, session, ready }) => {
  // Each lives for a moment only. They stop by themselves should nobody catch them, once the file is gone.
  const alive = join(harness.logsDirectory, "alive");
  writeFileSync(alive, "");
  const chain = `f() { [ -e ${alive} ] && f & }; f; f; f; f`;
  const attemptId = await ready(`setsid sh -c '${chain}' & sleep 0.1; echo ready; exit 0`);
  try {
    if (attemptId === undefined) return;
    await session.exited(attemptId);
    await session.driver.forget(attemptId);
    assert.deepEqual(cgroupFolders(attemptId), []);
  } finally {
    rmSync(alive);
  }
});

/** Something to do for the processor, of which each round takes it some tenths of a microsecond. */
const burn = (rounds: number): string => `i=0; while [ $i -lt ${rounds} ]; do i=$((i+1)); done`;
const ROUNDS = 300_000;
/** What the rounds take at least, on whatever machine. */
const LEAST_MS = 50;

cgroupTest("a ceiling slows a program down to its share of a processor", async ({ session, ready }) => {
  const attemptId = await ready(`echo ready; ${burn(ROUNDS)}`, { vcpuMilli: 250, vcpuCeilingMilli: 250 });
  if (attemptId === undefined) return;
  const { at, startedAt = at, usage } = await session.exited(attemptId);
  const cpuMs = usage!.cpuMs!;
  assert.ok(cpuMs >= LEAST_MS && at - startedAt >= 3 * cpuMs, `${at - startedAt} ms for ${cpuMs} ms of the processor`);
});

cgroupTest("each attempt's usage is its own, also in a group that served before", async ({ session, ready }) => {
  const first = await ready(`echo ready; ${burn(ROUNDS)}; head -c 40000000 /dev/zero | tail -c 30000000 >/dev/null`);
  if (first === undefined) return;
  const { usage: large } = await session.exited(first);
  assert.ok(large!.cpuMs! >= LEAST_MS && large!.peakMemoryMiB! >= 28, JSON.stringify(large));
  await session.driver.forget(first);
  const second = await ready("echo ready");
  const { usage: small } = await session.exited(second!);
  assert.ok(small!.cpuMs! < large!.cpuMs! / 2 && small!.peakMemoryMiB! < 20, JSON.stringify(small));
});

cgroupTest("what leaves its process group counts", async ({ session, ready }) => {
  const script = `setsid sh -c '${burn(ROUNDS)}; : > done' & echo ready; until [ -e done ]; do sleep 0.02; done`;
  const attemptId = await ready(script);
  if (attemptId === undefined) return;
  const { usage } = await session.exited(attemptId);
  assert.ok(usage!.cpuMs! >= LEAST_MS, JSON.stringify(usage));
});
