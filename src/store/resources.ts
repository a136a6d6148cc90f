import type { ResourceKind, ResourceRecord, ResourceTable } from "../ports/store.ts";
import { QuotaReached } from "../ports/store.ts";
import { HIGHEST_CHARACTER } from "./conditions.ts";
import type { RowCache } from "./row-cache.ts";
import type { Database, Row } from "./database.ts";
import { statement, telling } from "./database.ts";
import { parseStored } from "./stored-json.ts";

/** One table for every kind of named resource: they differ in their settings, which only their owner reads. */
export function resourceTable<Settings>(
  database: Database,
  kind: ResourceKind,
  cache: RowCache<ResourceRecord<Settings>>,
  quota?: number,
): ResourceTable<Settings> {
  return {
    async insert({ arn, scope, name, createdAt, status, statusReason, settings }) {
      const isRoomLeft = quota === undefined ? { sql: "true", values: [] } : fewerThan(quota, kind, arn);
      const [written] = await database.write([
        statement(
          `INSERT INTO resources (arn, kind, scope, name, version, created_at, status, status_reason, settings)
           SELECT ?, ?, ?, ?, 1, ?, ?, ?, ? WHERE ${isRoomLeft.sql} ON CONFLICT DO NOTHING`,
          ...[arn, kind, scope, name, createdAt, status, statusReason, JSON.stringify(settings), ...isRoomLeft.values],
        ),
        ...telling(database, "resources"),
      ]);
      if (written!.changes === 1) return true;
      if (quota === undefined) return false;
      const [existing] = await database.read(`SELECT arn FROM resources WHERE arn = ?`, [arn]);
      if (existing === undefined) throw new QuotaReached(kind, quota);
      return false;
    },
    get(arn) {
      return cache.get(arn, async () => {
        const [row] = await database.read(`SELECT * FROM resources WHERE arn = ? AND kind = ?`, [arn, kind]);
        return row && toRecord(row);
      });
    },
    async list(scope, { after = "", limit }) {
      const rows = await database.read(
        `SELECT * FROM resources WHERE kind = ? AND scope = ? AND name > ? ORDER BY name LIMIT ?`,
        [kind, scope, after, limit],
      );
      return rows.map((row) => toRecord<Settings>(row));
    },
    async regionsOf(account, most) {
      const rows = await database.read(
        `SELECT DISTINCT scope FROM resources WHERE kind = ? AND scope > ? AND scope < ? LIMIT ?`,
        [kind, `${account}/`, `${account}/${HIGHEST_CHARACTER}`, most],
      );
      return rows.length;
    },
    async remove(arn) {
      await database.write([
        statement(`DELETE FROM resources WHERE arn = ? AND kind = ?`, arn, kind),
        ...telling(database, "resources"),
      ]);
      cache.forget();
    },
    async update({ arn, version }, { status, statusReason, settings }) {
      const [written] = await database.write([
        statement(
          `UPDATE resources SET version = version + 1, status = ?, status_reason = ?,
             settings = json_set(?, '$.tags', json(coalesce(settings -> '$.tags', '{}')))
           WHERE arn = ? AND version = ?`,
          ...[status, statusReason, JSON.stringify(settings), arn, version],
        ),
        ...telling(database, "resources"),
      ]);
      cache.forget();
      return written!.changes === 1;
    },
  };
}

/** Those of the kind whose ARNs are alike but for the name: of one account and region; of quota shares, of one queue. */
function fewerThan(quota: number, kind: ResourceKind, arn: string): { sql: string; values: (string | number)[] } {
  const prefix = arn.slice(0, arn.lastIndexOf("/") + 1);
  return {
    sql: `(SELECT count(*) FROM resources WHERE kind = ? AND arn > ? AND arn < ?) < ?`,
    values: [kind, prefix, prefix + HIGHEST_CHARACTER, quota],
  };
}

export function toRecord<Settings>(row: Row): ResourceRecord<Settings> {
  return {
    arn: String(row["arn"]),
    scope: String(row["scope"]),
    name: String(row["name"]),
    version: Number(row["version"]),
    createdAt: Number(row["created_at"]),
    status: row["status"] as ResourceRecord<Settings>["status"],
    statusReason: String(row["status_reason"]),
    settings: parseStored(row["settings"]) as Settings,
  };
}
