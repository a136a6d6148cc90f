import { resolve } from "node:path";
import type { Database } from "../store/database.ts";
import { copyStore, type Copied } from "../store/copies/copy.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "../store/migrations.ts";
import { systemClock } from "./clock.ts";
import { prepareDataDirectory } from "./data-directory.ts";
import { openDatabase } from "./database.ts";
import { withoutPassword } from "./database.ts";

/** A store as a user names it: the URL of a PostgreSQL, or a data directory. */
export type StoreName = string;

export interface Schema {
  readonly schema: number;
  /** This program's. */
  readonly wanted: number;
}

/** The store's schema, 0 when there is none. */
export function schemaOf(name: StoreName): Promise<Schema> {
  return withStore(name, async (database) => ({
    schema: await schemaVersion(database).catch(() => 0),
    wanted: SCHEMA_VERSION,
  }));
}

/** Brings a store to this program's schema. Resolves with the schema that it had. */
export function migrateStore(name: StoreName): Promise<Schema> {
  return withStore(name, async (database) => ({
    schema: await migrate(database, systemClock.now()),
    wanted: SCHEMA_VERSION,
  }));
}

/** `from` is read as it is at one moment. Rejects as copyStore does. */
export function copyStores(
  from: StoreName,
  to: StoreName,
  progress: (table: string, rows: number) => void,
): Promise<Copied[]> {
  return withStore(from, (source) => withStore(to, (target) => copyStore(source, target, systemClock.now(), progress)));
}

/** As it may be shown. */
export function shownStore(name: StoreName): string {
  return isUrl(name) ? withoutPassword(name) : resolve(name);
}

function isUrl(name: StoreName): boolean {
  return /^[a-z]+:\/\//i.test(name);
}

async function withStore<T>(name: StoreName, use: (database: Database) => Promise<T>): Promise<T> {
  const options = isUrl(name) ? { dataDir: "", databaseUrl: name } : { dataDir: resolve(name) };
  if (!isUrl(name)) prepareDataDirectory(options.dataDir);
  const database = await openDatabase(options, { clock: systemClock, onError: () => {} });
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}
