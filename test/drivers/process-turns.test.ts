import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns } from "../../src/drivers/process/turns.ts";

/** What happened, in order; `|` is the end of a turn of the event loop. */
async function order(most: number, tasks: string): Promise<string> {
  const turns = createTurns(most);
  let seen = "";
  let running = true;
  const count = (): void => {
    if (!running) return;
    seen += "|";
    setImmediate(count);
  };
  setImmediate(count);
  const all = [...tasks].map(async (name) => {
    await turns.next();
    seen += name;
  });
  await Promise.all(all);
  running = false;
  return seen;
}

test("a turn of the event loop takes no more than it may, in the order in which they came", async () => {
  assert.equal(await order(3, "abcdefgh"), "abc|def|gh");
  assert.equal(await order(3, "ab"), "ab");
});

test("who comes later does not pass by those who wait", async () => {
  const turns = createTurns(1);
  const seen: string[] = [];
  const go = async (name: string): Promise<void> => {
    await turns.next();
    seen.push(name);
  };
  const first = [go("a"), go("b"), go("c")];
  await new Promise(setImmediate);
  await Promise.all([...first, go("d")]);
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
  await Promise.all([go("e"), go("f")]);
  assert.deepEqual(seen.slice(4), ["e", "f"]);
});
