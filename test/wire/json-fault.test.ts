import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findJsonFault } from "../../src/api/wire/json-fault.ts";

const characters = fc.constantFrom(...Array.from('{}[]:,"\\ a1-.en\n\u0001'));

test("the walk finds a fault exactly where JSON.parse refuses", () => {
  const nearlyJson = fc.tuple(fc.json(), fc.nat(), characters).map(([json, where, character]) => {
    const at = where % (json.length + 1);
    return json.slice(0, at) + character + json.slice(at);
  });
  const property = fc.property(nearlyJson, (text) => {
    const reachesTheEnd = findJsonFault(text).endsWith("expected the end, got the end");
    assert.equal(reachesTheEnd, isJson(text));
  });
  fc.assert(property, { numRuns: 3000 });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
