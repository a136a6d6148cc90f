import type { Database } from "./database.ts";

/** Part of the ids of attempts that are made after a backup was restored; absent in a store that never was. */
export const ERA = "era";
/** The highest number of a launched instance: rows go, numbers are never given again. */
export const LAST_INSTANCE_SEQ = "last-instance-seq";

/** All events of the log up to this one are gone. */
export const EVENTS_REMOVED_TO = "events-removed-to";

export async function eraOf(database: Database): Promise<string | undefined> {
  const [row] = await database.read(`SELECT value FROM facts WHERE name = '${ERA}'`);
  return row && String(row["value"]);
}
