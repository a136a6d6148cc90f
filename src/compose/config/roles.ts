import { resolve } from "node:path";
import type { CredentialSource, RoleSource } from "../../drivers/secrets/role-source.ts";
import type { JsonObject } from "../../input/json-object.ts";
import { oneOf } from "./one-of.ts";

export function roleSources(entries: readonly JsonObject[], directory: string): RoleSource[] {
  return entries.map((entry) => {
    const match = entry.string("match");
    const from = oneOf<CredentialSource>(entry, {
      profile: (name) => ({ kind: "profile", name: entry.string(name) }),
      file: (name) => ({ kind: "file", path: resolve(directory, entry.string(name)) }),
      command: (name) => ({ kind: "command", command: entry.filled(name) }),
    });
    entry.end();
    return { match, from };
  });
}
