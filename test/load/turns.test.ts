import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "../../src/api/load/turns.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Each task takes so long. */
function tasks(workMs: number) {
  const clock = new VirtualClock();
  const turns = new Turns(clock);
  const begun: string[] = [];
  const enter = (account: string, count: number): void => {
    for (let number = 0; number < count; number += 1) {
      turns.enter(account, () => {
        begun.push(account);
        clock.advance(workMs);
      });
    }
  };
  return { turns, begun, enter };
}

test("what there is time for begins at once", () => {
  const { begun, enter } = tasks(1);
  enter("a", 9);
  assert.equal(begun.length, 9);
});

test("in a turn of the event loop there are ten milliseconds of work, the rest is for later turns", async () => {
  const { begun, enter } = tasks(2);
  enter("a", 12);
  assert.equal(begun.length, 5);
  await turn();
  assert.equal(begun.length, 10);
  await turn();
  assert.equal(begun.length, 12);
});

test("an account with one request does not wait for all of another's", async () => {
  const { begun, enter } = tasks(2);
  enter("many", 1_000);
  enter("one", 1);
  await turn();
  assert.deepEqual(begun.slice(5).toSorted(), ["many", "many", "many", "many", "one"]);
});

test("some begin in each turn, even when the first one takes all of its time", async () => {
  const { begun, enter } = tasks(50);
  enter("a", 9);
  assert.equal(begun.length, 1);
  await turn();
  assert.equal(begun.length, 5);
  await turn();
  assert.equal(begun.length, 9);
});

test("refusals are spread over turns too, and are answered at once when too many wait", async () => {
  const { turns } = tasks(0);
  let refused = 0;
  for (let number = 0; number < 4_100; number += 1) turns.refuse(() => (refused += 1));
  assert.equal(refused, 4);
  await turn();
  assert.equal(refused, 24);
});
