import { closeSync, fsyncSync, openSync } from "node:fs";

/** Of a file what is in it; of a directory which names are: what was synced survives a power cut. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
