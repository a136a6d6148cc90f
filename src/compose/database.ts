import type { Clock } from "../ports/clock.ts";
import { StoreUnavailable } from "../ports/store.ts";
import type { Database } from "../store/database.ts";
import { PostgresDatabase } from "../store/postgres/database.ts";
import { openDataDirectory } from "./data-directory.ts";
import type { ServerOptions } from "./options.ts";
import { StartError } from "./start-error.ts";

export interface DatabaseContext {
  readonly clock: Clock;
  onError(what: string, error: unknown): void;
}

/** PostgreSQL where one is named, else SQLite in the data directory. Throws StartError when it cannot be used. */
export async function openDatabase(
  { dataDir, databaseUrl }: Pick<ServerOptions, "dataDir" | "databaseUrl">,
  { clock, onError }: DatabaseContext,
): Promise<Database> {
  if (databaseUrl === undefined) return openDataDirectory(dataDir);
  const database = new PostgresDatabase({ url: checkedUrl(databaseUrl), clock, onError });
  try {
    const [row] = await database.read(`SELECT current_setting('server_version_num') AS version`);
    if (Number(row!["version"]) < OLDEST_POSTGRES * 10_000)
      throw new Error(`it is older than version ${OLDEST_POSTGRES}`);
    return database;
  } catch (error) {
    await database.close();
    throw unusable(databaseUrl, error);
  }
}

const OLDEST_POSTGRES = 14;

function checkedUrl(url: string): string {
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return url;
  const message = `--database-url must be like postgres://user@host:5432/database, not ${withoutPassword(url)}.`;
  throw new StartError("BAD_OPTION", message);
}

function unusable(url: string, error: unknown): StartError {
  const why = error instanceof StoreUnavailable ? error.cause : error;
  const message = why instanceof Error ? why.message || why.name : String(why);
  return new StartError(
    "DATABASE_UNUSABLE",
    `The database ${withoutPassword(url)} cannot be used (${message}). Check its address, the user and the password, and that PostgreSQL runs there.`,
  );
}

/** As it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^:@/]*):[^@/]*@/i, "$1:***@").replace(/(password=)[^&]*/gi, "$1***");
}
