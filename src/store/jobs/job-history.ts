import type { JobState } from "../../core/job.ts";
import type { History } from "../../ports/history.ts";
import { IS_ONE_OF } from "./attempt-uses.ts";
import { countedHistory } from "./counted-history.ts";
import type { Database, Row, SqlValue, Statement } from "../database.ts";
import { statement, telling } from "../database.ts";
import { ENDED_AT, IS_ENDED, KEPT_DAYS } from "../migrations.ts";
import { deleteTraces, IS_NEEDED, removeJobs } from "./removed-jobs.ts";
import { parseStored } from "../stored-json.ts";

/** Removing what is over and old, bit by bit. `definitionsWritten` is called when definitions were removed. */
export function jobHistory(database: Database, definitionsWritten: () => void): History {
  return {
    async keptDays() {
      const next = (bound: string): string =>
        `SELECT ${KEPT_DAYS} FROM jobs WHERE ${IS_ENDED} AND ${KEPT_DAYS} > ${bound} ORDER BY ${KEPT_DAYS} LIMIT 1`;
      const rows = await database.read(
        `WITH RECURSIVE kinds (days) AS (
           SELECT (${next("0")}) UNION ALL SELECT (${next("kinds.days")}) FROM kinds WHERE days IS NOT NULL)
         SELECT days FROM kinds WHERE days IS NOT NULL`,
      );
      return rows.map((row) => Number(row["days"]));
    },
    async firstEnd(days) {
      const { sql, values } = keptFor(days);
      const [row] = await database.read(
        `SELECT ${ENDED_AT} AS ended_at FROM jobs WHERE ${sql} ORDER BY ${ENDED_AT} LIMIT 1`,
        values,
      );
      return row && Number(row["ended_at"]);
    },
    async removeJobs(days, time, limit) {
      const { sql, values } = keptFor(days);
      const rows = await database.read(
        `SELECT id, seq, scheduling, state, children FROM jobs WHERE ${sql} AND ${ENDED_AT} < ? AND NOT ${IS_NEEDED}
         ORDER BY ${ENDED_AT} LIMIT ?`,
        [...values, time, limit],
      );
      return rows.length === 0 ? 0 : removeJobs(database, rows);
    },
    ...countedHistory(database),
    async removeChildren(limit) {
      const rows = await database.read(
        // CROSS JOIN: the removed arrays first, whatever SQLite thinks of their number.
        `SELECT c.id, c.state FROM removed_arrays a CROSS JOIN jobs c WHERE c.parent_id = a.id LIMIT ?`,
        [limit],
      );
      const forget = statement(
        `DELETE FROM removed_arrays WHERE NOT EXISTS (SELECT 1 FROM jobs c WHERE c.parent_id = removed_arrays.id)`,
      );
      if (rows.length > 0 || (await hasRemovedArrays(database))) {
        await database.write([...deleteTraces(rows), ...deleteUses(rows), ...deleteRows(rows), forget]);
      }
      return rows.length;
    },
    async removeDefinitions(time, limit) {
      const [, removed] = await database.write([
        ...removedDefinitions(time, limit),
        ...telling(database, "definitions"),
      ]);
      definitionsWritten();
      return removed!.changes;
    },
  };
}

async function hasRemovedArrays(database: Database): Promise<boolean> {
  return (await database.read(`SELECT id FROM removed_arrays LIMIT 1`)).length > 0;
}

/** Without days: whose tag does not say any. */
function keptFor(days: number | undefined): { sql: string; values: SqlValue[] } {
  if (days === undefined) return { sql: `${IS_ENDED} AND ${KEPT_DAYS} IS NULL`, values: [] };
  return { sql: `${IS_ENDED} AND ${KEPT_DAYS} = ?`, values: [days] };
}

function deleteRows(rows: readonly Row[]): Statement[] {
  return [
    statement(
      `DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))`,
      JSON.stringify(rows.map(({ id }) => id)),
    ),
  ];
}

function deleteUses(rows: readonly Row[]): Statement[] {
  const attempts = rows.flatMap((row) => (parseStored(row["state"]) as JobState).attempts);
  const places = attempts.map(({ id, stoppedAt }) => [stoppedAt, id]);
  return [statement(`DELETE FROM attempt_uses WHERE ${IS_ONE_OF}`, JSON.stringify(places))];
}

/** Two statements: what must be known of them later, and their removal. */
function removedDefinitions(time: number, limit: number): [Statement, Statement] {
  const old = `SELECT arn FROM job_definitions WHERE status = 'INACTIVE' AND deregistered_at < ? ORDER BY deregistered_at LIMIT ?`;
  return [
    statement(
      `INSERT INTO removed_definitions (scope, name, revision)
       SELECT scope, name, max(revision) FROM job_definitions WHERE arn IN (${old}) GROUP BY scope, name
       ON CONFLICT (scope, name) DO UPDATE SET revision = max(removed_definitions.revision, excluded.revision)`,
      ...[time, limit],
    ),
    statement(`DELETE FROM job_definitions WHERE arn IN (${old})`, time, limit),
  ];
}
