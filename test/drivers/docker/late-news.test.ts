import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerInspectInfo } from "dockerode";
import type { Usage } from "../../../src/core/usage.ts";
import { afterLateNews } from "../../../src/drivers/docker/container/late-news.ts";
import { OUT_OF_MEMORY } from "../../../src/ports/driver.ts";
import type { Clock } from "../../../src/ports/clock.ts";

const STARTED = "2026-01-01T00:00:00.000000001Z";
/** All waiting is over at once. */
const clock: Clock = {
  now: () => 0,
  after(_, task) {
    setImmediate(task);
    return () => {};
  },
};

/** Of 64 MiB. */
function container(isKilledForMemory: boolean): ContainerInspectInfo {
  const State = { StartedAt: STARTED, FinishedAt: STARTED, ExitCode: 137, OOMKilled: isKilledForMemory };
  return { State, HostConfig: { Memory: 64 * 1024 * 1024 } } as ContainerInspectInfo;
}

/** What the engine says from look to look; the last of it again and again. */
async function afterLooks(exitCode: number, says: (boolean | "gone")[], usage?: Usage) {
  let looks = 0;
  const look = async (): Promise<ContainerInspectInfo | undefined> => {
    const said = says[Math.min(looks, says.length - 1)]!;
    looks += 1;
    return said === "gone" ? undefined : container(said);
  };
  const { signal: closing } = new AbortController();
  const exit = await afterLateNews({ exitCode }, { found: container(false), usage, look, clock, closing });
  return { exit, looks };
}

test("a kill for memory may be told after the end; who is killed otherwise is looked at in vain, and only so often", async () => {
  const killed = { exitCode: 137, reason: OUT_OF_MEMORY };
  assert.deepEqual(await afterLooks(137, [false, true]), { exit: killed, looks: 2 });
  assert.deepEqual(await afterLooks(137, [false]), { exit: { exitCode: 137 }, looks: 5 });
  assert.deepEqual(await afterLooks(137, [false, "gone"]), { exit: { exitCode: 137 }, looks: 2 });
  assert.deepEqual(await afterLooks(1, [true]), { exit: { exitCode: 1 }, looks: 0 });
});

test("who was killed, and had all the memory that it may have, was killed for it: nobody has to say so", async () => {
  const exit = { exitCode: 137, reason: OUT_OF_MEMORY };
  assert.deepEqual(await afterLooks(137, [false], { peakMemoryMiB: 64 }), { exit, looks: 0 });
  assert.deepEqual((await afterLooks(137, [false], { peakMemoryMiB: 63 })).exit, { exitCode: 137 });
});
