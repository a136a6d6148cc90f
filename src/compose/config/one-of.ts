import { InputError } from "../../input/input-error.ts";
import type { JsonObject } from "../../input/json-object.ts";

/** Reads the one member, of several that exclude each other, that an entry has. */
export function oneOf<T>(entry: JsonObject, readers: Readonly<Record<string, (name: string) => T>>): T {
  const names = Object.keys(readers);
  const found = names.flatMap((name) => entry.optional(name, readers[name]!) ?? []);
  if (found.length !== 1) throw new InputError(`${entry.path} must have exactly one of ${names.join(", ")}.`);
  return found[0]!;
}
