import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rule } from "../../src/api/batch/rules.ts";
import { prefixed, refused } from "../api/server.ts";
import { assertEachRuleBroken } from "./rules.ts";

/** A request that breaks exactly one rule: what is wrong with it, what it sends instead of what is right, and the whole text of that rule. */
export type Refusal<Input> = readonly [what: string, wrong: Partial<Input>, text: string, textName: string];

/** One test for each request that breaks a rule of the tables; one that each of their rules is broken. */
export function testRefusals<Input>(
  operation: string,
  send: (wrong: Partial<Input>) => Promise<unknown>,
  tables: readonly (readonly Rule<never>[])[],
  refusals: readonly Refusal<Input>[],
): void {
  for (const [what, wrong, text] of refusals) {
    test(`${operation} refuses ${what}`, () => assert.rejects(send(wrong), refused(prefixed(text))));
  }
  test(`${operation}: each rule has an example that breaks it`, () => {
    assertEachRuleBroken(
      tables,
      refusals.map(([, , , name]) => name),
    );
  });
}

/** Examples for the rules of tags, which every resource has. */
export const WRONG_TAGS: readonly Refusal<{ tags: Record<string, string> }>[] = [
  [
    "51 tags",
    { tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ""])) },
    "A resource can have at most 50 tags.",
    "tooManyTags",
  ],
  ["a tag of AWS's", { tags: { "AWS:x": "y" } }, "Tag keys and values must not start with aws:.", "tagReserved"],
  [
    "a tag's key with a bad character",
    { tags: { "a;b": "y" } },
    'Tag key "a;b" is not valid: 1 to 128 letters, digits, spaces and + - = . _ : / @.',
    "tagKey",
  ],
  [
    "a tag's value with a bad character",
    { tags: { a: "b;c" } },
    "The value of tag a is not valid: at most 256 letters, digits, spaces and + - = . _ : / @.",
    "tagValue",
  ],
];
