import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Clock } from "../../../src/ports/clock.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";
import type { Session } from "../../conformance/driver/events.ts";
import { openSession } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { groupFolders } from "../../support/cgroup-folders.ts";
import type { DockerHarness } from "../../support/docker-harness.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import { processesWith } from "../../support/leftovers.ts";
import { systemClock } from "../../support/clock.ts";
import { until } from "../../support/until.ts";
import { ownDockerd, ownDockerdUnavailable } from "../../support/own-dockerd.ts";

const skip = ownDockerdUnavailable() ?? false;

test("an attempt outlives its engine's sudden death, and its end is told by the next one", { skip }, async (t) => {
  const engine = await ownDockerd(t);
  const harness = await makeDockerHarness(engine);
  const session = await openSession(harness.createDriver());
  try {
    const go = path.join(harness.directory, "go");
    const spec = attempt({
      ...harness.command(["sh", "-c", "echo hello; until [ -e /in/go ]; do sleep 0.1; done; exit 3"]),
      volumes: [{ name: "in", host: { sourcePath: harness.directory } }],
      mountPoints: [{ sourceVolume: "in", containerPath: "/in" }],
    });
    await session.driver.start(spec);
    await session.started(spec.attemptId);
    await until("its output is copied", async () => (await harness.readLog(spec.attemptId)) === "hello\n");
    await engine.kill();
    writeFileSync(go, "");
    await engine.start();
    // What it would print meanwhile, nobody keeps: its end is told all the same.
    const { exitCode } = await session.exited(spec.attemptId);
    assert.deepEqual([exitCode, await harness.readLog(spec.attemptId)], [3, "hello\n"]);
  } finally {
    await session.close();
    await harness.dispose();
  }
});

/** What the engine makes and starts containers with. It goes on waiting, when it has done the one or the other, as long as it is held. */
function heldRuntime(t: TestContext): {
  readonly flags: string[];
  readonly hold: (when: "create" | "start") => () => void;
} {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-runtime-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const program = path.join(directory, "runtime");
  const held = (when: string): string =>
    `*" ${when} "*) runc "$@" || exit; while [ -e ${directory}/${when} ]; do sleep 0.05; done; exit 0 ;;`;
  writeFileSync(program, `#!/bin/sh\ncase " $* " in ${held("create")} ${held("start")} esac\nexec runc "$@"\n`);
  chmodSync(program, 0o755);
  return {
    flags: ["--add-runtime", `held=${program}`, "--default-runtime", "held"],
    hold(when) {
      writeFileSync(path.join(directory, when), "");
      return () => rmSync(path.join(directory, when));
    },
  };
}

/** What takes a second takes a tenth. */
const quickClock: Clock = { now: () => Date.now(), after: (delayMs, task) => systemClock.after(delayMs / 10, task) };

test(
  "an engine dies while it starts a container: what may have run is not run again, and goes on no more",
  { skip },
  async (t) => {
    const runtime = heldRuntime(t);
    const engine = await ownDockerd(t, { flags: runtime.flags });
    const harness = await makeDockerHarness(engine);
    const session = await openSession(harness.createDriver({ clock: quickClock }));
    const runs = path.join(harness.directory, "runs");
    const spec = attempt({
      ...harness.command(["sh", "-c", "echo $$ >> /in/runs; sleep 600"]),
      volumes: [{ name: "in", host: { sourcePath: harness.directory } }],
      mountPoints: [{ sourceVolume: "in", containerPath: "/in" }],
    });
    try {
      const letGo = runtime.hold("start");
      void session.driver.start(spec);
      await until("the program runs", () => existsSync(runs));
      await engine.kill();
      await engine.start();
      const { exitCode, startedAt, reason } = await session.exited(spec.attemptId);
      letGo();
      assert.ok(startedAt !== undefined && exitCode === undefined && reason === undefined, "it is lost");
      assert.equal(readFileSync(runs, "utf8").trim().split("\n").length, 1);
      assert.deepEqual(sleepers(), [], "nothing of it runs any more");
      await untilNothingIsLeft(session, harness, spec);
    } finally {
      await session.close();
      await harness.dispose();
    }

    function sleepers(): number[] {
      return processesWith("600").filter((pid) => cgroupOf(pid).includes(spec.attemptId));
    }
  },
);

test("an engine dies before a container's program begins: it is made again, and runs once", { skip }, async (t) => {
  const runtime = heldRuntime(t);
  const engine = await ownDockerd(t, { flags: runtime.flags });
  const harness = await makeDockerHarness(engine);
  const session = await openSession(harness.createDriver({ clock: quickClock }));
  const runs = path.join(harness.directory, "runs");
  const spec = attempt({
    ...harness.command(["sh", "-c", "echo $$ >> /in/runs; exit 4"]),
    volumes: [{ name: "in", host: { sourcePath: harness.directory } }],
    mountPoints: [{ sourceVolume: "in", containerPath: "/in" }],
  });
  try {
    const letGo = runtime.hold("create");
    void session.driver.start(spec);
    await until("its process waits for its program", () =>
      processesWith("init").some((pid) => cgroupOf(pid).includes(spec.attemptId)),
    );
    await engine.kill();
    letGo();
    await engine.start();
    const { exitCode } = await session.exited(spec.attemptId);
    assert.equal(exitCode, 4);
    assert.equal(readFileSync(runs, "utf8").trim().split("\n").length, 1);
    await untilNothingIsLeft(session, harness, spec);
  } finally {
    await session.close();
    await harness.dispose();
  }
});

async function untilNothingIsLeft(session: Session, harness: DockerHarness, { attemptId }: AttemptSpec): Promise<void> {
  await session.driver.forget(attemptId);
  assert.deepEqual(await harness.containers(), []);
  await until("its control groups are gone", () => groupFolders(harness.clusterId).length === 0);
}

function cgroupOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}
