import type { DefinitionRecord, DefinitionSettings, DefinitionTable } from "../ports/store.ts";
import { Conditions } from "./conditions.ts";
import type { Database, Row } from "./database.ts";
import { statement, telling } from "./database.ts";
import type { RowCache } from "./row-cache.ts";
import { parseStored } from "./stored-json.ts";

export function definitionTable(database: Database, cache: RowCache<DefinitionRecord>): DefinitionTable {
  return {
    async register({ scope, name, unrevisionedArn, createdAt, settings }) {
      const [written] = await database.write([
        statement(
          `INSERT INTO job_definitions (arn, scope, name, revision, status, settings, created_at)
           SELECT ? || ':' || (coalesce(max(revision), 0) + 1), ?, ?, coalesce(max(revision), 0) + 1, 'ACTIVE', ?, ?
           FROM (${REVISIONS}) known RETURNING *`,
          ...[unrevisionedArn, scope, name, JSON.stringify(settings), createdAt, ...revisionsOf(scope, name)],
        ),
        ...telling(database, "definitions"),
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
      const conditions = new Conditions().add(`scope = ?`, scope);
      if (status !== undefined) conditions.add(`status = ?`, status);
      if (name !== undefined) conditions.add(`name = ?`, name);
      if (after !== undefined) conditions.add(`(name, -revision) > (?, ?)`, after.name, -after.revision);
      const rows = await database.read(
        `SELECT * FROM job_definitions WHERE ${conditions.text} ORDER BY name, -revision LIMIT ?`,
        [...conditions.values, limit],
      );
      return rows.map(toRecord);
    },
    async wasRegistered(scope, name) {
      const rows = await database.read(`${REVISIONS} LIMIT 1`, revisionsOf(scope, name));
      return rows.length > 0;
    },
    async deregister(arn, now) {
      await database.write([
        statement(
          `UPDATE job_definitions SET status = 'INACTIVE', deregistered_at = ? WHERE arn = ? AND status = 'ACTIVE'`,
          ...[now, arn],
        ),
        ...telling(database, "definitions"),
      ]);
      cache.forget();
    },
  };
}

/** Those that there are, and the highest of those that were removed. */
const REVISIONS = `SELECT revision FROM job_definitions WHERE scope = ? AND name = ?
  UNION ALL SELECT revision FROM removed_definitions WHERE scope = ? AND name = ?`;

function revisionsOf(scope: string, name: string): string[] {
  return [scope, name, scope, name];
}

function toRecord(row: Row): DefinitionRecord {
  return {
    arn: String(row["arn"]),
    scope: String(row["scope"]),
    name: String(row["name"]),
    revision: Number(row["revision"]),
    status: row["status"] as DefinitionRecord["status"],
    settings: parseStored(row["settings"]) as DefinitionSettings,
  };
}
