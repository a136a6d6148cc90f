import { resolve } from "node:path";
import type { SecretSource, ValueSource } from "../../drivers/secrets/source.ts";
import type { JsonObject } from "../../input/json-object.ts";
import { oneOf } from "./one-of.ts";

export function secretSources(entries: readonly JsonObject[], directory: string): SecretSource[] {
  return entries.map((entry) => {
    const match = entry.string("match");
    const from = oneOf<ValueSource>(entry, {
      file: (name) => ({ kind: "file", path: resolve(directory, entry.string(name)) }),
      directory: (name) => ({ kind: "directory", path: resolve(directory, entry.string(name)) }),
      variable: (name) => ({ kind: "variable", name: entry.string(name) }),
      command: (name) => ({ kind: "command", command: entry.filled(name) }),
    });
    entry.end();
    return { match, from };
  });
}
