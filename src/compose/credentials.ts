import type { KeyRing } from "../api/access/key-ring.ts";
import type { Clock } from "../ports/clock.ts";
import { migrate } from "../store/migrations.ts";
import { openKeyRing } from "./access.ts";
import { openDatabase, prepareDataDirectory } from "./data-directory.ts";
import { openSecrets } from "./secrets.ts";

/** The access keys of a data directory on which no server runs. Until `close`, none can start. */
export async function openCredentials(
  dataDir: string,
  clock: Pick<Clock, "now">,
): Promise<{ readonly keys: KeyRing; close(): Promise<void> }> {
  prepareDataDirectory(dataDir);
  const database = openDatabase(dataDir);
  try {
    await migrate(database, clock.now());
    return { keys: await openKeyRing(database, openSecrets(dataDir), clock), close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}
