import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compilePattern } from "../../../src/api/logs/pattern/pattern.ts";

/** A generated condition: how it is written, and a naive answer to it. */
interface Condition<Subject> {
  readonly text: string;
  readonly holds: (subject: Subject) => boolean;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Few values, so that conditions often meet them. */
const VALUES = ["a", "ab", "b a", "1", "10", "-2.5", "*x"] as const;
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 1, 10, -2.5),
  fc.constantFrom(...VALUES),
);

function comparison(): fc.Arbitrary<{ text: string; holds: (value: string | number | boolean) => boolean }> {
  const operator = fc.constantFrom("=", "!=", "<", "<=", ">", ">=");
  const number = fc.tuple(operator, fc.constantFrom("1", "+10", "1e1", "-2.5")).map(([sign, text]) => ({
    text: `${sign} ${text}`,
    holds: (value: string | number | boolean) => compareNumbers(value, sign, text),
  }));
  const texts = fc.record({
    not: fc.boolean(),
    open: fc.boolean(),
    text: fc.constantFrom("a", "b", "ab", "b a"),
    goesOn: fc.boolean(),
  });
  const text = texts.map(({ not, open, text: middle, goesOn }) => {
    const glob = `${open ? "*" : ""}${middle}${goesOn ? "*" : ""}`;
    const like = new RegExp(`^${glob.replaceAll("*", ".*")}$`);
    return {
      text: `${not ? "!=" : "="}${/\s/.test(glob) ? ` "${glob}"` : glob}`,
      holds: (value: string | number | boolean) => like.test(String(value)) !== not,
    };
  });
  return fc.oneof(number, text);
}

function compareNumbers(value: string | number | boolean, sign: string, text: string): boolean {
  const number = typeof value === "boolean" || value === "" ? Number.NaN : Number(value);
  const equal = number === Number(text) || String(value) === text;
  if (sign === "=") return equal;
  if (sign === "!=") return !equal;
  if (sign.startsWith("<")) return number < Number(text) || (sign === "<=" && number === Number(text));
  return number > Number(text) || (sign === ">=" && number === Number(text));
}

/** Conditions joined in any way, with the parentheses that their order needs and sometimes some more. */
function joined<Subject>(leaf: fc.Arbitrary<Condition<Subject>>): fc.Arbitrary<Condition<Subject>> {
  const { tree } = fc.letrec<{ tree: Condition<Subject> }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.tuple(tie("tree"), tie("tree")).map(([one, other]) => ({
        text: `(${one.text}) && (${other.text})`,
        holds: (subject: Subject) => one.holds(subject) && other.holds(subject),
      })),
      fc.tuple(tie("tree"), leaf, leaf).map(([one, other, third]) => ({
        text: `(${one.text})||${other.text} && ${third.text}`,
        holds: (subject: Subject) => one.holds(subject) || (other.holds(subject) && third.holds(subject)),
      })),
    ),
  }));
  return tree.filter(({ text }) => text.length < 900);
}

const field = fc.constantFrom("a", "b-c", "d");
const path = fc.array(fc.oneof(field, fc.nat({ max: 2 })), { minLength: 1, maxLength: 3 });

function lookUp(document: Json, steps: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = document;
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) !== (typeof step === "number")) return undefined;
    value = (value as Record<string | number, Json>)[step];
  }
  return value;
}

const jsonCondition: fc.Arbitrary<Condition<Json>> = fc
  .tuple(path, fc.oneof(comparison(), fc.constantFrom("IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS")))
  .map(([steps, test]) => {
    const selector = `$${steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("")}`;
    if (typeof test !== "string") {
      const holds = (document: Json): boolean => {
        const value = lookUp(document, steps);
        return value !== undefined && value !== null && typeof value !== "object" && test.holds(value);
      };
      return { text: `${selector} ${test.text}`, holds };
    }
    const wanted = { "IS NULL": null, "IS TRUE": true, "IS FALSE": false, "NOT EXISTS": undefined }[test];
    return { text: `${selector} ${test}`, holds: (document: Json) => lookUp(document, steps) === wanted };
  });

const { document } = fc.letrec<{ document: Json }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.dictionary(field, tie("document"), { maxKeys: 3 }),
    fc.array(tie("document"), { maxLength: 3 }),
  ),
}));

test("JSON patterns answer as a naive reading of them", () => {
  const documents = fc.array(
    document.filter((value) => typeof value === "object" && value !== null),
    { minLength: 1, maxLength: 8 },
  );
  const property = fc.property(joined(jsonCondition), documents, ({ text, holds }, all) => {
    const matches = compilePattern(`{ ${text} }`);
    for (const one of all) assert.equal(matches(JSON.stringify(one)), holds(one), `${text} of ${JSON.stringify(one)}`);
  });
  fc.assert(property, { numRuns: 2_000 });
});

test("patterns of fields answer as a naive reading of them", () => {
  const names = ["w0", "w1", "w2", "w3"];
  const conditionOf = (name: string): fc.Arbitrary<Condition<string>> =>
    joined(comparison().map(({ text, holds }) => ({ text: `${name} ${text}`, holds })));
  const fields = fc.tuple(...names.map((name) => fc.option(conditionOf(name), { nil: undefined })));
  const shape = fc.record({ fields, count: fc.integer({ min: 1, max: 4 }), ellipsis: fc.option(fc.nat({ max: 3 })) });
  const words = fc.array(fc.constantFrom(...VALUES, "x[y]"), { minLength: 1, maxLength: 6 });
  const property = fc.property(shape, fc.array(words, { minLength: 1, maxLength: 8 }), (pattern, lines) => {
    const used = pattern.fields.slice(0, pattern.count);
    const texts = used.map((condition, index) => condition?.text ?? names[index]!);
    const split = pattern.ellipsis === null ? undefined : Math.min(pattern.ellipsis, pattern.count);
    if (split !== undefined) texts.splice(split, 0, "...");
    const text = `[${texts.join(", ")}]`;
    if (text.length > 1_024) return;
    const matches = compilePattern(text);
    for (const line of lines)
      assert.equal(matches(lineOf(line)), naively(used, split, line), `${text} of ${lineOf(line)}`);
  });
  fc.assert(property, { numRuns: 2_000 });
});

function lineOf(words: readonly string[]): string {
  return words.map((word) => (word.includes(" ") ? `"${word}"` : word)).join(" ");
}

function naively(
  fields: readonly (Condition<string> | undefined)[],
  split: number | undefined,
  words: readonly string[],
): boolean {
  const aligned = align(fields.length, split, words);
  return aligned !== undefined && fields.every((condition, index) => condition?.holds(aligned[index]!) ?? true);
}

/** The word of each field; undefined when they do not fit. */
function align(count: number, split: number | undefined, words: readonly string[]): string[] | undefined {
  if (words.length < count) return undefined;
  if (split !== undefined) return [...words.slice(0, split), ...words.slice(words.length - (count - split))];
  if (words.length === count) return [...words];
  return [...words.slice(0, count - 1), lineOf(words.slice(count - 1))];
}
