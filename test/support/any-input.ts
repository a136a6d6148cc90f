import fc from "fast-check";
import type { Member, Shape } from "../../src/api/wire/schema.ts";

const text = fc.string({ unit: "binary", maxLength: 8 });

/** Any input of an operation that its schema allows, whatever the service's rules say. */
export function anyInput(members: readonly Member[]): fc.Arbitrary<object> {
  return structureOf(members, 0);
}

/** Any value that the shape allows, as the server is to decode it. */
function valueOf(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "string":
      return text;
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer().map(unsigned);
    case "long":
      return fc.maxSafeInteger().map(unsigned);
    case "double":
      return fc.double({ noDefaultInfinity: true, noNaN: true }).map(unsigned);
    case "list":
      return fc.array(valueOf(shape.item, depth + 1), { maxLength: 2 });
    case "map":
      return fc.array(fc.tuple(text.filter(isPlainKey), valueOf(shape.value, depth + 1)), { maxLength: 3 }).map(mapOf);
    case "structure":
      return structureOf(shape.members(), depth);
  }
}

/** JSON has no negative zero. */
function unsigned(value: number): number {
  return value === 0 ? 0 : value;
}

/** The SDK's serializer itself cannot send this key; input.test.ts does. */
function isPlainKey(key: string): boolean {
  return key !== "__proto__";
}

function mapOf(entries: readonly (readonly [string, unknown])[]): object {
  return Object.assign(Object.create(null), Object.fromEntries(entries)) as object;
}

function structureOf(members: readonly Member[], depth: number): fc.Arbitrary<object> {
  const arbitraries = members.map((member) => {
    const value = memberValue(member, depth);
    return isAlwaysSent(member) ? value : fc.option(value, { nil: undefined, freq: depth > 1 ? 1 : 4 });
  });
  return fc.tuple(...arbitraries).map((values) => {
    const entries = members.map(({ name }, index) => [name, values[index]] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  });
}

function memberValue(member: Member, depth: number): fc.Arbitrary<unknown> {
  switch (member.place.kind) {
    case "body":
      return valueOf(member.shape, depth + 1);
    case "label":
      return fc.string({ unit: "binary", minLength: 1, maxLength: 20 });
    case "query":
      return fc.array(text, { minLength: 1, maxLength: 3 });
  }
}

/** The SDK invents a clientToken where there is none. */
function isAlwaysSent(member: Member): boolean {
  return member.required || member.name === "clientToken";
}
