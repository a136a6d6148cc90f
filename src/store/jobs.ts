import type { JobState, JobStatus, Scheduling } from "../core/job.ts";
import { initialState } from "../core/job.ts";
import type { JobQuery, JobRecord, JobSpec, JobTable } from "../ports/store.ts";
import type { Database, Row, SqlValue } from "./database.ts";
import { statement } from "./database.ts";
import { nameCondition } from "./name-pattern.ts";

/** A job's row with its parent's scheduling where it has none of its own. Everything but the spec, which is large and seldom wanted. */
export const JOB_COLUMNS = `j.seq, j.id, j.scope, j.queue_arn, j.name, j.definition_arn, j.created_at, j.parent_id,
  j.array_index, j.share_identifier, j.state, coalesce(j.scheduling, p.scheduling) AS scheduling, coalesce(p.seq, j.seq) AS order_seq`;
export const JOBS = `jobs j LEFT JOIN jobs p ON p.id = j.parent_id`;

export function jobTable(database: Database): JobTable {
  return {
    async insert({ id, scope, queueArn, name, definitionArn, createdAt, shareIdentifier, scheduling, spec }) {
      const state = initialState(scheduling);
      await database.write([
        statement(
          `INSERT INTO jobs
             (id, scope, queue_arn, name, definition_arn, created_at, share_identifier, scheduling, spec, status, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[id, scope, queueArn, name, definitionArn, createdAt, shareIdentifier ?? null],
          ...[JSON.stringify(scheduling), JSON.stringify(spec), state.status, JSON.stringify(state)],
        ),
      ]);
    },
    async find(scope, ids) {
      const rows = await database.read(
        `SELECT ${JOB_COLUMNS} FROM ${JOBS} WHERE j.scope = ? AND j.id IN (SELECT value FROM json_each(?))`,
        [scope, JSON.stringify(ids)],
      );
      return rows.map(toJobRecord);
    },
    async origin(id) {
      const [row] = await database.read(
        `SELECT j.scope, j.status, coalesce(j.spec, p.spec) AS spec FROM ${JOBS} WHERE j.id = ?`,
        [id],
      );
      if (row === undefined) return undefined;
      const { submittedBy } = JSON.parse(String(row["spec"])) as JobSpec;
      return {
        scope: String(row["scope"]),
        status: row["status"] as JobStatus,
        ...(submittedBy !== undefined && { submittedBy }),
      };
    },
    async specs(ids) {
      const rows = await database.read(
        `SELECT id, spec FROM jobs WHERE spec IS NOT NULL AND id IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(ids)],
      );
      return new Map(rows.map((row) => [String(row["id"]), JSON.parse(String(row["spec"])) as JobSpec]));
    },
    async list(queueArn, query) {
      const { conditions, values } = jobConditions(query);
      const rows = await database.read(
        `SELECT ${JOB_COLUMNS} FROM ${JOBS} WHERE j.queue_arn = ? AND j.parent_id IS NULL ${conditions}
         ORDER BY j.seq DESC LIMIT ?`,
        [queueArn, ...values, query.limit],
      );
      return rows.map(toJobRecord);
    },
    async children(parentId, { from, to }) {
      const rows = await database.read(
        `SELECT ${JOB_COLUMNS} FROM ${JOBS}
         WHERE j.parent_id = ? AND j.array_index >= ? AND j.array_index < ? ORDER BY j.array_index`,
        [parentId, from, to],
      );
      return rows.map(toJobRecord);
    },
    async countChildren(parentIds) {
      const rows = await database.read(
        `SELECT parent_id, status, count(*) AS count FROM jobs
         WHERE parent_id IN (SELECT value FROM json_each(?)) GROUP BY parent_id, status`,
        [JSON.stringify(parentIds)],
      );
      const counts = new Map<string, Partial<Record<JobStatus, number>>>(parentIds.map((id) => [id, {}]));
      for (const row of rows) counts.get(String(row["parent_id"]))![row["status"] as JobStatus] = Number(row["count"]);
      return counts;
    },
    async requestStops(jobIds, { kind, reason }, now) {
      await database.write(
        jobIds.map((jobId) =>
          statement(
            `INSERT INTO stop_requests (job_id, kind, reason, requested_at) VALUES (?, ?, ?, ?)
             ON CONFLICT (job_id) DO UPDATE SET kind = excluded.kind, reason = excluded.reason
             WHERE stop_requests.kind = 'cancel' AND excluded.kind = 'terminate'`,
            ...[jobId, kind, reason, now],
          ),
        ),
      );
    },
  };
}

export function toJobRecord(row: Row): JobRecord {
  const parentId = row["parent_id"];
  const shareIdentifier = row["share_identifier"];
  return {
    id: String(row["id"]),
    seq: Number(row["order_seq"]),
    scope: String(row["scope"]),
    queueArn: String(row["queue_arn"]),
    name: String(row["name"]),
    definitionArn: String(row["definition_arn"]),
    createdAt: Number(row["created_at"]),
    ...(typeof shareIdentifier === "string" && { shareIdentifier }),
    ...(parentId !== null && { parent: { id: String(parentId), index: Number(row["array_index"]) } }),
    scheduling: JSON.parse(String(row["scheduling"])) as Scheduling,
    state: JSON.parse(String(row["state"])) as JobState,
  };
}

function jobConditions(query: JobQuery): { conditions: string; values: SqlValue[] } {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  const add = (condition: string, ...more: SqlValue[]): void => {
    conditions.push(`AND ${condition}`);
    values.push(...more);
  };
  if (query.status !== undefined) add(`j.status = ?`, query.status);
  if (query.name !== undefined) {
    const name = nameCondition(`j.name`, query.name);
    add(name.sql, ...name.values);
  }
  if (query.definitionArn !== undefined) add(`j.definition_arn = ?`, query.definitionArn);
  if (query.definitionArnPrefix !== undefined) {
    add(`substr(j.definition_arn, 1, ?) = ?`, [...query.definitionArnPrefix].length, query.definitionArnPrefix);
  }
  if (query.createdBefore !== undefined) add(`j.created_at < ?`, query.createdBefore);
  if (query.createdAfter !== undefined) add(`j.created_at > ?`, query.createdAfter);
  if (query.shareIdentifier !== undefined) add(`j.share_identifier = ?`, query.shareIdentifier);
  if (query.before !== undefined) add(`j.seq < ?`, query.before);
  return { conditions: conditions.join(" "), values };
}
