import { closeSync, openSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { backup } from "node:sqlite";
import type { CopyWatch } from "../database.ts";

/** A step holds the database for about a millisecond; whoever writes waits so long at most. */
const PAGES_PER_STEP = 128;

/** Copies a database that is in use into a new file that only its owner can read. The copy is the database as it was when the last page was copied. */
export async function copySqlite(source: DatabaseSync, path: string, { progress }: CopyWatch): Promise<void> {
  closeSync(openSync(path, "wx", 0o600));
  await backup(source, path, {
    rate: PAGES_PER_STEP,
    progress: ({ totalPages, remainingPages }) => progress(totalPages - remainingPages, totalPages),
  });
}
