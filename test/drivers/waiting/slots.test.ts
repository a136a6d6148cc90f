import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../../src/drivers/waiting/slots.ts";

/** Tasks that end when they are told to, and what has begun so far. */
function tasks(slots: Slots) {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  return {
    begun,
    async run(name: string): Promise<void> {
      const end = Promise.withResolvers<void>();
      ends.set(name, end);
      await slots.run(async () => {
        begun.push(name);
        await end.promise;
      });
    },
    async end(name: string): Promise<void> {
      ends.get(name)!.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("so many at a time, the others in the order in which they came; a failure gives its slot on", async () => {
  const slots = new Slots(2);
  const { begun, run, end } = tasks(slots);
  const failing = slots.run(() => Promise.reject(new Error("it failed")));
  const all = ["a", "b", "c", "d"].map(run);
  await assert.rejects(failing, /it failed/);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(begun, ["a", "b"]);
  await end("b");
  assert.deepEqual(begun, ["a", "b", "c"]);
  await end("a");
  await end("c");
  await end("d");
  await Promise.all(all);
  assert.deepEqual(begun, ["a", "b", "c", "d"]);
});

test("who does something that takes long lets others have its slot, and waits for another one then", async () => {
  const slots = new Slots(1);
  const { begun, run, end } = tasks(slots);
  const pulled = Promise.withResolvers<void>();
  const pulling = slots.run(async () => {
    await slots.without(() => pulled.promise);
    begun.push("has pulled");
  });
  const other = run("other");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(begun, ["other"]);
  pulled.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(begun, ["other"]);
  await end("other");
  await Promise.all([pulling, other]);
  assert.deepEqual(begun, ["other", "has pulled"]);
});
