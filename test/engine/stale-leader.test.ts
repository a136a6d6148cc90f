import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createFakeDriver } from "../../src/drivers/fake/driver.ts";
import { Engine } from "../../src/engine/engine.ts";
import { NOBODY_TO_CALL } from "../../src/engine/job-environment.ts";
import type { Driver } from "../../src/ports/driver.ts";
import type { SchedulingStore } from "../../src/ports/store.ts";
import { StaleEpoch } from "../../src/ports/store.ts";
import { EngineBench } from "../support/engine-bench.ts";

/** An engine that leads until `isOver`, and what it has told its driver. */
interface Leader {
  readonly engine: Engine;
  readonly told: string[];
  readonly errors: unknown[];
  isOver: boolean;
}

/** Two engines on one store and one machine: the second one begins while the first one is in the middle of something. */
async function open(t: TestContext): Promise<{ bench: EngineBench; lead: typeof lead }> {
  const bench = await EngineBench.open();
  await bench.server.engine.stop();
  const leaders: Leader[] = [];
  t.after(async () => {
    for (const leader of leaders) await leader.engine.stop();
    await bench.close();
  });
  async function lead(more: Partial<SchedulingStore> = {}): Promise<Leader> {
    const store = { ...bench.store.scheduling, ...more };
    const told: string[] = [];
    const errors: unknown[] = [];
    const holds = (): boolean => !leader.isOver;
    const confirm = (): Promise<void> =>
      holds() ? Promise.resolve() : Promise.reject(new StaleEpoch("it does not lead any more"));
    const engine = new Engine({
      ...{ store, clock: bench.clock, capacity: { vcpuMilli: 4000, memoryMiB: 8192 }, callingBack: NOBODY_TO_CALL },
      drivers: new Map([["fake", recorded(createFakeDriver(bench.machine), told)]]),
      term: { epoch: await bench.store.scheduling.lead(), holds, confirm },
      checkEveryTicks: 1,
      tickIntervalMs: 0,
      onError: (_, error) => errors.push(error),
    });
    const leader: Leader = { engine, told, errors, isOver: false };
    leaders.push(leader);
    await engine.start();
    await engine.idle();
    return leader;
  }
  return { bench, lead };
}

function recorded(driver: Driver, told: string[]): Driver {
  const note = (what: string, attemptId: string): void => void told.push(`${what} ${attemptId}`);
  return {
    ...driver,
    start: (spec) => (note("start", spec.attemptId), driver.start(spec)),
    stop: (attemptId, killAt) => (note("stop", attemptId), driver.stop(attemptId, killAt)),
    forget: (attemptId) => (note("forget", attemptId), driver.forget(attemptId)),
  };
}

/** A call that waits for the test in the middle. */
function gate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const pass = async (): Promise<void> => {
    reached.resolve();
    await opened.promise;
  };
  return { reached: reached.promise, open: () => opened.resolve(), pass };
}

async function untilEnded(bench: EngineBench, { engine }: Leader, id: string): Promise<void> {
  for (let tries = 0; (await bench.state(id)).status !== "SUCCEEDED"; tries += 1) {
    assert.ok(tries < 100, "the job does not end");
    bench.clock.advance(100);
    await engine.nudge();
    await engine.idle();
  }
}

test("a leader that was frozen between the commit and the start of an attempt does not start it again when it is over and forgotten", async (t) => {
  const { bench, lead } = await open(t);
  const frozen = gate();
  const stale = await lead({
    async launches(jobs) {
      const launches = await bench.store.scheduling.launches(jobs);
      await frozen.pass();
      return launches;
    },
  });
  await bench.insert("a");
  void stale.engine.nudge();
  await frozen.reached;
  assert.equal((await bench.state("a")).status, "STARTING");
  stale.isOver = true;
  const next = await lead();
  await untilEnded(bench, next, "a");
  assert.deepEqual([...bench.machine.attempts()], []);
  frozen.open();
  await stale.engine.stop();
  assert.deepEqual(stale.told, []);
  assert.equal(bench.claimed.length, 1);
  assert.deepEqual([...bench.machine.attempts()], []);
});

test("a leader that was frozen before it stops an attempt does not stop it", async (t) => {
  const { bench, lead } = await open(t);
  const frozen = gate();
  let commits = 0;
  const stale = await lead({
    async commit(epoch, changes, told) {
      await bench.store.scheduling.commit(epoch, changes, told);
      commits += 1;
      if (changes.some((change) => change.kind === "job-changed" && change.state.attempts.at(-1)?.stopping))
        await frozen.pass();
    },
  });
  await bench.insert("a");
  await stale.engine.nudge();
  await stale.engine.idle();
  await bench.requestStop("a", { kind: "terminate", reason: "enough" });
  void stale.engine.nudge();
  await frozen.reached;
  stale.isOver = true;
  frozen.open();
  await stale.engine.stop();
  assert.ok(commits >= 2);
  assert.deepEqual(
    stale.told.map((what) => what.split(" ")[0]),
    ["start"],
  );
  // Who leads next finds what is to be stopped.
  const next = await lead();
  assert.ok(next.told.some((what) => what.startsWith("stop ")));
});

test("a leader that does not know yet that another one leads commits nothing and starts nothing", async (t) => {
  const { bench, lead } = await open(t);
  const stale = await lead();
  const next = await lead();
  await bench.insert("a");
  await stale.engine.nudge();
  assert.ok(stale.errors.some((error) => error instanceof StaleEpoch));
  assert.deepEqual(stale.told, []);
  await untilEnded(bench, next, "a");
  assert.equal(bench.claimed.length, 1);
});
