import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { STORE_FILE } from "../../ports/backups.ts";
import { eraOf } from "../../store/fact-names.ts";
import type { SqliteDatabase } from "../../store/sqlite/database.ts";
import { openDataDirectory } from "../data-directory.ts";
import { StartError } from "../start-error.ts";
import { syncPath } from "../sync-path.ts";

/** Where a store is restored to. */
export interface RestoredPlace {
  /** Part of the ids of attempts that the store made which is replaced; undefined also where it cannot be read. */
  readonly era: string | undefined;
  /** The draft becomes the store. Resolves with the names of what was there before. */
  take(draft: string, suffix: string): Promise<string[]>;
  close(): Promise<void>;
}

/** What is in the place where a store is to be restored. While it is open, no server starts there, however damaged it is. */
export class StoreToReplace implements RestoredPlace {
  readonly era: string | undefined;
  readonly #path: string;
  readonly #isNew: boolean;
  /** Undefined when it cannot be opened. */
  #database: SqliteDatabase | undefined;

  /** @throws StartError when a server uses it. */
  static async open(dataDir: string): Promise<StoreToReplace> {
    const path = join(dataDir, STORE_FILE);
    const isNew = !existsSync(path);
    const database = openIfSound(dataDir);
    const era = database && (await eraOf(database).catch(() => undefined));
    return new StoreToReplace(path, isNew, database, era);
  }

  private constructor(path: string, isNew: boolean, database: SqliteDatabase | undefined, era: string | undefined) {
    this.#path = path;
    this.#isNew = isNew;
    this.#database = database;
    this.era = era;
  }

  take(draft: string, suffix: string): Promise<string[]> {
    // A log that is left beside would be taken for the new store's.
    this.#settle();
    const log = `${this.#path}-wal`;
    if (existsSync(log)) renameSync(log, `${this.#path}${suffix}-wal`);
    const kept = putInPlace(draft, this.#path, suffix);
    if (this.#isNew) for (const path of kept.splice(0)) rmSync(path);
    return Promise.resolve(kept);
  }

  async close(): Promise<void> {
    await this.#database?.close();
  }

  #settle(): void {
    try {
      this.#database?.intoOneFile();
    } catch {
      // It is damaged: its log is kept beside it.
      void this.#database?.close();
      this.#database = undefined;
    }
  }
}

function openIfSound(dataDir: string): SqliteDatabase | undefined {
  try {
    return openDataDirectory(dataDir);
  } catch (error) {
    if (error instanceof StartError && error.code === "DATA_DIR_IN_USE") throw error;
    return undefined;
  }
}

/** There is no instant without a file at `path`, if there was one. Returns the name that it has from now on. */
export function putInPlace(draft: string, path: string, suffix: string): string[] {
  const isThere = existsSync(path);
  if (isThere) linkSync(path, `${path}${suffix}`);
  renameSync(draft, path);
  syncPath(dirname(path));
  return isThere ? [`${path}${suffix}`] : [];
}
