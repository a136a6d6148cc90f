import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { createProcessList, usedByGroups } from "../../src/drivers/process/process-list.ts";
import { until } from "../support/until.ts";

test("what ps lists, on macOS and on Linux, by process group", () => {
  const macOs = "  501   0:01.25   10240\n  501  12:00.00     512\n    1 100:00.50 1\n";
  assert.deepEqual(
    [...usedByGroups(macOs)],
    [
      [501, { cpuMs: 721_250, memoryMiB: 11 }],
      [1, { cpuMs: 6_000_500, memoryMiB: 1 }],
    ],
  );
  const linux = "42 1-02:03:04 2048\n43 00:00:00 0\nnothing\n";
  assert.deepEqual(
    [...usedByGroups(linux)],
    [
      [42, { cpuMs: 93_784_000, memoryMiB: 2 }],
      [43, { cpuMs: 0, memoryMiB: 0 }],
    ],
  );
});

test("a process group, where only ps shows it", async (t) => {
  const busy = spawn("sh", ["-c", "while :; do :; done"], { detached: true, stdio: "ignore" });
  t.after(async () => {
    const gone = once(busy, "exit");
    process.kill(-busy.pid!, "SIGKILL");
    await gone;
  });
  const list = createProcessList();
  list.started("a", busy.pid!, 1);
  const used = await until("it is seen to be busy", async () => {
    const { a, ...others } = Object.fromEntries(await list.usedSoFar(["a", "b"]));
    assert.deepEqual(others, {});
    return a !== undefined && a.cpuMs >= 1_000 && a;
  });
  assert.ok(used.memoryMiB >= 1 && used.memoryMiB < 50, `${used.memoryMiB} MiB`);
  list.end("a");
  assert.deepEqual(await list.usedSoFar(["a"]), new Map());
});
