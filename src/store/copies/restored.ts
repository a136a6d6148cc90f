import type { RecordedChildren } from "../../core/array.ts";
import { attemptId, childId, unitAttemptId } from "../../core/ids.ts";
import type { Attempt, JobState } from "../../core/job.ts";
import { activeAttempt, replaceLastAttempt } from "../../core/job.ts";
import { attemptsMade } from "../../core/quota/preempted.ts";
import type { Database, Row, Statement } from "../database.ts";
import { statement } from "../database.ts";
import { JOB_COLUMNS, JOBS, toJobRecord } from "../jobs/jobs.ts";
import { ERA, EVENTS_REMOVED_TO, eraOf, LAST_INSTANCE_SEQ } from "../fact-names.ts";
import { OPEN } from "../jobs/shares.ts";

/** What a store is told when it comes out of a backup. */
export interface Restoration {
  /** Epoch ms. */
  readonly now: number;
  /** When the backup was made, epoch ms; undefined: nobody knows. */
  readonly madeAt: number | undefined;
  /** Of no other restoration. */
  readonly era: string;
  /** Of the store that is replaced, where it had one. */
  readonly eraBefore: string | undefined;
  /** The store is another one from now on, and what the old one started is not its own; undefined: it stays the one that it was. */
  readonly newClusterId: string | undefined;
  /** Whether the key file is there with which the secrets of access keys are sealed. */
  readonly hasKey: boolean;
  /** What becomes of jobs that have not started. */
  readonly waiting: "run" | "fail";
  /** Whether there is a trace of an attempt that the store knows nothing of: it was begun after the backup. */
  hasBegun(attemptId: string): boolean;
}

export interface RestoredStore {
  /** Jobs and recorded children that were active: what drivers still hold of them goes on, the others are lost. */
  readonly active: number;
  /** Jobs that have not started, and will: an array is one. */
  readonly waiting: number;
  /** Jobs, and children of arrays, that fail because they have, or may have, run after the backup. */
  readonly failed: number;
  readonly revokedKeys: number;
}

const PAGE = 5_000;
/** More servers than this have never led a store after its backup, nor launched more instances. */
const FAR = 1_000_000;

/** Adapts a store whose schema is up to date. May be repeated after it was cut off. */
export async function adaptRestored(database: Database, restoration: Restoration): Promise<RestoredStore> {
  const counts = { active: 0, waiting: 0, failed: 0 };
  const eras = new Set([await eraOf(database), restoration.eraBefore]);
  for await (const rows of openJobs(database)) {
    const statements: Statement[] = [];
    for (const row of rows) {
      const { id, state } = toJobRecord(row);
      if (activeAttempt(state) !== undefined) {
        statements.push(activeStatement(id, state));
        counts.active += 1;
        continue;
      }
      const failing = restoration.waiting === "fail" ? [id] : await begunSince(database, row, eras, restoration);
      statements.push(...failing.map((jobId) => failStatement(jobId, restoration)));
      counts.failed += failing.length;
      if (failing[0] !== id) counts.waiting += 1;
    }
    await database.write(statements);
  }
  const [revoked] = await database.write([
    revokeStatement(restoration),
    ...factStatements(restoration),
    ...(await eventStatements(database)),
  ]);
  return { ...counts, revokedKeys: revoked!.changes };
}

/** What happened after the backup has had numbers, too: who goes on behind one of them is told that there is a gap. */
async function eventStatements(database: Database): Promise<Statement[]> {
  const events = { name: "events", column: "seq" };
  const { sql, values } = database.dialect.lastNumber(events);
  const [row] = await database.read(sql, values);
  const last = Number(row?.["last"] ?? 0) + FAR * FAR;
  return [
    ...database.dialect.goOnBehind(events, last),
    statement(
      `INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      ...[EVENTS_REMOVED_TO, String(last)],
    ),
  ];
}

async function* openJobs(database: Database): AsyncGenerator<readonly Row[]> {
  let page: readonly Row[] = [];
  do {
    page = await database.read(
      `SELECT ${JOB_COLUMNS} FROM ${JOBS} WHERE j.status IN ${OPEN} AND j.seq > ? ORDER BY j.seq LIMIT ?`,
      [Number(page.at(-1)?.["seq"] ?? 0), PAGE],
    );
    yield page;
  } while (page.length === PAGE);
}

/** Nothing that was active is started: whether it began, only a driver can tell. */
function activeStatement(id: string, state: JobState): Statement {
  const { units, ...attempt } = activeAttempt(state)!;
  const restored: Attempt = {
    ...attempt,
    isRestored: true,
    ...(units !== undefined && {
      units: units.map((unit) =>
        unit.status === "starting" || unit.status === "running" ? { ...unit, isRestored: true as const } : unit,
      ),
    }),
  };
  // What was bound and not handed over may have been handed over since.
  const status = state.status === "SCHEDULED" ? "STARTING" : state.status;
  const text = JSON.stringify({ ...state, status, attempts: replaceLastAttempt(state.attempts, restored) });
  return statement(`UPDATE jobs SET status = ?, state = ? WHERE id = ?`, status, text, id);
}

/** The ids of what has begun since the backup: of the job, or of its array's children that had no record yet. */
async function begunSince(
  database: Database,
  row: Row,
  eras: ReadonlySet<string | undefined>,
  { hasBegun }: Restoration,
): Promise<string[]> {
  const { id, seq, state, scheduling, recorded } = toJobRecord(row);
  const units = scheduling.units?.length;
  const logsOf = (attempt: string): string[] =>
    units === undefined ? [attempt] : Array.from({ length: units }, (_, unit) => unitAttemptId(attempt, unit));
  const begins = (jobId: string, n: number): boolean =>
    [...eras].some((era) => logsOf(attemptId({ id: jobId, seq }, n, era)).some(hasBegun));
  const { arraySize } = scheduling;
  if (arraySize === undefined || row["parent_id"] !== null) return begins(id, attemptsMade(state) + 1) ? [id] : [];
  const known = await recordedIndexes(database, id, recorded);
  const indexes = Array.from({ length: arraySize }, (_, index) => index).filter((index) => !known.has(index));
  return indexes.map((index) => childId(id, index)).filter((child) => begins(child, 1));
}

async function recordedIndexes(database: Database, id: string, recorded?: RecordedChildren): Promise<Set<number>> {
  if (recorded === undefined) return new Set();
  const rows = await database.read(`SELECT array_index FROM jobs WHERE parent_id = ?`, [id]);
  return new Set(rows.map((row) => Number(row["array_index"])));
}

/** As if somebody had cancelled it: the engine ends it, with all that depends on it; of an array what has not started. */
function failStatement(jobId: string, { now, madeAt, waiting }: Restoration): Statement {
  const made = madeAt === undefined ? "" : ` of ${new Date(madeAt).toISOString()}`;
  const why =
    waiting === "fail" ? "it may have run since then" : "it has begun since then, and how it ended is not known";
  return statement(
    `INSERT INTO stop_requests (job_id, kind, reason, requested_at) VALUES (?, 'cancel', ?, ?)
     ON CONFLICT DO NOTHING`,
    ...[jobId, `Longshore was restored from a backup${made}: ${why}`, now],
  );
}

/** Secrets that nobody can open are of no use, and a server would not start with them. */
function revokeStatement({ now, hasKey }: Restoration): Statement {
  return statement(
    `UPDATE access_keys SET secret = NULL, revoked_at = ? WHERE revoked_at IS NULL AND ${hasKey ? "1 = 0" : "1 = 1"}`,
    now,
  );
}

/** In one transaction: a store is restored, or not yet. */
function factStatements({ now, madeAt, era, newClusterId }: Restoration): Statement[] {
  const set = (name: string, value: string): Statement =>
    statement(
      `INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      ...[name, value],
    );
  const raise = (name: string): Statement =>
    statement(
      `INSERT INTO facts (name, value) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS BIGINT) + ${FAR} AS TEXT)`,
      ...[name, String(FAR)],
    );
  return [
    set(ERA, era),
    set("restored", JSON.stringify({ at: now, ...(madeAt !== undefined && { madeAt }) })),
    statement(`DELETE FROM facts WHERE name = 'backup'`),
    raise("epoch"),
    raise(LAST_INSTANCE_SEQ),
    ...(newClusterId === undefined ? [] : [set("cluster", newClusterId)]),
  ];
}
