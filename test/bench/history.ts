import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import { withServer } from "./server.ts";

/** How many jobs a store holds, beside the one at the head of the queue, which fits no machine. */
export interface Holdings {
  readonly finished: number;
  readonly waiting: number;
  /** So many of the finished ones, the oldest, are kept for KEPT_DAYS only. */
  readonly expiring?: number;
}

/** Longer than any history is made. */
export const KEPT_DAYS = 1_000;
/** Different names of the jobs. */
const NAMES = 500;

/** Ids of one job of each kind, which the server itself has run or has waiting; the others are copies of them. */
interface Samples {
  readonly succeeded: string;
  readonly failed: string;
  readonly array: string;
  readonly waiting: string;
}

/**
 * Fills a data directory with a history, as if its jobs had been submitted one after the other, a second apart: of ten one failed, one was an
 * array, eight succeeded. Those that ran have a log stream, and what they used. The last ones wait.
 */
export async function makeHistory(bench: Bench, dataDir: string, holdings: Holdings): Promise<void> {
  const samples = await makeSamples(bench, dataDir);
  const database = new DatabaseSync(join(dataDir, "longshore.db"));
  try {
    // One that is cut off is made anew: nothing has to be kept for that.
    database.exec(
      "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN IMMEDIATE",
    );
    const indexes = withoutIndexes(database);
    copyJobs(database, samples, holdings);
    copyLogStreams(database);
    copyUses(database);
    for (const sql of indexes) database.exec(sql);
    database.exec("COMMIT");
  } finally {
    database.close();
  }
}

/** Of the table whose rows do not come in the order of its indexes: to make these at the end takes a fraction of the time. Returns how to. */
function withoutIndexes(database: DatabaseSync): string[] {
  const rows = database
    .prepare(
      `SELECT name, sql FROM sqlite_master
       WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 'log_streams'`,
    )
    .all();
  for (const { name } of rows) database.exec(`DROP INDEX ${String(name)}`);
  return rows.map(({ sql }) => String(sql));
}

/** Ids of all jobs of a history, in the order in which they were submitted. */
export function jobIds(dataDir: string): string[] {
  const database = new DatabaseSync(join(dataDir, "longshore.db"), { readOnly: true });
  try {
    return database
      .prepare("SELECT id FROM jobs WHERE parent_id IS NULL ORDER BY seq")
      .all()
      .map(({ id }) => String(id));
  } finally {
    database.close();
  }
}

/** Ids of so many finished jobs of a history, of whatever age. */
export function spreadIds(dataDir: string, count: number): string[] {
  const database = new DatabaseSync(join(dataDir, "longshore.db"), { readOnly: true });
  try {
    const { first, last } = database
      .prepare("SELECT min(seq) AS first, max(seq) AS last FROM jobs WHERE seq >= 1000")
      .get()!;
    const step = (Number(last) - Number(first)) / count;
    const find = database.prepare("SELECT id FROM jobs WHERE seq = ?");
    return Array.from({ length: count }, (_, at) => String(find.get(Math.floor(Number(first) + at * step))!["id"]));
  } finally {
    database.close();
  }
}

/** The id of the last one of those that are kept for KEPT_DAYS. */
export function lastExpiring(dataDir: string, expiring: number): string {
  const database = new DatabaseSync(join(dataDir, "longshore.db"), { readOnly: true });
  try {
    const find = database.prepare("SELECT id FROM jobs WHERE seq >= 1000 ORDER BY seq LIMIT 1 OFFSET ?");
    return String(find.get(expiring - 1)!["id"]);
  } finally {
    database.close();
  }
}

function makeSamples(bench: Bench, dataDir: string): Promise<Samples> {
  return withServer(bench, dataDir, async ({ calls }) => {
    const succeeded = await calls.submit(submission(["true"]));
    const failed = await calls.submit(submission(["false"]));
    const array = await calls.submit(submission(["true"], { arrayProperties: { size: 2 } }));
    for (const jobId of [succeeded, failed, array]) await calls.untilEnded(jobId);
    await calls.blockQueue();
    return { succeeded, failed, array, waiting: await calls.submit(submission(["true"])) };
  });
}

function copyJobs(database: DatabaseSync, samples: Samples, { finished, waiting, expiring = 0 }: Holdings): void {
  const kinds = ["succeeded", "failed", "array", "waiting"] as const;
  database.exec(
    `CREATE TEMP TABLE samples AS SELECT '' AS kind, '' AS attempt, '' AS began, '' AS ended, * FROM jobs WHERE false;
     CREATE TEMP TABLE timed AS
     WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${finished + waiting})
     SELECT n, ${Date.now() - 1000 * (finished + waiting)} + 1000 * n AS at, CASE WHEN n >= ${finished} THEN 'waiting'
       WHEN n % 10 = 8 THEN 'failed' WHEN n % 10 = 9 THEN 'array' ELSE 'succeeded' END AS kind FROM numbers`,
  );
  const keep = database.prepare(
    `INSERT INTO samples SELECT ?, coalesce(state ->> '$.attempts[0].id', '-'), coalesce(state ->> '$.startedAt', '-'),
       coalesce(state ->> '$.stoppedAt', '-'), * FROM jobs WHERE id = ?`,
  );
  for (const kind of kinds) keep.run(kind, samples[kind]);
  const names = database.prepare("SELECT name FROM pragma_table_info('jobs')").all();
  const columns = names.map(({ name }) => String(name));
  const own: Readonly<Record<string, string>> = {
    seq: SEQ,
    id: "printf('%08x-%04x-4%03x-8%03x-%012x', at >> 16, at & 65535, n & 4095, (n >> 12) & 4095, n)",
    name: `'job-' || (n % ${NAMES})`,
    created_at: "at",
    spec: `CASE WHEN n < ${expiring} THEN json_set(samples.spec, '$.tags', json_object('longshore:history-days', '${KEPT_DAYS}')) ELSE samples.spec END`,
    state: `replace(replace(replace(samples.state, attempt, ${ATTEMPT}), ended, ${ENDED}), began, ${BEGAN})`,
  };
  database.exec(
    `INSERT INTO jobs (${columns.join(", ")})
     SELECT ${columns.map((column) => own[column] ?? `samples.${column}`).join(", ")}
     FROM timed CROSS JOIN samples ON samples.kind = timed.kind`,
  );
}

/** Behind the samples. */
const SEQ = "n + 1000";
/** As attempts' ids are: their first digits are in no order. */
const ATTEMPT = `printf('%011x%010x00000001000', (n * 2654435761) & 17592186044415, ${SEQ})`;
const BEGAN = "(at + 100)";
const ENDED = "(at + 900)";

/** In the order of their ids, which are their key. */
function copyLogStreams(database: DatabaseSync): void {
  database.exec(
    `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
     SELECT ${ATTEMPT} AS id, g.id, 'default/default/' || ${ATTEMPT}, 'job', ${BEGAN}, ${BEGAN}, ${ENDED}, 0
     FROM timed CROSS JOIN log_groups g WHERE kind IN ('succeeded', 'failed') ORDER BY 1`,
  );
}

function copyUses(database: DatabaseSync): void {
  const own: Readonly<Record<string, string>> = {
    ...{ stopped_at: ENDED, attempt_id: ATTEMPT, job_seq: SEQ, array_index: "NULL", started_at: BEGAN },
  };
  const names = database.prepare("SELECT name FROM pragma_table_info('attempt_uses')").all();
  const columns = names.map(({ name }) => String(name));
  database.exec(
    `INSERT INTO attempt_uses (${columns.join(", ")})
     SELECT ${columns.map((column) => own[column] ?? `sample.${column}`).join(", ")}
     FROM timed CROSS JOIN (SELECT * FROM attempt_uses LIMIT 1) sample WHERE kind IN ('succeeded', 'failed')`,
  );
}
