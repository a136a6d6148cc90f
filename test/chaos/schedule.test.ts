import assert from "node:assert/strict";
import { test } from "node:test";
import { isFault, laneOf } from "./acts.ts";
import { drawSchedule } from "./schedule.ts";

const OPTIONS = { lengthMs: 180_000, servers: 1, store: "sqlite", hasEngine: true } as const;

test("the same seed gives the same acts, another one others", () => {
  assert.deepEqual(drawSchedule({ seed: 7, ...OPTIONS }), drawSchedule({ seed: 7, ...OPTIONS }));
  assert.notDeepEqual(drawSchedule({ seed: 7, ...OPTIONS }), drawSchedule({ seed: 8, ...OPTIONS }));
});

test("faults on one part come one after the other, and all are over at the end", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const free = new Map<string, number>();
    for (const { atMs, act } of drawSchedule({ seed, ...OPTIONS })) {
      if (!isFault(act)) continue;
      const lane = laneOf(act)!;
      assert.ok(atMs >= (free.get(lane) ?? 0), `seed ${seed}: ${lane} at ${atMs} ms`);
      free.set(lane, atMs + act.forMs);
      assert.ok(atMs + act.forMs <= OPTIONS.lengthMs);
    }
  }
});

test("three minutes have every kind of act, with nearly every seed", () => {
  const kindsOf = (seed: number): string => {
    const kinds = new Set(drawSchedule({ seed, ...OPTIONS }).map(({ act }) => act.kind));
    return [...kinds].toSorted().join(" ");
  };
  const all =
    "cancel clients-cut engine-freeze engine-kill engine-stop server-freeze server-kill server-stop submit terminate";
  const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
  assert.ok(seeds.filter((seed) => kindsOf(seed) === all).length >= 18);
});
