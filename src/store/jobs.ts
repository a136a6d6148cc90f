import type { RecordedChildren } from "../core/array.ts";
import { childId } from "../core/ids.ts";
import type { JobState, JobStatus, Scheduling } from "../core/job.ts";
import { initialState, JOB_STATUSES } from "../core/job.ts";
import type { JobRecord, JobSpec, JobTable } from "../ports/store.ts";
import { UnknownDependency } from "../ports/store.ts";
import { writeOnce } from "./client-tokens.ts";
import type { Database, Row } from "./database.ts";
import { statement } from "./database.ts";
import { activeShares } from "./shares.ts";
import { consumableStatement, jobsByConsumable } from "./job-consumables.ts";
import { wholeJobs } from "./job-history.ts";
import { listJobs } from "./job-lists.ts";
import { SharedTexts } from "./shared-texts.ts";

/** A job's row with its parent's scheduling where it has none of its own. Everything but the spec, which is large and seldom wanted. */
export const JOB_COLUMNS = `j.seq, j.id, j.scope, j.queue_arn, j.name, j.definition_arn, j.created_at, j.parent_id,
  j.array_index, j.share_identifier, j.children, j.state, coalesce(j.scheduling, p.scheduling) AS scheduling,
  coalesce(p.seq, j.seq) AS order_seq`;
export const JOBS = `jobs j LEFT JOIN jobs p ON p.id = j.parent_id`;
/** The children of an array that was removed are there until they are removed too, and nobody sees them. */
const IS_THERE = `(j.parent_id IS NULL OR p.id IS NOT NULL)`;
/** The same of jobs that are no children. */
const PARENT_COLUMNS = `id, scope, queue_arn, name, definition_arn, created_at, parent_id, share_identifier, children, state,
  scheduling, seq AS order_seq`;

export function jobTable(database: Database): JobTable {
  return {
    async insert({ id, scope, queueArn, name, definitionArn, createdAt, shareIdentifier, scheduling, spec }, token) {
      const state = initialState(scheduling);
      const insert = [
        statement(
          `INSERT INTO jobs
             (id, scope, queue_arn, name, definition_arn, created_at, share_identifier, scheduling, spec, status, state)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[id, scope, queueArn, name, definitionArn, createdAt, shareIdentifier ?? null],
          ...[JSON.stringify(scheduling), JSON.stringify(spec), state.status, JSON.stringify(state)],
        ),
        ...(scheduling.consumables ?? []).map(({ arn }) => consumableStatement(id, arn)),
      ];
      // In the same transaction: what a job depends on is kept from then on, and must be there.
      const on = wholeJobs(scheduling.dependsOn);
      const depend = on.map((jobId) =>
        statement(`INSERT INTO job_dependents (job_id, dependent_id) SELECT id, ? FROM jobs WHERE id = ?`, id, jobId),
      );
      await writeOnce(database, token, [...depend, ...insert], (written) => {
        const missing = on.find((_, index) => written[index]!.changes === 0);
        return missing === undefined ? undefined : new UnknownDependency(missing);
      });
    },
    async setPriority(id, schedulingPriority) {
      await database.write([
        statement(
          `UPDATE jobs SET spec = json_set(spec, '$.schedulingPriority', CAST(? AS INTEGER)),
             scheduling = json_replace(scheduling, '$.priority', CAST(? AS INTEGER)) WHERE id = ? AND spec IS NOT NULL`,
          ...[schedulingPriority, schedulingPriority, id],
        ),
      ]);
    },
    async find(scope, ids) {
      const rows = await database.read(
        `SELECT ${JOB_COLUMNS} FROM ${JOBS}
         WHERE ${IS_THERE} AND j.scope = ? AND j.id IN (SELECT value FROM json_each(?))`,
        [scope, JSON.stringify(ids)],
      );
      return rows.map(toJobRecord);
    },
    async findWithSpecs(scope, ids) {
      const rows = await database.read(
        `SELECT ${JOB_COLUMNS}, j.spec FROM ${JOBS}
         WHERE ${IS_THERE} AND j.scope = ? AND j.id IN (SELECT value FROM json_each(?))`,
        [scope, JSON.stringify(ids)],
      );
      return rows.map((row) => ({
        job: toJobRecord(row),
        ...(row["spec"] !== null && { spec: JSON.parse(String(row["spec"])) as JobSpec }),
      }));
    },
    async origin(id) {
      const [row] = await database.read(
        `SELECT j.scope, j.status, coalesce(j.spec, p.spec) AS spec FROM ${JOBS} WHERE ${IS_THERE} AND j.id = ?`,
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
    async findByNumber(jobs) {
      const numbers = jobs.map(({ seq }) => seq);
      const numbered = await database.read(`SELECT seq, id FROM jobs WHERE seq IN (SELECT value FROM json_each(?))`, [
        JSON.stringify(numbers),
      ]);
      const idBySeq = new Map(numbered.map((row) => [Number(row["seq"]), String(row["id"])]));
      const ids = jobs.flatMap(({ seq, index }) => {
        const id = idBySeq.get(seq);
        return id === undefined || index === undefined ? (id ?? []) : childId(id, index);
      });
      const rows = await database.read(
        `SELECT ${JOB_COLUMNS} FROM ${JOBS} WHERE ${IS_THERE} AND j.id IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(ids)],
      );
      return rows.map(toJobRecord);
    },
    activeShares: (queueArn, share, limit) => activeShares(database, queueArn, share, limit),
    async specs(ids) {
      const rows = await database.read(
        `SELECT id, spec FROM jobs WHERE spec IS NOT NULL AND id IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(ids)],
      );
      return new Map(rows.map((row) => [String(row["id"]), JSON.parse(String(row["spec"])) as JobSpec]));
    },
    async list(queueArn, query) {
      const listed = await listJobs(database, queueArn, query, PARENT_COLUMNS);
      return listed.map(({ row, place }) => ({ job: toJobRecord(row), place }));
    },
    async listByConsumable(arn, query) {
      const { rows, ...more } = await jobsByConsumable(database, arn, query, PARENT_COLUMNS);
      return { jobs: rows.map(toJobRecord), ...more };
    },
    async children(parentId, { status, after, limit }) {
      const rows = await database.read(
        `SELECT ${JOB_COLUMNS} FROM ${JOBS}
         WHERE j.parent_id = ? AND j.status = ? AND j.array_index > ? ORDER BY j.array_index LIMIT ?`,
        [parentId, status, after, limit],
      );
      return rows.map(toJobRecord);
    },
    async recordedIndexes(parentId, { from, to }) {
      const rows = await database.read(
        `SELECT array_index FROM jobs WHERE parent_id = ? AND array_index >= ? AND array_index < ?
           AND status IN (SELECT value FROM json_each(?))`,
        [parentId, from, to, JSON.stringify(JOB_STATUSES)],
      );
      return rows.map((row) => Number(row["array_index"]));
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

/** Of what kind jobs are is said in few texts. */
const schedulings = new SharedTexts();

export function toJobRecord(row: Row): JobRecord {
  const parentId = row["parent_id"];
  const shareIdentifier = row["share_identifier"];
  const recorded = row["children"];
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
    scheduling: schedulings.scheduling(String(row["scheduling"])) as Scheduling,
    state: JSON.parse(String(row["state"])) as JobState,
    ...(typeof recorded === "string" && { recorded: JSON.parse(recorded) as RecordedChildren }),
  };
}
