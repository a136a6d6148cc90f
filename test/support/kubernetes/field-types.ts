import * as client from "@kubernetes/client-node";
import type { Json } from "./objects.ts";

/** What the generated client knows of the API's types: the fields of each, by the cluster's own OpenAPI document. */
interface Field {
  readonly baseName: string;
  readonly type: string;
}

const types = client as unknown as Readonly<
  Record<string, { readonly attributeTypeMap?: readonly Field[] } | undefined>
>;

interface Found {
  /** Places of members that the type does not have: `spec.containers[0].comand`. */
  readonly unknown: string[];
  /** What cannot be decoded at all. */
  readonly wrong: string[];
}

/** Compares an object with its type, as the API server does when it decodes it: members that the type has not, and values of another kind. */
export function compareWithType(object: Json, type: string): Found {
  const found: Found = { unknown: [], wrong: [] };
  visit(object, type, "", found);
  return found;
}

function visit(value: Json | undefined, type: string, place: string, found: Found): void {
  if (value === null || value === undefined) return;
  const items = /^Array<(.*)>$/.exec(type)?.[1];
  if (items !== undefined) return visitArray(value, items, place, found);
  const values = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (values !== undefined) return visitMap(value, values, place, found);
  const fields = types[type]?.attributeTypeMap;
  if (fields !== undefined) return visitObject(value, fields, place, found);
  const isRight = PRIMITIVES[type]?.(value) ?? true;
  if (!isRight) found.wrong.push(`${place}: ${JSON.stringify(value)} is no ${type}`);
}

const PRIMITIVES: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  Date: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  IntOrString: (value) => typeof value === "string" || typeof value === "number",
};

function visitArray(value: Json, type: string, place: string, found: Found): void {
  if (!Array.isArray(value)) return void found.wrong.push(`${place}: no array`);
  for (const [index, item] of value.entries()) visit(item as Json, type, `${place}[${index}]`, found);
}

function visitMap(value: Json, type: string, place: string, found: Found): void {
  if (!isObject(value)) return void found.wrong.push(`${place}: no object`);
  for (const [name, item] of Object.entries(value)) visit(item, type, `${place}.${name}`, found);
}

function visitObject(value: Json, fields: readonly Field[], place: string, found: Found): void {
  if (!isObject(value)) return void found.wrong.push(`${place}: no object`);
  for (const [name, item] of Object.entries(value)) {
    const at = place === "" ? name : `${place}.${name}`;
    const field = fields.find(({ baseName }) => baseName === name);
    if (field === undefined) found.unknown.push(at);
    else visit(item, field.type, at, found);
  }
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
