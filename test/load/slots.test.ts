import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../src/api/load/slots.ts";

/** Work that ends when it is told to. */
function works(limit: number) {
  const slots = new Slots(limit);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const run = (account: string, isGood = true): Promise<void> =>
    slots.run(account, () => {
      begun.push(account);
      return new Promise<void>((resolve, reject) => ends.push(isGood ? resolve : () => reject(new Error("bad"))));
    });
  const endNext = async (): Promise<void> => {
    ends.shift()!();
    await new Promise((resolve) => void setImmediate(resolve));
  };
  return { begun, run, endNext };
}

test("one account gets three quarters of the places, another one finds one, and whoever waits comes in turn", async () => {
  const { begun, run, endNext } = works(4);
  const all = Array.from({ length: 6 }, () => run("a"));
  assert.deepEqual(begun, ["a", "a", "a"]);
  all.push(run("b"), run("b"), run("c"));
  assert.deepEqual(begun.slice(3), ["b"]);
  await endNext();
  assert.deepEqual(begun.slice(4), ["c"]);
  for (let count = 0; count < 8; count += 1) await endNext();
  assert.deepEqual(begun.toSorted(), ["a", "a", "a", "a", "a", "a", "b", "b", "c"]);
  await Promise.all(all);
});

test("what fails gives its place back", async () => {
  const { begun, run, endNext } = works(1);
  const failing = assert.rejects(run("a", false), { message: "bad" });
  const next = run("a");
  assert.deepEqual(begun, ["a"]);
  await endNext();
  await failing;
  assert.deepEqual(begun, ["a", "a"]);
  await endNext();
  await next;
});
