import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openSession, until } from "../conformance/driver/events.ts";
import type { Session } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { makeProcessHarness } from "../support/process-harness.ts";
import type { ProcessHarness } from "../support/process-harness.ts";

/** Runs an attempt that ends only when it is stopped, and tells its cgroup; undefined where the driver does without. */
async function startInCgroup(session: Session, harness: ProcessHarness, script: string) {
  const spec = attempt({ command: ["sh", "-c", script] });
  await session.driver.start(spec);
  await session.started(spec.attemptId);
  const scripts = readdirSync(harness.attempts).filter((name) => name.endsWith(".run"));
  const entrances = scripts.map((name) => {
    const run = readFileSync(path.join(harness.attempts, name), "utf8");
    return run.includes(spec.attemptId) ? /^echo 0 > '(.*)\/cgroup\.procs'/m.exec(run)?.[1] : undefined;
  });
  const entrance = entrances.find((one) => one !== undefined);
  return { attemptId: spec.attemptId, cgroup: entrance };
}

const NO_CGROUPS = "this machine lets us make no memory cgroups";

test("a process that leaves the process group does not leave the attempt", async (t) => {
  const harness = await makeProcessHarness();
  const session = await openSession(harness.createDriver());
  try {
    const { attemptId, cgroup } = await startInCgroup(session, harness, "setsid sleep 600 & echo $!; exit 2");
    if (cgroup === undefined) return t.skip(NO_CGROUPS);
    assert.equal((await session.exited(attemptId)).exitCode, 2);
    const escaped = Number(await harness.readLog(attemptId));
    assert.ok(escaped > 1);
    await until("the process is gone", () => !existsSync(`/proc/${escaped}`));
    await until("the cgroup is gone", () => !existsSync(cgroup));
  } finally {
    await session.close();
    await harness.dispose();
  }
});

test("cgroups are removed: at the end, of adopted attempts, and those that nobody knows", async (t) => {
  const harness = await makeProcessHarness();
  const first = await openSession(harness.createDriver());
  const next = harness.createDriver();
  try {
    const { attemptId, cgroup } = await startInCgroup(first, harness, "sleep 600");
    if (cgroup === undefined) return t.skip(NO_CGROUPS);
    await first.close();
    const orphan = cgroup.replace(attemptId, attempt({}).attemptId);
    mkdirSync(orphan);
    const session = await openSession(next);
    assert.ok(!existsSync(orphan));
    assert.ok(existsSync(cgroup));
    await session.driver.stop(attemptId, Date.now());
    assert.equal((await session.exited(attemptId)).exitCode, 137);
    await until("the cgroup is gone", () => !existsSync(cgroup));
  } finally {
    await first.close();
    await next.close();
    await harness.dispose();
  }
});
