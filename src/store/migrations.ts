import { HISTORY_DAYS_TAG } from "../core/submission/own-tags.ts";
import type { Database } from "./database.ts";
import { statement } from "./database.ts";
import { RUNNING, UNBOUNDED_SPAN } from "./log-spans.ts";

/**
 * Of single jobs and array parents that are over: for how many days their tag says that they are kept, and when they ended. A tag that is no
 * number says nothing, so that there are few different values.
 */
export const IS_ENDED = `parent_id IS NULL AND status IN ('SUCCEEDED', 'FAILED')`;
const DAYS_TAG = `spec ->> '$.tags."${HISTORY_DAYS_TAG}"'`;
export const KEPT_DAYS = `CASE WHEN ltrim(${DAYS_TAG}, '0123456789') = '' AND length(${DAYS_TAG}) BETWEEN 1 AND 5
  THEN nullif(CAST(${DAYS_TAG} AS INTEGER), 0) END`;
export const ENDED_AT = `state ->> '$.stoppedAt'`;

/**
 * The schema, as steps that are never edited once released: a new step goes to the end. All JSON is text; times are epoch ms.
 * `state` of jobs and `status` of resources belong to the engine, every other column to the API.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)`,
    `CREATE TABLE resources (
      arn TEXT PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
      created_at BIGINT NOT NULL, status TEXT NOT NULL, status_reason TEXT NOT NULL, settings TEXT NOT NULL)`,
    `CREATE UNIQUE INDEX resources_by_name ON resources (kind, scope, name)`,
    `CREATE TABLE job_definitions (
      arn TEXT PRIMARY KEY, scope TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, status TEXT NOT NULL,
      settings TEXT NOT NULL, created_at BIGINT NOT NULL, deregistered_at BIGINT)`,
    `CREATE UNIQUE INDEX job_definitions_by_name ON job_definitions (scope, name, revision)`,
    // spec and scheduling are NULL for children: they have their parent's.
    `CREATE TABLE jobs (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, queue_arn TEXT NOT NULL,
      name TEXT NOT NULL, definition_arn TEXT NOT NULL, created_at BIGINT NOT NULL, parent_id TEXT, array_index INTEGER,
      scheduling TEXT, spec TEXT, status TEXT NOT NULL, state TEXT NOT NULL)`,
    `CREATE INDEX jobs_by_queue ON jobs (queue_arn, status, seq) WHERE parent_id IS NULL`,
    `CREATE INDEX jobs_by_queue_and_age ON jobs (queue_arn, seq) WHERE parent_id IS NULL`,
    `CREATE INDEX jobs_by_parent ON jobs (parent_id, array_index) WHERE parent_id IS NOT NULL`,
    `CREATE INDEX jobs_open ON jobs (seq) WHERE status IN ('SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING')`,
    `CREATE TABLE stop_requests (
      job_id TEXT PRIMARY KEY, kind TEXT NOT NULL, reason TEXT NOT NULL, requested_at BIGINT NOT NULL)`,
    `CREATE TABLE log_streams (
      scope TEXT NOT NULL, group_name TEXT NOT NULL, name TEXT NOT NULL, attempt_id TEXT NOT NULL,
      created_at BIGINT NOT NULL, PRIMARY KEY (scope, group_name, name))`,
    `CREATE INDEX log_streams_by_age ON log_streams (scope, group_name, created_at)`,
  ],
  [
    `ALTER TABLE jobs ADD COLUMN share_identifier TEXT`,
    `CREATE INDEX jobs_by_share ON jobs (queue_arn, share_identifier, seq) WHERE share_identifier IS NOT NULL AND parent_id IS NULL`,
  ],
  [
    // secret is sealed; NULL once the key is revoked.
    `CREATE TABLE access_keys (
      access_key_id TEXT PRIMARY KEY, account TEXT NOT NULL, user_name TEXT NOT NULL, policy TEXT, secret TEXT,
      created_at BIGINT NOT NULL, revoked_at BIGINT)`,
  ],
  [
    // Written by the engine, with the ends of attempts; what was given is in the resource's settings.
    `CREATE TABLE consumables_used (arn TEXT PRIMARY KEY, quantity BIGINT NOT NULL)`,
    `CREATE TABLE client_tokens (
      scope TEXT NOT NULL, operation TEXT NOT NULL, token TEXT NOT NULL, fingerprint TEXT NOT NULL, answer TEXT NOT NULL,
      expires_at BIGINT NOT NULL, PRIMARY KEY (scope, operation, token))`,
    `CREATE INDEX client_tokens_by_end ON client_tokens (expires_at)`,
  ],
  [
    // What the recorded children of an array come to; the engine's.
    `ALTER TABLE jobs ADD COLUMN children TEXT`,
    `UPDATE jobs SET children = (
       SELECT json_object('counts', json_group_object(status, count), 'below', 0)
       FROM (SELECT status, count(*) AS count FROM jobs c WHERE c.parent_id = jobs.id GROUP BY status))
     WHERE parent_id IS NULL AND scheduling ->> '$.arraySize' IS NOT NULL`,
    // Jobs of one status, name or definition in the order of lists: see job-lists.ts.
    `DROP INDEX jobs_by_queue`,
    `DROP INDEX jobs_by_queue_and_age`,
    `DROP INDEX jobs_by_share`,
    `DROP INDEX jobs_by_parent`,
    `CREATE INDEX jobs_by_status ON jobs (queue_arn, status, created_at) WHERE parent_id IS NULL`,
    `CREATE INDEX jobs_by_name ON jobs (queue_arn, name COLLATE NOCASE, created_at) WHERE parent_id IS NULL`,
    `CREATE INDEX jobs_by_definition ON jobs (queue_arn, definition_arn, created_at) WHERE parent_id IS NULL`,
    `CREATE INDEX jobs_by_share ON jobs (queue_arn, share_identifier, status, created_at)
       WHERE share_identifier IS NOT NULL AND parent_id IS NULL`,
    `CREATE INDEX jobs_by_parent ON jobs (parent_id, status, array_index) WHERE parent_id IS NOT NULL`,
  ],
  [
    // Of single jobs and array parents.
    `CREATE TABLE job_consumables (arn TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (arn, seq)) WITHOUT ROWID`,
  ],
  [
    `CREATE TABLE log_groups (
      id INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL,
      settings TEXT NOT NULL, deleted_at BIGINT)`,
    `CREATE UNIQUE INDEX log_groups_by_name ON log_groups (scope, name) WHERE deleted_at IS NULL`,
    `INSERT INTO log_groups (scope, name, created_at, settings)
     SELECT scope, group_name, min(created_at), '{}' FROM log_streams GROUP BY scope, group_name`,
    `ALTER TABLE log_streams RENAME TO old_log_streams`,
    // No event is before first_event_at or after last_event_at; see log-spans.ts.
    `CREATE TABLE log_streams (
      log_id TEXT PRIMARY KEY, group_id BIGINT NOT NULL, name TEXT NOT NULL, origin TEXT NOT NULL, created_at BIGINT NOT NULL,
      first_event_at BIGINT NOT NULL, last_event_at BIGINT NOT NULL, span INTEGER NOT NULL, last_ingested_at BIGINT)`,
    `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
     SELECT s.attempt_id, g.id, s.name, 'job', s.created_at, s.created_at, ${RUNNING}, ${UNBOUNDED_SPAN}
     FROM old_log_streams s JOIN log_groups g ON g.scope = s.scope AND g.name = s.group_name`,
    `DROP TABLE old_log_streams`,
    `CREATE UNIQUE INDEX log_streams_by_name ON log_streams (group_id, name)`,
    `CREATE INDEX log_streams_by_start ON log_streams (group_id, first_event_at)`,
    `CREATE INDEX log_streams_by_end ON log_streams (group_id, last_event_at)`,
    `CREATE INDEX log_streams_by_span ON log_streams (group_id, span, first_event_at)`,
    // The message is last, so that the others are read without it.
    `CREATE TABLE log_events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, log_id TEXT NOT NULL, timestamp BIGINT NOT NULL, ingested_at BIGINT NOT NULL,
      bytes INTEGER NOT NULL, message TEXT NOT NULL)`,
    `CREATE INDEX log_events_by_time ON log_events (log_id, timestamp, seq)`,
  ],
  [
    `DROP INDEX jobs_open`,
    `CREATE INDEX jobs_open ON jobs (seq)
       WHERE status IN ('SUBMITTED', 'PENDING', 'RUNNABLE', 'SCHEDULED', 'STARTING', 'RUNNING')`,
  ],
  [
    // By the job that is depended on: jobs that depend on it.
    `CREATE TABLE job_dependents (
      job_id TEXT NOT NULL, dependent_id TEXT NOT NULL, PRIMARY KEY (job_id, dependent_id)) WITHOUT ROWID`,
    `INSERT INTO job_dependents (job_id, dependent_id)
     SELECT DISTINCT CASE instr(d.value ->> '$.jobId', ':') WHEN 0 THEN d.value ->> '$.jobId'
       ELSE substr(d.value ->> '$.jobId', 1, instr(d.value ->> '$.jobId', ':') - 1) END, j.id
     FROM jobs j, json_each(j.scheduling, '$.dependsOn') d
     WHERE j.status NOT IN ('SUCCEEDED', 'FAILED') AND j.parent_id IS NULL AND d.value ->> '$.jobId' IS NOT NULL`,
    // Arrays that were removed and whose children still have to be.
    `CREATE TABLE removed_arrays (id TEXT PRIMARY KEY)`,
    `CREATE INDEX jobs_ended ON jobs (spec ->> '$.tags."longshore:history-days"', ${ENDED_AT}) WHERE ${IS_ENDED}`,
    // The highest revision of those that were removed.
    `CREATE TABLE removed_definitions (
      scope TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (scope, name)) WITHOUT ROWID`,
    `CREATE INDEX job_definitions_deregistered ON job_definitions (deregistered_at) WHERE status = 'INACTIVE'`,
    // In the order of lists.
    `CREATE INDEX job_definitions_in_order ON job_definitions (scope, name, -revision)`,
    `CREATE INDEX job_definitions_by_status ON job_definitions (scope, status, name, -revision)`,
  ],
  [
    `CREATE INDEX jobs_open_by_share ON jobs (queue_arn, share_identifier) WHERE share_identifier IS NOT NULL
       AND status IN ('SUBMITTED', 'PENDING', 'RUNNABLE', 'SCHEDULED', 'STARTING', 'RUNNING')`,
  ],
  [`DROP INDEX jobs_ended`, `CREATE INDEX jobs_ended ON jobs (${KEPT_DAYS}, ${ENDED_AT}) WHERE ${IS_ENDED}`],
  [`CREATE TABLE instances (id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, instance TEXT NOT NULL)`],
  [
    `CREATE INDEX jobs_ended_by_queue ON jobs (queue_arn, state ->> '$.stoppedAt', seq)
       WHERE share_identifier IS NOT NULL AND status IN ('SUCCEEDED', 'FAILED')`,
    // Jobs that were submitted before shares and priorities were scheduled by. Those of quota shares have their share there already.
    `UPDATE jobs SET scheduling = json_set(scheduling, '$.share', share_identifier)
     WHERE share_identifier IS NOT NULL AND scheduling IS NOT NULL AND scheduling ->> '$.service.quotaShare' IS NULL
       AND status NOT IN ('SUCCEEDED', 'FAILED')`,
    `UPDATE jobs SET scheduling = json_set(scheduling, '$.priority', CAST(spec ->> '$.schedulingPriority' AS INTEGER))
     WHERE share_identifier IS NOT NULL AND scheduling IS NOT NULL AND spec ->> '$.schedulingPriority' IS NOT NULL
       AND status NOT IN ('SUCCEEDED', 'FAILED')`,
  ],
];

/** Brings the database to this program's schema. Rejects, and does nothing, when a newer program wrote it. */
export async function migrate(database: Database, now: number): Promise<void> {
  await database.write([
    statement(`CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)`),
  ]);
  const [row] = await database.read(`SELECT coalesce(max(version), 0) AS version FROM migrations`);
  const current = Number(row!["version"]);
  if (current > MIGRATIONS.length) {
    throw new Error(
      `The data directory was written by a newer Longshore (schema ${current}, this one knows ${MIGRATIONS.length}). Use that version.`,
    );
  }
  for (let version = current + 1; version <= MIGRATIONS.length; version += 1) {
    await database.write([
      ...MIGRATIONS[version - 1]!.map((sql) => statement(sql)),
      statement(`INSERT INTO migrations (version, applied_at) VALUES (?, ?)`, version, now),
    ]);
  }
}
