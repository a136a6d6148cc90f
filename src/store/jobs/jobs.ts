import type { RecordedChildren } from "../../core/array.ts";
import { jobFacts } from "../../core/events/event.ts";
import { childId } from "../../core/ids.ts";
import type { JobState, JobStatus, Scheduling } from "../../core/job.ts";
import { initialState } from "../../core/job.ts";
import type { JobRecord, JobSpec, JobTable } from "../../ports/store.ts";
import { UnknownDependency } from "../../ports/store.ts";
import { writeOnce } from "../client-tokens.ts";
import { NUMBERS } from "../conditions.ts";
import type { Database, Row, Statement, Written } from "../database.ts";
import { statement, telling } from "../database.ts";
import { eventStatement } from "../events.ts";
import { activeShares } from "./shares.ts";
import { consumableStatement, jobsByConsumable } from "./job-consumables.ts";
import { jobFamily } from "./job-family.ts";
import { wholeJobs } from "./removed-jobs.ts";
import { listJobs } from "./job-lists.ts";
import { SharedTexts } from "../shared-texts.ts";
import { parseStored } from "../stored-json.ts";

/** A job's row with its parent's scheduling where it has none of its own. Everything but the spec, which is large and seldom wanted. */
export const JOB_COLUMNS = `j.seq, j.id, j.scope, j.queue_arn, j.name, j.definition_arn, j.created_at, j.parent_id,
  j.array_index, j.share_identifier, j.children, j.state, coalesce(j.scheduling, p.scheduling) AS scheduling,
  coalesce(p.seq, j.seq) AS order_seq`;
export const JOBS = `jobs j LEFT JOIN jobs p ON p.id = j.parent_id`;
/** The children of an array that was removed are there until they are removed too, and nobody sees them. */
const IS_THERE = `(j.parent_id IS NULL OR p.id IS NOT NULL)`;
/** The same of jobs that are no children. */
export const PARENT_COLUMNS = `id, scope, queue_arn, name, definition_arn, created_at, parent_id, share_identifier, children, state,
  scheduling, seq AS order_seq`;

export interface JobTableOptions {
  /** Whether this server leads: then its own scheduler is told, and no other one has to be. */
  readonly leads?: (() => boolean) | undefined;
  /** Called when events were written. */
  readonly eventsWritten: () => void;
}

export function jobTable(database: Database, { leads = () => true, eventsWritten }: JobTableOptions): JobTable {
  /** Writes what the scheduler is to act on. */
  async function told(write: (telling: readonly Statement[]) => Promise<unknown>): Promise<void> {
    const isLeader = leads();
    await write(isLeader ? [] : telling(database, "jobs"));
    // Another server may have read everything just before this was written.
    if (isLeader && !leads()) await database.write(telling(database, "jobs"));
  }

  return {
    ...jobFamily(database),
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
        eventStatement(createdAt, scope, {
          kind: scheduling.service === undefined ? "job" : "service-job",
          ...{ resource: queueArn, jobId: id, facts: { name, ...jobFacts(state) } },
        }),
      ];
      // In the same transaction: what a job depends on is kept from then on, and must be there.
      const on = wholeJobs(scheduling.dependsOn);
      const depend = on.map((jobId) =>
        statement(`INSERT INTO job_dependents (job_id, dependent_id) SELECT id, ? FROM jobs WHERE id = ?`, id, jobId),
      );
      const unless = (written: readonly Written[]): Error | undefined => {
        const missing = on.find((_, index) => written[index]!.changes === 0);
        return missing === undefined ? undefined : new UnknownDependency(missing);
      };
      await told((tell) => writeOnce(database, token, [...depend, ...insert, ...tell], unless));
      eventsWritten();
    },
    async countUnfinished() {
      const [row] = await database.read(
        `SELECT count(*) AS count FROM jobs
         WHERE status IN ('SUBMITTED', 'PENDING', 'RUNNABLE', 'SCHEDULED', 'STARTING', 'RUNNING')`,
      );
      return Number(row!["count"]);
    },
    async setPriority(id, schedulingPriority) {
      await database.write([
        statement(
          `UPDATE jobs SET spec = json_set(spec, '$.schedulingPriority', CAST(? AS BIGINT)),
             scheduling = json_replace(scheduling, '$.priority', CAST(? AS BIGINT)) WHERE id = ? AND spec IS NOT NULL`,
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
        ...(row["spec"] !== null && { spec: parseStored(row["spec"]) as JobSpec }),
      }));
    },
    async origin(id) {
      const [row] = await database.read(
        `SELECT j.scope, j.status, coalesce(j.spec, p.spec) AS spec FROM ${JOBS} WHERE ${IS_THERE} AND j.id = ?`,
        [id],
      );
      if (row === undefined) return undefined;
      const { submittedBy } = parseStored(row["spec"]) as JobSpec;
      return {
        scope: String(row["scope"]),
        status: row["status"] as JobStatus,
        ...(submittedBy !== undefined && { submittedBy }),
      };
    },
    async findByNumber(jobs) {
      const numbers = jobs.map(({ seq }) => seq);
      const numbered = await database.read(`SELECT seq, id FROM jobs WHERE seq IN ${NUMBERS}`, [
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
      return new Map(rows.map((row) => [String(row["id"]), parseStored(row["spec"]) as JobSpec]));
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
    async requestStops(jobIds, { kind, reason }, now) {
      const requests = jobIds.map((jobId) =>
        statement(
          `INSERT INTO stop_requests (job_id, kind, reason, requested_at) VALUES (?, ?, ?, ?)
           ON CONFLICT (job_id) DO UPDATE SET kind = excluded.kind, reason = excluded.reason
           WHERE stop_requests.kind <> 'terminate' AND excluded.kind = 'terminate'`,
          ...[jobId, kind, reason, now],
        ),
      );
      await told((tell) => database.write([...requests, ...tell]));
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
    state: parseStored(row["state"]) as JobState,
    ...(typeof recorded === "string" && { recorded: parseStored(recorded) as RecordedChildren }),
  };
}
