import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromStored, storedValue } from "../../../src/store/postgres/text.ts";

/** Texts made of what is difficult. */
const difficult = fc
  .array(
    fc.constantFrom("\0", "\u{FDD0}", "m", "n", "0000", "d83d", "\\", "\\u", "u", '"', "a", "\u{1F600}", "\\u0000"),
  )
  .map((parts) => parts.join(""));

test("any text comes back as it went in, holds no NUL meanwhile, and stays another than any other", () => {
  fc.assert(
    fc.property(difficult, difficult, (one, other) => {
      const stored = String(storedValue(one));
      assert.equal(fromStored(stored), one);
      assert.ok(!stored.includes("\0"));
      assert.equal(stored === storedValue(other), one === other);
    }),
  );
});

test("JSON stays JSON, without what PostgreSQL refuses, and says the same", () => {
  fc.assert(
    fc.property(fc.anything({ values: [difficult, fc.string({ unit: "binary" })] }), (value) => {
      const json = JSON.stringify(value ?? null);
      const stored = String(storedValue(json));
      JSON.parse(stored);
      assert.doesNotMatch(stored.replaceAll("\\\\", ""), /\\u(0000|d[89a-f])/);
      assert.deepEqual(JSON.parse(fromStored(stored)), JSON.parse(json));
    }),
  );
});

test("what nobody needs to change is not changed, nor are numbers", () => {
  assert.deepEqual(["plain", 7, null, "\\\\u0000"].map(storedValue), ["plain", 7, null, "\\\\u0000"]);
});
