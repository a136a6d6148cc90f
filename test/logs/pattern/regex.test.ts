import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileRegex } from "../../../src/api/logs/pattern/regex.ts";

test("the language: what matches and what does not", () => {
  const examples: [regex: string, matching: string[], others: string[]][] = [
    ["^[hc]at", ["hat", "cat food"], ["a hat", "bat"]],
    ["[hc]at$", ["hat", "a cat"], ["cats"]],
    ["^$", [""], ["a"]],
    ["colou?r", ["color", "colour"], ["colouur"]],
    ["[abcx-z]1", ["a1", "y1"], ["d1", "w1"]],
    ["^a{3,5}$", ["aaa", "aaaaa"], ["aa", "aaaaaa"]],
    ["^a{2}b{,2}c{1,}$", ["aac", "aabbcc"], ["aabbb", "ac"]],
    ["^a{0}b$", ["b"], ["ab"]],
    ["gra|ey", ["gray", "grey"], ["gr"]],
    ["^starting|^initializing|^shutting down", ["starting ...", "shutting down"], ["skipping initializing"]],
    ["\\[.\\]", ["[a]", "[]]"], ["[]"]],
    ["10\\.10", ["10.10"], ["10010"]],
    ["ab*c", ["ac", "abbbc"], ["abb"]],
    ["ab+c", ["abc"], ["ac"]],
    ["^.at$", ["#at", " at", "éat", "😀at"], ["at", "xxat"]],
    ["^\\d\\D\\s\\S\\w\\W$", ["1a\tb_-"], ["1a\tb_x"]],
    ["\\x3A\\x28", [":("], ["x"]],
    ["[^a-c]", ["d", "é"], ["abc"]],
    ["[a^\\]-]", ["^", "]", "-"], ["b"]],
    ["[\\d.]+x", ["1.2x"], ["ax"]],
    ["a b", ["a b"], ["ab"]],
  ];
  for (const [regex, matching, others] of examples) {
    const matches = compileRegex(regex);
    for (const text of matching) assert.ok(matches(text), `${regex} matches ${text}`);
    for (const text of others) assert.ok(!matches(text), `${regex} does not match ${text}`);
  }
});

test("what is not in the language is refused", () => {
  const refused = [
    "",
    "a|",
    "something!",
    "(a)",
    "*a",
    "a**",
    "a$b",
    "a^b",
    "[a",
    "[]",
    "[z-a]",
    "[a-\\d]",
    "a{2,1}",
    "a{",
    "a{,}",
  ];
  refused.push("a{1001}", "a{1000}b{1000}", "\\", "\\q", "\\x8", "\\xff", "é", "a{x}", "[a-z]{2000}");
  for (const regex of refused) {
    assert.throws(
      () => compileRegex(regex),
      { code: "InvalidParameterException", message: /^Invalid filter pattern: the regular/ },
      regex,
    );
  }
});

test("it finds what JavaScript's own regular expressions find", () => {
  const character = fc.constantFrom("a", "b", "c", ".", "\\d", "[ab]", "[^a]", "\\.", "\\w", "\\S", "[a-c1]");
  const repeat = fc.constantFrom("", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}");
  const item = fc.tuple(character, repeat).map((parts) => parts.join(""));
  const sequence = fc
    .tuple(fc.boolean(), fc.array(item, { minLength: 1, maxLength: 40 }), fc.boolean())
    .map(([fromStart, items, toEnd]) => `${fromStart ? "^" : ""}${items.join("")}${toEnd ? "$" : ""}`);
  const short = sequence.filter((text) => text.length < 40);
  const regex = fc.oneof(
    fc.array(short, { minLength: 1, maxLength: 4 }).map((all) => all.join("|")),
    sequence,
  );
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", ".", " ", "_", "é"), maxLength: 60 });
  const property = fc.property(regex, fc.array(text, { minLength: 1, maxLength: 5 }), (source, texts) => {
    const matches = compileRegex(source);
    // An oracle that backtracks: short texts only.
    const oracle = new RegExp(source, "s");
    for (const subject of texts)
      assert.equal(matches(subject.slice(0, 24)), oracle.test(subject.slice(0, 24)), subject);
  });
  fc.assert(property, { numRuns: 3_000 });
});
