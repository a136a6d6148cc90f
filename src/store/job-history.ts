import { parseChildId, unitAttemptId } from "../core/ids.ts";
import type { Attempt, JobState, Scheduling } from "../core/job.ts";
import type { History } from "../ports/history.ts";
import type { Database, Row, SqlValue, Statement } from "./database.ts";
import { statement } from "./database.ts";
import { RUNNING, UNBOUNDED_SPAN } from "./log-spans.ts";
import { DELETED_GROUP } from "./log-streams.ts";
import { ENDED_AT, IS_ENDED, KEPT_DAYS } from "./migrations.ts";

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
        await database.write([...deleteLogs(rows), ...deleteRows(rows), forget]);
      }
      return rows.length;
    },
    async removeDefinitions(time, limit) {
      const [, removed] = await database.write(removedDefinitions(time, limit));
      definitionsWritten();
      return removed!.changes;
    },
  };
}

async function hasRemovedArrays(database: Database): Promise<boolean> {
  return (await database.read(`SELECT id FROM removed_arrays LIMIT 1`)).length > 0;
}

/** A job that is not over depends on it. */
const IS_NEEDED = `EXISTS (
  SELECT 1 FROM job_dependents d JOIN jobs o ON o.id = d.dependent_id
  WHERE d.job_id = jobs.id AND o.status NOT IN ('SUCCEEDED', 'FAILED'))`;

/** Without days: whose tag does not say any. */
function keptFor(days: number | undefined): { sql: string; values: SqlValue[] } {
  if (days === undefined) return { sql: `${IS_ENDED} AND ${KEPT_DAYS} IS NULL`, values: [] };
  return { sql: `${IS_ENDED} AND ${KEPT_DAYS} = ?`, values: [days] };
}

/** All or nothing: when a job is needed by one that came meanwhile, the next look finds out. */
async function removeJobs(database: Database, rows: readonly Row[]): Promise<number> {
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const these = `IN (SELECT value FROM json_each(?))`;
  const schedulings = rows.map((row) => ({ row, scheduling: JSON.parse(String(row["scheduling"])) as Scheduling }));
  try {
    await database.write(
      [
        statement(`DELETE FROM jobs WHERE id ${these} AND NOT ${IS_NEEDED}`, ids),
        statement(`DELETE FROM job_dependents WHERE job_id ${these}`, ids),
        statement(`DELETE FROM stop_requests WHERE job_id ${these}`, ids),
        ...schedulings.flatMap(({ row, scheduling }) => deleteNeeds(row, scheduling)),
        ...rows
          .filter(({ children }) => children !== null)
          .map(({ id }) => statement(`INSERT INTO removed_arrays (id) VALUES (?)`, id!)),
        ...deleteLogs(rows),
      ],
      ([deleted]) => (deleted!.changes === rows.length ? undefined : new NeededAgain()),
    );
    return rows.length;
  } catch (error) {
    if (error instanceof NeededAgain) return 0;
    throw error;
  }
}

class NeededAgain extends Error {}

/** That it depended on jobs, and needed consumable resources. */
function deleteNeeds({ id, seq }: Row, { dependsOn, consumables = [] }: Scheduling): Statement[] {
  return [
    ...wholeJobs(dependsOn).map((jobId) =>
      statement(`DELETE FROM job_dependents WHERE job_id = ? AND dependent_id = ?`, jobId, id!),
    ),
    ...consumables.map(({ arn }) => statement(`DELETE FROM job_consumables WHERE arn = ? AND seq = ?`, arn, seq!)),
  ];
}

/** The jobs and arrays that are depended on, also where it is on one child. */
export function wholeJobs(dependsOn: Scheduling["dependsOn"]): string[] {
  return [...new Set(dependsOn.flatMap(({ jobId }) => (jobId === undefined ? [] : wholeJob(jobId))))];
}

function wholeJob(jobId: string): string {
  return parseChildId(jobId)?.parentId ?? jobId;
}

function deleteRows(rows: readonly Row[]): Statement[] {
  return [
    statement(
      `DELETE FROM jobs WHERE id IN (SELECT value FROM json_each(?))`,
      JSON.stringify(rows.map(({ id }) => id)),
    ),
  ];
}

/** The logs of all attempts become those of a deleted stream, whether they had one or not. */
function deleteLogs(rows: readonly Row[]): Statement[] {
  const attempts = rows.flatMap((row) => (JSON.parse(String(row["state"])) as JobState).attempts);
  const logIds = JSON.stringify(attempts.flatMap(logIdsOf));
  return [
    statement(
      `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
       SELECT value, ${DELETED_GROUP}, value, 'job', 0, 0, 0, ${UNBOUNDED_SPAN} FROM json_each(?) WHERE true
       ON CONFLICT (log_id) DO UPDATE SET group_id = ${DELETED_GROUP}, name = log_id, last_event_at =
         CASE WHEN last_event_at = ${RUNNING} THEN first_event_at ELSE last_event_at END`,
      logIds,
    ),
  ];
}

function logIdsOf({ id, units }: Attempt): string[] {
  return units === undefined ? [id] : units.map((_, unit) => unitAttemptId(id, unit));
}

/** Two statements: what must be known of them later, and their removal. */
function removedDefinitions(time: number, limit: number): [Statement, Statement] {
  const old = `SELECT arn FROM job_definitions WHERE status = 'INACTIVE' AND deregistered_at < ? ORDER BY deregistered_at LIMIT ?`;
  return [
    statement(
      `INSERT INTO removed_definitions (scope, name, revision)
       SELECT scope, name, max(revision) FROM job_definitions WHERE arn IN (${old}) GROUP BY scope, name
       ON CONFLICT (scope, name) DO UPDATE SET revision = max(revision, excluded.revision)`,
      ...[time, limit],
    ),
    statement(`DELETE FROM job_definitions WHERE arn IN (${old})`, time, limit),
  ];
}
