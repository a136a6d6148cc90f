import { StoreDamaged } from "../ports/store.ts";

/** What the store itself has written as JSON. Rejects with StoreDamaged what is none: somebody else, or a disk, has written there since. */
export function parseStored(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch (cause) {
    throw new StoreDamaged("A value in the store is damaged", { cause });
  }
}
