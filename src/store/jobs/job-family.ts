import { JOB_STATUSES } from "../../core/job.ts";
import type { JobState, JobStatus } from "../../core/job.ts";
import type { ChildFailure, JobFamily } from "../../ports/job-family.ts";
import type { Database, Row } from "../database.ts";
import { parseStored } from "../stored-json.ts";

/** All that is asked of children goes by the index on parent, status and array index. */
const CHILDREN = `parent_id = ? AND array_index >= ? AND array_index < ? AND status IN (SELECT value FROM json_each(?))`;

/** How many states are read before it is others' turn. */
const PAGE = 2_000;

export function jobFamily(database: Database): JobFamily {
  return {
    async recordedIndexes(parentId, { from, to }) {
      const rows = await database.read(`SELECT array_index FROM jobs WHERE ${CHILDREN}`, [
        ...[parentId, from, to, JSON.stringify(JOB_STATUSES)],
      ]);
      return rows.map((row) => Number(row["array_index"]));
    },
    async statusRuns(parentId, { from, to }) {
      // In a run of one status the index and the row's number in that status grow alike.
      const rows = await database.read(
        `SELECT status, min(array_index) AS first, max(array_index) AS last FROM (
           SELECT status, array_index,
             array_index - row_number() OVER (PARTITION BY status ORDER BY array_index) AS run
           FROM jobs WHERE ${CHILDREN}) runs
         GROUP BY status, run`,
        [parentId, from, to, JSON.stringify(JOB_STATUSES)],
      );
      return rows.map((row) => ({
        status: row["status"] as JobStatus,
        first: Number(row["first"]),
        last: Number(row["last"]),
      }));
    },
    async failures(parentId, { from, to }) {
      const failures: ChildFailure[] = [];
      for (let next = from; ;) {
        const rows = await database.read(
          `SELECT array_index, state FROM jobs
           WHERE parent_id = ? AND status = 'FAILED' AND array_index >= ? AND array_index < ?
           ORDER BY array_index LIMIT ${PAGE}`,
          [parentId, next, to],
        );
        for (const row of rows) failures.push(toFailure(row));
        if (rows.length < PAGE) return failures;
        next = failures.at(-1)!.index + 1;
        await new Promise((resolve) => void setImmediate(resolve));
      }
    },
    async dependents(ids, { after, limit }) {
      const rows = await database.read(
        `SELECT job_id, dependent_id FROM job_dependents
         WHERE job_id IN (SELECT value FROM json_each(?)) AND (job_id, dependent_id) > (?, ?)
         ORDER BY job_id, dependent_id LIMIT ?`,
        [JSON.stringify(ids), after?.jobId ?? "", after?.dependentId ?? "", limit],
      );
      return rows.map((row) => ({ jobId: String(row["job_id"]), dependentId: String(row["dependent_id"]) }));
    },
  };
}

function toFailure(row: Row): ChildFailure {
  const { statusReason, attempts } = parseStored(row["state"]) as JobState;
  const { exitCode, reason } = attempts.at(-1) ?? {};
  return {
    index: Number(row["array_index"]),
    ...(statusReason !== undefined && { statusReason }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
  };
}
