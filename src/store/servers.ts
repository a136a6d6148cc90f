import type { ServerTable } from "../ports/servers.ts";
import type { Database, Row } from "./database.ts";
import { statement } from "./database.ts";
import { NOW } from "./lease.ts";

const KEPT_MS = 86_400_000;

export function serverTable(database: Database): ServerTable {
  return {
    async seen({ id, url, version, hostName, pid, keyFingerprint }) {
      await database.write([
        statement(
          `INSERT INTO servers (id, url, version, host_name, pid, key_fingerprint, started_at, seen_at)
           VALUES (?, ?, ?, ?, ?, ?, ${NOW}, ${NOW})
           ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`,
          ...[id, url, version, hostName, pid, keyFingerprint],
        ),
        statement(`DELETE FROM servers WHERE seen_at < ${NOW} - ?`, KEPT_MS),
      ]);
    },
    async gone(id) {
      await database.write([statement(`DELETE FROM servers WHERE id = ?`, id)]);
    },
    async all() {
      const rows = await database.read(
        `SELECT s.*, ${NOW} - s.seen_at AS seen_ago, l.epoch, l.since FROM servers s
         LEFT JOIN leadership l ON l.server_id = s.id AND l.expires_at > ${NOW}
         ORDER BY CASE WHEN l.epoch IS NULL THEN 1 ELSE 0 END, s.started_at, s.id`,
      );
      return rows.map((row) => ({
        ...{ id: String(row["id"]), url: String(row["url"]), version: String(row["version"]) },
        ...{ hostName: String(row["host_name"]), pid: Number(row["pid"]), startedAt: Number(row["started_at"]) },
        keyFingerprint: String(row["key_fingerprint"]),
        seenAgoMs: Math.max(0, Number(row["seen_ago"])),
        ...leadOf(row),
      }));
    },
  };
}

function leadOf({ epoch = null, since }: Row): { lead?: { epoch: number; since: number } } {
  return epoch === null ? {} : { lead: { epoch: Number(epoch), since: Number(since) } };
}
