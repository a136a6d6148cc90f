import assert from "node:assert/strict";
import { test } from "node:test";
import { expandVariables } from "../../src/core/tasks/expand-variables.ts";

test("variables stand in parentheses after a dollar sign; two dollar signs are one", () => {
  const variables = { A: "1", "dotted.name": "2", EMPTY: "", NESTED: "$(A)" };
  const cases = {
    "$(A)": "1",
    "x$(A)$(dotted.name)y": "x12y",
    "$(EMPTY)": "",
    "$(NESTED)": "$(A)",
    "$(NOBODY)": "$(NOBODY)",
    "$(toString)": "$(toString)",
    "$$(A)": "$(A)",
    "$$$(A)": "$1",
    $$: "$",
    "$A ${A} $( $": "$A ${A} $( $",
    "$(A": "$(A",
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(expandVariables(text, variables), expected, text);
});
