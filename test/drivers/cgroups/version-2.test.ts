import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createAttemptGroups } from "../../../src/drivers/process/attempt-groups.ts";
import { mountedHierarchies } from "../../../src/drivers/cgroups/hierarchies.ts";
import { unifiedPlaces } from "../../../src/drivers/cgroups/places.ts";
import { version2Cgroups } from "../../../src/drivers/cgroups/version-2.ts";
import { withMemoryOf } from "../../../src/drivers/process/limits.ts";
import { createProcessWatch } from "../../../src/drivers/process/process-watch.ts";
import { until } from "../../conformance/driver/events.ts";
import { systemClock } from "../../support/clock.ts";
import { makeProcessHarness } from "../../support/process-harness.ts";

/** The real hierarchy of version 2, whichever controllers it has here: beside those of version 1 it has none. */
const unified = mountedHierarchies().find(({ version }) => version === 2);
const isWritable = unified !== undefined && process.getuid?.() === 0 && unified.root === "/";
const skip = isWritable ? false : "it takes root, and the root of a hierarchy of version 2";

/** Bounded, in case nobody ends it. */
const HOLD = "head -c 100000000 /dev/zero | tail -c 100000000 | sleep 60";
const BURN = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

test(
  "groups of version 2 without controllers keep processes together, count their time and end them",
  { skip },
  async () => {
    const harness = await makeProcessHarness();
    const own = join(unified!.mount, `longshore-test-${process.pid}`);
    mkdirSync(own);
    const groups = version2Cgroups(unified!.mount, own);
    const directory = harness.attempts;
    const attemptGroups = createAttemptGroups({ groups, clock: systemClock, directory, isKnown: () => true });
    const told: string[] = [];
    const watch = createProcessWatch(systemClock, (attemptId) => void told.push(attemptId));
    const limits = withMemoryOf(watch, attemptGroups);
    try {
      const entrances = limits.prepare("a", { memoryMiB: 32, vcpuMilli: 1000 });
      const enter = entrances.map((file) => `echo $$ > ${file}`).join("; ");
      const escape = `setsid sh -c '${BURN}; ${HOLD}' & echo ready; wait`;
      const script = `${enter}; ${escape}`;
      const env = { ...process.env, ...limits.variables("a") };
      const program = spawn("sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"], env });
      const ended = once(program, "exit");
      await once(program.stdout, "data");
      const [group] = groups.namesBelow();
      limits.started("a", program.pid!, 32);
      if (!groups.limits.memory) await until("it is told that it has too much", () => told.includes("a"));
      await ended;
      assert.ok(limits.usageOf("a").cpuMs! >= 50, JSON.stringify(limits.usageOf("a")));
      limits.end("a");
      await limits.release("a");
      assert.ok(!existsSync(join(own, group!)));
    } finally {
      await limits.close();
      groups.remove("");
      await harness.dispose();
    }
    assert.ok(!existsSync(own));
  },
);

test("a group that may take ours is looked for from this process's own upwards", () => {
  const hierarchy = { version: 2, mount: "/sys/fs/cgroup", root: "/", controllers: [] } as const;
  assert.deepEqual(unifiedPlaces(hierarchy, "1:name=systemd:/x\n0::/user.slice/a.scope\n"), [
    "/sys/fs/cgroup/user.slice/a.scope",
    "/sys/fs/cgroup/user.slice",
    "/sys/fs/cgroup",
  ]);
  assert.deepEqual(unifiedPlaces(hierarchy, "0::/\n"), ["/sys/fs/cgroup"]);
  const inContainer = { ...hierarchy, root: "/docker/c1" };
  assert.deepEqual(unifiedPlaces(inContainer, "0::/docker/c1/server\n"), ["/sys/fs/cgroup/server", "/sys/fs/cgroup"]);
  assert.deepEqual(unifiedPlaces(inContainer, "0::/elsewhere\n"), ["/sys/fs/cgroup"]);
});
