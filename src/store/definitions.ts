import type { DefinitionRecord, DefinitionSettings, DefinitionTable } from "../ports/store.ts";
import type { Database, Row } from "./database.ts";
import { statement } from "./database.ts";
import type { RowCache } from "./row-cache.ts";

export function definitionTable(database: Database, cache: RowCache<DefinitionRecord>): DefinitionTable {
  return {
    async register({ scope, name, unrevisionedArn, createdAt, settings }) {
      const [written] = await database.write([
        statement(
          `INSERT INTO job_definitions (arn, scope, name, revision, status, settings, created_at)
           SELECT ? || ':' || (coalesce(max(revision), 0) + 1), ?, ?, coalesce(max(revision), 0) + 1, 'ACTIVE', ?, ?
           FROM job_definitions WHERE scope = ? AND name = ? RETURNING *`,
          ...[unrevisionedArn, scope, name, JSON.stringify(settings), createdAt, scope, name],
        ),
      ]);
      cache.forget();
      return toRecord(written!.rows[0]!);
    },
    get(arn) {
      return cache.get(arn, async () => {
        const [row] = await database.read(`SELECT * FROM job_definitions WHERE arn = ?`, [arn]);
        return row && toRecord(row);
      });
    },
    latestActive(scope, name) {
      return cache.get(`${scope} ${name}`, async () => {
        const [row] = await database.read(
          `SELECT * FROM job_definitions WHERE scope = ? AND name = ? AND status = 'ACTIVE' ORDER BY revision DESC LIMIT 1`,
          [scope, name],
        );
        return row && toRecord(row);
      });
    },
    async list(scope, { name, status, after, limit }) {
      const rows = await database.read(
        `SELECT * FROM job_definitions
         WHERE scope = ? AND (? IS NULL OR name = ?) AND (? IS NULL OR status = ?)
           AND (name > ? OR (name = ? AND revision < ?))
         ORDER BY name, revision DESC LIMIT ?`,
        [
          ...[scope, name ?? null, name ?? null, status ?? null, status ?? null],
          ...[after?.name ?? "", after?.name ?? "", after?.revision ?? 0, limit],
        ],
      );
      return rows.map(toRecord);
    },
    async deregister(arn, now) {
      await database.write([
        statement(
          `UPDATE job_definitions SET status = 'INACTIVE', deregistered_at = ? WHERE arn = ? AND status = 'ACTIVE'`,
          ...[now, arn],
        ),
      ]);
      cache.forget();
    },
  };
}

function toRecord(row: Row): DefinitionRecord {
  return {
    arn: String(row["arn"]),
    scope: String(row["scope"]),
    name: String(row["name"]),
    revision: Number(row["revision"]),
    status: row["status"] as DefinitionRecord["status"],
    settings: JSON.parse(String(row["settings"])) as DefinitionSettings,
  };
}
