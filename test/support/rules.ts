import assert from "node:assert/strict";
import type { Rule } from "../../src/api/batch/rules.ts";

/** Fails when the tables have a text that none of the examples brings about. `broken`: the names of the texts that they do. */
export function assertEachRuleBroken(tables: readonly (readonly Rule<never>[])[], broken: readonly string[]): void {
  const texts: readonly string[] = tables.flat().flatMap((rule) => rule.texts);
  const unbroken = texts.filter((text) => !broken.includes(text));
  assert.deepEqual(unbroken, [], "texts without an example");
}
