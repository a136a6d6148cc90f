import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { serverLog } from "../../src/compose/server-log.ts";
import { BROKEN, HOSTILE } from "../support/hostile.ts";

// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

function logged(): { log: ReturnType<typeof serverLog>; lines: () => string[] } {
  let text = "";
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString("utf8");
      done();
    },
  });
  return { log: serverLog("info", destination), lines: () => text.split("\n").slice(0, -1) };
}

test("whatever is logged is one line of JSON, which no terminal obeys, and says the same", () => {
  const texts = Object.values({ ...HOSTILE, ...BROKEN });
  const { log, lines } = logged();
  for (const text of texts) log.error({ err: new Error(text), path: `/v1/${text}` }, text);
  assert.equal(lines().length, texts.length);
  for (const [index, line] of lines().entries()) {
    assert.doesNotMatch(line, OBEYED);
    const { level, msg, path, err } = JSON.parse(line) as { level: number; msg: string; path: string; err: Error };
    const whole = texts[index]!.toWellFormed();
    assert.deepEqual([level, path.toWellFormed(), err.message.toWellFormed()], [50, `/v1/${whole}`, whole]);
    assert.equal(msg.toWellFormed(), whole);
  }
});

test("of errors is told where they come from, and not what libraries hang on them", () => {
  const { log, lines } = logged();
  class DatabaseError extends Error {}
  const cause = Object.assign(new DatabaseError("violates a constraint"), {
    code: "23505",
    detail: "Failing row contains (hunter2)",
    parameters: ["hunter2"],
  });
  log.error({ err: new Error("a write failed", { cause }) }, "failed");
  log.error({ err: "no error" }, "failed");
  log.error({ err: new Error("x".repeat(100_000)) }, "failed");
  const [first, second, third] = lines().map((line) => (JSON.parse(line) as { err: Record<string, unknown> }).err);
  assert.ok(!lines().join().includes("hunter2"));
  const { type, message, code, stack } = first!["cause"] as Record<string, string>;
  assert.deepEqual([type, message, code], ["DatabaseError", "violates a constraint", "23505"]);
  assert.match(stack!, /server-log\.test\.ts/);
  assert.deepEqual(second, { type: "string", message: "no error" });
  assert.ok(JSON.stringify(third).length < 25_000);
});
