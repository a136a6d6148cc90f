import assert from "node:assert/strict";
import { test } from "node:test";
import type { UsedSoFar } from "../../src/core/usage.ts";
import { UsageRecorder } from "../../src/engine/usage/recorder.ts";
import type { Driver } from "../../src/ports/driver.ts";
import type { UsageSample } from "../../src/ports/usage-samples.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** Lets time pass, and all that is set off by that be done. */
async function run(clock: VirtualClock, until: number): Promise<void> {
  for (let next = clock.nextTimerAt(); next !== undefined && next <= until; next = clock.nextTimerAt()) {
    clock.toNext();
    await new Promise((resolve) => setImmediate(resolve));
  }
  clock.advance(until - clock.now());
}

/** A driver whose attempts use one vCPU and hold 100 MiB, a table in memory, and time that passes when it is told to. */
function bench({ costMs = 0, table = new Map<string, readonly UsageSample[]>() } = {}) {
  const clock = new VirtualClock(HOUR);
  let spentMs = 0;
  const running = new Map<string, number>();
  const looks: { at: number; count: number }[] = [];
  const driver = {
    name: "fake",
    async usedSoFar(attemptIds: readonly string[]) {
      looks.push({ at: clock.now(), count: attemptIds.length });
      spentMs += costMs * attemptIds.length;
      const used = attemptIds.flatMap((id): [string, UsedSoFar][] => {
        const startedAt = running.get(id);
        return startedAt === undefined ? [] : [[id, { cpuMs: clock.now() - startedAt, memoryMiB: 100 }]];
      });
      return new Map(used);
    },
  } as unknown as Driver;
  const writes: number[] = [];
  const errors: unknown[] = [];
  const recorder = new UsageRecorder({
    table: {
      read: async (ids) => new Map([...table].filter(([id]) => ids.includes(id))),
      async write(series) {
        writes.push(series.size);
        for (const [id, samples] of series) table.set(id, samples);
      },
    },
    clock,
    stopwatch: { elapsedMs: () => spentMs },
    onError: (_, error) => errors.push(error),
  });
  const start = (id: string, at = clock.now()): void => {
    running.set(id, at);
    recorder.heard(driver, { kind: "started", attemptId: id, at });
  };
  const end = (id: string): void => {
    running.delete(id);
    recorder.heard(driver, { kind: "exited", attemptId: id, at: clock.now(), exitCode: 0 });
  };
  return { clock, recorder, driver, running, looks, writes, table, errors, start, end, spent: () => spentMs };
}

test("a look a second at first, and ever fewer: at most 240 samples of a month", async () => {
  const { clock, recorder, start, end, table, writes, errors } = bench();
  const startedAt = clock.now();
  start("a");
  await run(clock, startedAt + 10 * SECOND);
  const early = (await recorder.read(["a"])).get("a")!;
  assert.deepEqual([early.length, early[0]!.at - startedAt], [10, SECOND]);
  await run(clock, startedAt + 30 * 24 * HOUR);
  const samples = (await recorder.read(["a"])).get("a")!;
  assert.ok(samples.length > 100 && samples.length <= 240, `${samples.length} samples`);
  const gaps = samples.slice(1).map(({ at }, index) => at - samples[index]!.at);
  assert.ok(Math.max(...gaps) <= 2.1 * Math.min(...gaps), `${Math.min(...gaps)} to ${Math.max(...gaps)} ms apart`);
  for (const { at, cpuMs } of samples) assert.equal(cpuMs, at - startedAt);
  end("a");
  await run(clock, clock.now() + 10 * SECOND);
  assert.deepEqual(table.get("a"), samples);
  assert.ok(writes.length < 400, `${writes.length} writes`);
  assert.deepEqual(errors, []);
  await recorder.close();
});

test("what lives for less than a second costs nothing", async () => {
  const { clock, recorder, start, end, looks, writes } = bench();
  for (let n = 0; n < 1_000; n += 1) {
    start(`a${n}`);
    await run(clock, clock.now() + 500);
    end(`a${n}`);
  }
  await recorder.close();
  assert.deepEqual([looks, writes], [[], []]);
});

test("looks take a hundredth of the time, however many attempts run; each has its turn", async () => {
  const { clock, recorder, start, spent } = bench({ costMs: 0.1 });
  const begunAt = clock.now();
  for (let n = 0; n < 2_000; n += 1) start(`a${n}`);
  await run(clock, begunAt + 300 * SECOND);
  const share = spent() / (clock.now() - begunAt);
  assert.ok(share > 0.008 && share <= 0.0101, `${share}`);
  const series = await recorder.read(Array.from({ length: 2_000 }, (_, n) => `a${n}`));
  const lengths = [...series.values()].map((samples) => samples.length);
  assert.equal(lengths.length, 2_000);
  assert.ok(
    Math.min(...lengths) >= 10 && Math.max(...lengths) < 25,
    `${Math.min(...lengths)}, ${Math.max(...lengths)}`,
  );
  await recorder.close();
});

test("a new leader goes on with what the one before it has written; a gap is a gap", async () => {
  const first = bench();
  const startedAt = first.clock.now();
  first.start("a");
  await run(first.clock, startedAt + 100 * SECOND);
  await first.recorder.close();
  const before = first.table.get("a")!;
  assert.equal(before.length, 100);
  const second = bench({ table: first.table });
  await run(second.clock, startedAt + 200 * SECOND);
  const recorder = new UsageRecorder({
    table: {
      read: async () => new Map(first.table),
      write: async (series) => series.forEach((s, id) => first.table.set(id, s)),
    },
    clock: second.clock,
    stopwatch: { elapsedMs: () => 0 },
    onError: assert.fail,
  });
  second.running.set("a", startedAt);
  recorder.heard(second.driver, { kind: "inventory", attemptIds: ["a"] });
  recorder.heard(second.driver, { kind: "started", attemptId: "a", at: startedAt });
  assert.deepEqual((await recorder.read(["a"])).get("a"), before);
  await run(second.clock, second.clock.now() + 10 * SECOND);
  await recorder.close();
  const samples = first.table.get("a")!;
  assert.deepEqual(samples.slice(0, 100), before);
  assert.ok(samples.length > 105 && samples.length < 115, `${samples.length}`);
  assert.ok(samples[100]!.at - samples[99]!.at >= 100 * SECOND);
});

test("an attempt that the driver does not have any more is followed no longer", async () => {
  const { clock, recorder, driver, running, looks, start } = bench();
  start("a");
  start("b");
  await run(clock, clock.now() + 5 * SECOND);
  recorder.heard(driver, { kind: "inventory", attemptIds: ["b"] });
  running.delete("b"); // Its end is never told.
  await run(clock, clock.now() + 24 * HOUR);
  assert.ok(looks.length < 30, `${looks.length} looks`);
  await recorder.close();
});
