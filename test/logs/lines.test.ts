import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { LONGEST_LINE_BYTES } from "../../src/logs/segments.ts";
import { attemptId, freshLogs, head, readAll } from "./support.ts";

const ID = attemptId(7);

test("lines end with \\n or \\r\\n, empty ones give no event, what is no UTF-8 is replaced", async (t) => {
  const { logs } = freshLogs(t);
  const bytes = Buffer.concat([
    Buffer.from("one\r\n\n\r\n  \ntwo\rthree\nhé "),
    Buffer.from([0xff, 0xfe, 10]),
    Buffer.from("last"),
  ]);
  writeFileSync(logs.path(ID), bytes);
  assert.deepEqual(await head(logs, ID), ["one", "  ", "two\rthree", "hé \ufffd\ufffd", "last"]);
});

test("25,000 lines: pages of any size, forward and backward, give each line once", async (t) => {
  const { logs } = freshLogs(t);
  const lines = Array.from({ length: 25_000 }, (_, n) => `line ${n} ${"x".repeat(n % 97)}`);
  writeFileSync(logs.path(ID), lines.join("\n"));
  for (const limit of [10_000, 777, 5_000]) {
    for (const direction of ["forward", "backward"] as const) {
      const events = await readAll(logs, ID, direction, limit);
      assert.deepEqual(
        events.map((event) => event.message),
        lines,
      );
      assert.equal(new Set(events.map((event) => event.position)).size, lines.length);
    }
  }
});

test("a page is at most about 1 MiB, and the first event is given however long", async (t) => {
  const { logs } = freshLogs(t);
  const lines = Array.from({ length: 12 }, (_, n) => String(n % 10).repeat(200_000));
  writeFileSync(logs.path(ID), `${lines.join("\n")}\n`);
  const page = await logs.read(ID, { position: "head", direction: "forward", limit: 10_000 });
  assert.equal(page.events.length, 5);
  const events = await readAll(logs, ID, "backward", 10_000);
  assert.deepEqual(
    events.map((event) => event.message),
    lines,
  );
});

test("a line of 256 kB stays whole; a longer one is cut between characters, the same from both sides", async (t) => {
  const { logs } = freshLogs(t);
  const whole = "w".repeat(LONGEST_LINE_BYTES);
  const long = "€".repeat(500_000);
  const binary = Buffer.alloc(700_000, 0x80);
  writeFileSync(
    logs.path(ID),
    Buffer.concat([Buffer.from(`begin\n${whole}\n${long}\n`), binary, Buffer.from("\nend\n")]),
  );
  const forward = await readAll(logs, ID, "forward", 10_000);
  assert.deepEqual(await readAll(logs, ID, "backward", 2), forward);
  assert.equal(forward[1]?.message, whole);
  const pieces = forward.filter((event) => event.message.startsWith("€"));
  assert.equal(pieces.map((event) => event.message).join(""), long);
  assert.ok(pieces.every((event) => Buffer.byteLength(event.message) <= 262_118));
  assert.equal(forward.at(-1)?.message, "end");
  assert.equal(
    forward
      .filter((event) => event.message.startsWith("\ufffd"))
      .map((event) => event.message)
      .join("").length,
    700_000,
  );
});

test("a log full of empty lines ends, by pages without events", async (t) => {
  const { logs } = freshLogs(t);
  writeFileSync(
    logs.path(ID),
    Buffer.concat([Buffer.from("a\n"), Buffer.alloc(40 * 1024 * 1024, 10), Buffer.from("b\n")]),
  );
  for (const direction of ["forward", "backward"] as const) {
    const events = await readAll(logs, ID, direction, 10);
    assert.deepEqual(
      events.map((event) => event.message),
      ["a", "b"],
    );
  }
});

test("whatever the bytes, both directions and any page size give the same events, and all the text", async (t) => {
  const { logs } = freshLogs(t);
  const unit = fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
    { weight: 3, arbitrary: fc.constantFrom("\n", "\r\n", "\n\n", "€\n") },
    { weight: 1, arbitrary: fc.integer({ min: 200_000, max: 560_000 }).map((size) => "ä".repeat(size / 2)) },
  );
  let number = 100;
  await fc.assert(
    fc.asyncProperty(fc.array(unit, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), async (units, limit) => {
      const id = attemptId((number += 1));
      const text = Buffer.from(units.join("")).toString();
      writeFileSync(logs.path(id), text);
      const forward = await readAll(logs, id, "forward", limit);
      assert.deepEqual(await readAll(logs, id, "backward", limit), forward);
      assert.equal(forward.map((event) => event.message).join(""), text.replaceAll(/\r?\n|\r$/g, ""));
      const from = forward[Math.floor(forward.length / 2)]?.position ?? 0n;
      const page = await logs.read(id, { position: from > 0n ? from - 1n : 0n, direction: "forward", limit: 1 });
      assert.equal(page.events[0]?.position, forward.find((event) => event.position >= from - 1n)?.position);
    }),
    { numRuns: 150 },
  );
});
