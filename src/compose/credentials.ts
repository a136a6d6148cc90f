import type { KeyRing } from "../api/access/key-ring.ts";
import { migrate } from "../store/migrations.ts";
import { openKeyRing } from "./access.ts";
import { prepareDataDirectory } from "./data-directory.ts";
import type { DatabaseContext } from "./database.ts";
import { openDatabase } from "./database.ts";
import type { ServerOptions } from "./options.ts";
import { openSecrets } from "./secrets.ts";

/** The access keys of a data directory on which no server runs. Until `close`, none can start on a database that is in it. */
export async function openCredentials(
  options: Pick<ServerOptions, "dataDir" | "databaseUrl">,
  context: DatabaseContext,
): Promise<{ readonly keys: KeyRing; close(): Promise<void> }> {
  const { dataDir } = options;
  prepareDataDirectory(dataDir);
  const { clock } = context;
  const database = await openDatabase(options, context);
  try {
    await migrate(database, clock.now());
    return { keys: await openKeyRing(database, openSecrets(dataDir), clock), close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}
