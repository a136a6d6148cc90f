import type { TagTable, Tagged } from "../ports/store.ts";
import type { Database, Row, SqlValue, Statement } from "./database.ts";
import { statement, telling } from "./database.ts";
import { parseStored } from "./stored-json.ts";

/** `changed` is called when tags were written, before it is acknowledged. */
export function tagTable(database: Database, changed: () => void): TagTable {
  return {
    async get(tagged) {
      const { table, column, condition, values } = rowOf(tagged);
      const [row] = await database.read(
        `SELECT ${column} -> '$.tags' AS tags FROM ${table} WHERE ${condition}`,
        values,
      );
      return row && toTags(row);
    },
    async change(tagged, changes, max) {
      const { table, column, condition, values } = rowOf(tagged);
      // A merge patch (RFC 7396): null removes.
      const merged = `json_patch(coalesce(${column} -> '$.tags', '{}'), ?)`;
      const update = statement(
        `UPDATE ${table} SET ${column} = json_set(${column}, '$.tags', json(${merged}))
         WHERE ${condition} RETURNING ${column} -> '$.tags' AS tags`,
        ...[JSON.stringify(changes), ...values],
      );
      try {
        const [written] = await database.write([update, ...toldTags(tagged, database)], ([result]) =>
          tooMany(result!.rows, max),
        );
        changed();
        return written!.changes === 1 ? "changed" : "unknown";
      } catch (error) {
        if (error instanceof TooManyTags) return "too many";
        throw error;
      }
    },
  };
}

function toldTags({ kind }: Tagged, database: Database): Statement[] {
  if (kind === "resource") return telling(database, "resources");
  return kind === "definition" ? telling(database, "definitions") : [];
}

class TooManyTags extends Error {}

function tooMany([row]: readonly Row[], max: number): Error | undefined {
  return row !== undefined && Object.keys(toTags(row)).length > max ? new TooManyTags() : undefined;
}

function toTags(row: Row): Record<string, string> {
  return row["tags"] === null ? {} : (parseStored(row["tags"]) as Record<string, string>);
}

interface TaggedRow {
  readonly table: string;
  /** The JSON object that has the tags. */
  readonly column: string;
  readonly condition: string;
  readonly values: readonly SqlValue[];
}

function rowOf(tagged: Tagged): TaggedRow {
  switch (tagged.kind) {
    case "resource":
      return { table: "resources", column: "settings", condition: "arn = ?", values: [tagged.arn] };
    case "definition":
      return { table: "job_definitions", column: "settings", condition: "arn = ?", values: [tagged.arn] };
    case "log-group": {
      const condition = "scope = ? AND name = ? AND deleted_at IS NULL";
      return { table: "log_groups", column: "settings", condition, values: [tagged.scope, tagged.name] };
    }
    case "job":
    case "service-job": {
      // Children have no row of their own for this, or none at all.
      const isService = `scheduling -> '$.service' IS ${tagged.kind === "job" ? "NULL" : "NOT NULL"}`;
      const condition = `id = ? AND scope = ? AND spec IS NOT NULL AND ${isService}`;
      return { table: "jobs", column: "spec", condition, values: [tagged.id, tagged.scope] };
    }
  }
}
