import { parseChildId, unitAttemptId } from "../../core/ids.ts";
import type { Attempt, JobState, Scheduling } from "../../core/job.ts";
import { NUMBERS } from "../conditions.ts";
import type { Database, Row, Statement } from "../database.ts";
import { statement } from "../database.ts";
import { RUNNING, UNBOUNDED_SPAN } from "../logs/log-spans.ts";
import { DELETED_GROUP } from "../logs/log-streams.ts";
import { parseStored } from "../stored-json.ts";
import { deleteSamples } from "./usage-samples.ts";

/** A job that is not over depends on it. */
export const IS_NEEDED = `EXISTS (
  SELECT 1 FROM job_dependents d JOIN jobs o ON o.id = d.dependent_id
  WHERE d.job_id = jobs.id AND o.status NOT IN ('SUCCEEDED', 'FAILED'))`;

/** All or nothing: when a job is needed by one that came meanwhile, the next look finds out. */
export async function removeJobs(database: Database, rows: readonly Row[]): Promise<number> {
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const these = `IN (SELECT value FROM json_each(?))`;
  const schedulings = rows.map((row) => ({ row, scheduling: parseStored(row["scheduling"]) as Scheduling }));
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
        // What their children have used goes with these, bit by bit.
        statement(
          `DELETE FROM attempt_uses WHERE job_seq IN ${NUMBERS}`,
          JSON.stringify(rows.filter(({ children }) => children === null).map(({ seq }) => seq)),
        ),
        ...deleteTraces(rows),
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

/** What attempts used while they ran goes. The logs of all attempts become those of a deleted stream, whether they had one or not. */
export function deleteTraces(rows: readonly Row[]): Statement[] {
  const attempts = rows.flatMap((row) => (parseStored(row["state"]) as JobState).attempts);
  const ids = attempts.flatMap(driversIdsOf);
  return [
    deleteSamples(ids),
    statement(
      `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
       SELECT value, ${DELETED_GROUP}, value, 'job', 0, 0, 0, ${UNBOUNDED_SPAN} FROM json_each(?) WHERE true
       ON CONFLICT (log_id) DO UPDATE SET group_id = ${DELETED_GROUP}, name = log_streams.log_id, last_event_at =
         CASE WHEN log_streams.last_event_at = ${RUNNING} THEN log_streams.first_event_at ELSE log_streams.last_event_at END`,
      JSON.stringify(ids),
    ),
  ];
}

/** As drivers know them, and logs: of an attempt or its units. */
function driversIdsOf({ id, units }: Attempt): string[] {
  return units === undefined ? [id] : units.map((_, unit) => unitAttemptId(id, unit));
}
