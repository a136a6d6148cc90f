import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";

test("time jumps to what is due next; at one instant what happens in the world comes before timers, each in order", () => {
  const clock = new VirtualClock(1_000);
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(`${what} at ${clock.now()}`);
  clock.after(500, note("timer 1"));
  clock.after(500, note("timer 2"));
  clock.at(1_500, note("event 1"));
  clock.at(1_500, note("event 2"));
  clock.after(900, note("later"));
  assert.equal(clock.toNext(), true);
  assert.deepEqual(seen, ["event 1 at 1500", "event 2 at 1500", "timer 1 at 1500", "timer 2 at 1500"]);
  assert.equal(clock.toNext(), true);
  assert.equal(clock.toNext(), false);
  assert.equal(seen.at(-1), "later at 1900");
});

test("what is set for this very instant is still part of it", () => {
  const clock = new VirtualClock(0);
  const seen: number[] = [];
  clock.at(5, () => clock.at(3, () => seen.push(clock.now())));
  clock.toNext();
  assert.deepEqual(seen, [5]);
});

test("a cancelled timer does not run, nor does time stop for it; cancelling late or twice does nothing", () => {
  const clock = new VirtualClock(0);
  const seen: string[] = [];
  const cancel = clock.after(10, () => seen.push("cancelled"));
  const late = clock.after(20, () => seen.push("ran"));
  cancel();
  cancel();
  assert.equal(clock.nextTimerAt(), 20);
  clock.toNext();
  late();
  assert.deepEqual(seen, ["ran"]);
  assert.equal(clock.nextTimerAt(), undefined);
});

test("a million cancelled timers leave nothing behind, and those that were not run in order", () => {
  const clock = new VirtualClock(0);
  const seen: number[] = [];
  for (let n = 0; n < 1_000_000; n += 1) {
    const cancel = clock.after(1_000_000 - n, () => seen.push(clock.now()));
    if (n % 100_000 !== 0) cancel();
  }
  clock.advance(2_000_000);
  assert.deepEqual(seen, [100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000, 1_000_000]);
  assert.equal(clock.now(), 2_000_000);
});
