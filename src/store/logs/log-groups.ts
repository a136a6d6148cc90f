import type { LogGroup, LogGroupQuery, LogGroups, LogGroupSettings } from "../../ports/log-groups.ts";
import { Conditions } from "../conditions.ts";
import type { Database, Row, Written } from "../database.ts";
import { statement } from "../database.ts";
import { parseStored } from "../stored-json.ts";

/** A deleted group keeps its row, without a name that anybody finds, until its streams are removed. */
export function logGroupTable(database: Database): LogGroups {
  return {
    async find(scope, name) {
      const [row] = await database.read(
        `SELECT * FROM log_groups WHERE scope = ? AND name = ? AND deleted_at IS NULL`,
        [scope, name],
      );
      return row && toGroup(row);
    },
    async list(scope, query) {
      const { text, values } = conditionsOf(scope, query);
      const rows = await database.read(`SELECT * FROM log_groups WHERE ${text} ORDER BY name LIMIT ?`, [
        ...values,
        query.limit,
      ]);
      return rows.map(toGroup);
    },
    async create(scope, { name, createdAt, settings }) {
      const [written] = await database.write([
        statement(
          `INSERT INTO log_groups (scope, name, created_at, settings) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
          ...[scope, name, createdAt, JSON.stringify(settings)],
        ),
      ]);
      return written!.changes === 1;
    },
    async change(scope, name, changes) {
      const [written] = await database.write([
        statement(
          // A merge patch (RFC 7396): null removes.
          `UPDATE log_groups SET settings = json_patch(settings, ?) WHERE scope = ? AND name = ? AND deleted_at IS NULL`,
          ...[JSON.stringify(changes), scope, name],
        ),
      ]);
      return written!.changes === 1;
    },
    async remove(scope, name, now) {
      const remove = statement(
        `UPDATE log_groups SET deleted_at = ? WHERE scope = ? AND name = ? AND deleted_at IS NULL RETURNING settings`,
        ...[now, scope, name],
      );
      try {
        const [written] = await database.write([remove], refuseProtected);
        return written!.changes === 1 ? "removed" : "unknown";
      } catch (error) {
        if (error instanceof Protected) return "protected";
        throw error;
      }
    },
    async expiring(after, limit) {
      const rows = await database.read(
        `SELECT id, settings FROM log_groups
         WHERE id > ? AND deleted_at IS NULL AND settings LIKE '%"retentionInDays"%' ORDER BY id LIMIT ?`,
        [after, limit],
      );
      return rows.map((row) => ({
        id: Number(row["id"]),
        retentionInDays: settingsOf(row).retentionInDays ?? Infinity,
      }));
    },
  };
}

class Protected extends Error {}

function refuseProtected([removed]: readonly Written[]): Error | undefined {
  const [row] = removed!.rows;
  return row !== undefined && settingsOf(row).deletionProtectionEnabled === true ? new Protected() : undefined;
}

function conditionsOf(scope: string, query: LogGroupQuery): Conditions {
  const conditions = new Conditions().add(`deleted_at IS NULL AND scope = ?`, scope).addPrefix(query.prefix);
  if (query.after !== undefined) conditions.add(`name > ?`, query.after);
  if (query.names !== undefined) {
    conditions.add(`name IN (SELECT value FROM json_each(?))`, JSON.stringify(query.names));
  }
  // Unlike LIKE, this is the same in all engines: case matters, and no character is special.
  if (query.part) conditions.add(`replace(name, ?, '') <> name`, query.part);
  if (query.logGroupClass !== undefined) {
    conditions.add(`coalesce(settings ->> '$.logGroupClass', 'STANDARD') = ?`, query.logGroupClass);
  }
  return conditions;
}

function toGroup(row: Row): LogGroup {
  return {
    id: Number(row["id"]),
    name: String(row["name"]),
    createdAt: Number(row["created_at"]),
    settings: settingsOf(row),
  };
}

function settingsOf(row: Row): LogGroupSettings {
  return parseStored(row["settings"]) as LogGroupSettings;
}
