import type { EndedSessionTable } from "../ports/sessions.ts";
import type { Database } from "./database.ts";
import { statement, telling } from "./database.ts";

/** Bounds the memory of a server: who signs out that often has other worries. */
const MOST = 100_000;

export function endedSessionTable(database: Database): EndedSessionTable {
  return {
    async all(now) {
      const rows = await database.read(
        `SELECT id FROM ended_sessions WHERE valid_until > ? ORDER BY valid_until DESC LIMIT ?`,
        [now, MOST],
      );
      return rows.map((row) => String(row["id"]));
    },
    async insert(id, validUntil, now) {
      await database.write([
        statement(`DELETE FROM ended_sessions WHERE valid_until <= ?`, now),
        statement(`INSERT INTO ended_sessions (id, valid_until) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, validUntil),
        ...telling(database, "keys"),
      ]);
    },
  };
}
