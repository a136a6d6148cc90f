import type { ApiError } from "./errors.ts";
import { serializationException } from "./errors.ts";
import type { Member, Shape } from "./schema.ts";

/** More entries in one list or map than any request of AWS Batch can use. */
export const MAX_ENTRIES = 100_000;

/** Where the decoder is: member names and list indexes from the root. After a failure it names the place. */
type Trail = (string | number)[];

type Decode = (value: unknown, trail: Trail) => unknown;

/**
 * Compiles a structure into a function that turns parsed JSON into a clean input: members of the wrong type are refused, unknown
 * ones dropped, `null` ones treated as absent, maps made without a prototype, so that a key such as `constructor` is data.
 * `members` are those to take, by default all of the structure. Nested structures are compiled when they first occur.
 *
 * @returns a function that throws a SerializationException for a wrong type, and what `missing` makes of `a.b[0].c is required`.
 */
export function compileDecoder(
  members: readonly Member[],
  missing: (detail: string) => ApiError,
): (value: unknown) => Record<string, unknown> {
  const decode = structureDecoder(() => members, missing);
  return (value) => decode(value, []) as Record<string, unknown>;
}

function decoderOf(shape: Shape, missing: (detail: string) => ApiError): Decode {
  switch (shape.kind) {
    case "string":
      return shape.mayBeBroken === true ? decodeBrokenString : decodeString;
    case "boolean":
      return decodeBoolean;
    case "integer":
      return decodeInteger;
    case "long":
      return decodeLong;
    case "double":
      return decodeDouble;
    case "list":
      return listDecoder(decoderOf(shape.item, missing));
    case "map":
      return mapDecoder(decoderOf(shape.value, missing));
    case "structure":
      return structureDecoder(shape.members, missing);
  }
}

/** JSON can say half of a surrogate pair, which is no character: no other encoding has it, so it would not come back as it was given. */
function decodeString(value: unknown, trail: Trail): string {
  const text = decodeBrokenString(value, trail);
  return text.isWellFormed() ? text : refuseBroken(trail);
}

function decodeBrokenString(value: unknown, trail: Trail): string {
  return typeof value === "string" ? value : refuse(trail, "a string", value);
}

function decodeBoolean(value: unknown, trail: Trail): boolean {
  return typeof value === "boolean" ? value : refuse(trail, "true or false", value);
}

/** AWS's Integer has 32 bits. */
function decodeInteger(value: unknown, trail: Trail): number {
  if (!Number.isSafeInteger(value) || (value as number) === (value as number) >> 0) return decodeLong(value, trail);
  throw serializationException(`${pathOf(trail)}: expected a whole number of 32 bits, got a number that is too large`);
}

function decodeLong(value: unknown, trail: Trail): number {
  return Number.isSafeInteger(value) ? (value as number) : refuse(trail, "a whole number", value);
}

function decodeDouble(value: unknown, trail: Trail): number {
  return Number.isFinite(value) ? (value as number) : refuse(trail, "a number", value);
}

function listDecoder(item: Decode): Decode {
  return (value, trail) => {
    if (!Array.isArray(value)) return refuse(trail, "a list", value);
    if (value.length > MAX_ENTRIES) return refuseSize(trail, value.length);
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      trail.push(index);
      list.push(item(value[index], trail));
      trail.pop();
    }
    return list;
  };
}

function mapDecoder(entry: Decode): Decode {
  return (value, trail) => {
    if (!isObject(value)) return refuse(trail, "a map", value);
    const keys = Object.keys(value);
    if (keys.length > MAX_ENTRIES) return refuseSize(trail, keys.length);
    const map = Object.create(null) as Record<string, unknown>;
    for (const key of keys) {
      const found = value[key];
      if (found === null) continue;
      if (!key.isWellFormed()) refuseBroken(trail);
      trail.push(key);
      map[key] = entry(found, trail);
      trail.pop();
    }
    return map;
  };
}

interface CompiledStructure {
  readonly members: ReadonlyMap<string, Decode>;
  readonly required: readonly string[];
}

function structureDecoder(members: () => readonly Member[], missing: (detail: string) => ApiError): Decode {
  let compiled: CompiledStructure | undefined;
  return (value, trail) => {
    if (!isObject(value)) return refuse(trail, "an object", value);
    compiled ??= compileStructure(members(), missing);
    const structure: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const decode = compiled.members.get(key);
      const found = value[key];
      if (decode === undefined || found === null) continue;
      trail.push(key);
      structure[key] = decode(found, trail);
      trail.pop();
    }
    for (const name of compiled.required) {
      if (structure[name] === undefined) throw missing(`${pathOf([...trail, name])} is required`);
    }
    return structure;
  };
}

function compileStructure(members: readonly Member[], missing: (detail: string) => ApiError): CompiledStructure {
  return {
    members: new Map(members.map((member) => [member.name, decoderOf(member.shape, missing)])),
    required: members.filter((member) => member.required).map((member) => member.name),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(trail: Trail, expected: string, value: unknown): never {
  throw serializationException(`${pathOf(trail)}: expected ${expected}, got ${describe(value)}`);
}

function refuseBroken(trail: Trail): never {
  throw serializationException(`${pathOf(trail)}: expected Unicode text, got half of a surrogate pair`);
}

function refuseSize(trail: Trail, count: number): never {
  throw serializationException(`${pathOf(trail)}: ${count} entries, the most that is accepted is ${MAX_ENTRIES}`);
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a string";
  if (typeof value === "number") return describeNumber(value);
  return typeof value === "boolean" ? String(value) : "an object";
}

function describeNumber(value: number): string {
  if (Number.isSafeInteger(value)) return "a number";
  return Number.isInteger(value) || !Number.isFinite(value) ? "a number that is too large" : String(value);
}

/** Keys come from the client: what is quoted of one is limited. */
const LONGEST_KEY_QUOTED = 100;

function pathOf(trail: Trail): string {
  let path = "";
  for (const step of trail) {
    if (typeof step === "number") path += `[${step}]`;
    else path += `${path === "" ? "" : "."}${step.slice(0, LONGEST_KEY_QUOTED)}`;
  }
  return path === "" ? "the request body" : path;
}
