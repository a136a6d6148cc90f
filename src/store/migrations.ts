import { HISTORY_DAYS_TAG } from "../core/submission/own-tags.ts";
import type { Database, Dialect, Statement } from "./database.ts";
import { statement } from "./database.ts";
import { RUNNING, UNBOUNDED_SPAN } from "./logs/log-spans.ts";

/**
 * Of single jobs and array parents that are over: for how many days their tag says that they are kept, and when they ended. A tag that is no
 * number says nothing, so that there are few different values.
 */
export const IS_ENDED = `parent_id IS NULL AND status IN ('SUCCEEDED', 'FAILED')`;
const DAYS_TAG = `spec ->> '$.tags."${HISTORY_DAYS_TAG}"'`;
export const KEPT_DAYS = `CASE WHEN ltrim(${DAYS_TAG}, '0123456789') = '' AND length(${DAYS_TAG}) BETWEEN 1 AND 5
  THEN nullif(CAST(${DAYS_TAG} AS BIGINT), 0) END`;
export const ENDED_AT = `CAST(state ->> '$.stoppedAt' AS BIGINT)`;

/** Moves what a store of an early Longshore has. PostgreSQL was never used by one: there is nothing to be moved there. */
interface OfOldStores {
  readonly onlyInSqlite: string;
}

/** What SQLite has no words for, and no need of. */
interface OfPostgres {
  readonly onlyInPostgres: string;
}

/** Rows that are few and change all the time: there is room beside each for its next state, and what it was is soon gone. */
const churning = (table: string): OfPostgres => ({
  onlyInPostgres: `ALTER TABLE ${table} SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`,
});

/** Rows that may be millions: a fifth of them, as is the default, is too many to wait for. */
const growing = (table: string): OfPostgres => ({
  onlyInPostgres: `ALTER TABLE ${table} SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.02)`,
});

/**
 * The schema, as steps that are never edited once released: a new step goes to the end. All JSON is text; times are epoch ms.
 * `state` of jobs and `status` of resources belong to the engine, every other column to the API.
 */
const MIGRATIONS: readonly (readonly (string | OfOldStores | OfPostgres)[])[] = [
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
    {
      onlyInSqlite: `UPDATE jobs SET children = (
       SELECT json_object('counts', json_group_object(status, count), 'below', 0)
       FROM (SELECT status, count(*) AS count FROM jobs c WHERE c.parent_id = jobs.id GROUP BY status))
     WHERE parent_id IS NULL AND scheduling ->> '$.arraySize' IS NOT NULL`,
    },
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
    {
      onlyInSqlite: `INSERT INTO log_groups (scope, name, created_at, settings)
     SELECT scope, group_name, min(created_at), '{}' FROM log_streams GROUP BY scope, group_name`,
    },
    `ALTER TABLE log_streams RENAME TO old_log_streams`,
    // No event is before first_event_at or after last_event_at; see log-spans.ts.
    `CREATE TABLE log_streams (
      log_id TEXT PRIMARY KEY, group_id BIGINT NOT NULL, name TEXT NOT NULL, origin TEXT NOT NULL, created_at BIGINT NOT NULL,
      first_event_at BIGINT NOT NULL, last_event_at BIGINT NOT NULL, span INTEGER NOT NULL, last_ingested_at BIGINT)`,
    {
      onlyInSqlite: `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
     SELECT s.attempt_id, g.id, s.name, 'job', s.created_at, s.created_at, ${RUNNING}, ${UNBOUNDED_SPAN}
     FROM old_log_streams s JOIN log_groups g ON g.scope = s.scope AND g.name = s.group_name`,
    },
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
    {
      onlyInSqlite: `INSERT INTO job_dependents (job_id, dependent_id)
     SELECT DISTINCT CASE instr(d.value ->> '$.jobId', ':') WHEN 0 THEN d.value ->> '$.jobId'
       ELSE substr(d.value ->> '$.jobId', 1, instr(d.value ->> '$.jobId', ':') - 1) END, j.id
     FROM jobs j, json_each(j.scheduling, '$.dependsOn') d
     WHERE j.status NOT IN ('SUCCEEDED', 'FAILED') AND j.parent_id IS NULL AND d.value ->> '$.jobId' IS NOT NULL`,
    },
    // Arrays that were removed and whose children still have to be.
    `CREATE TABLE removed_arrays (id TEXT PRIMARY KEY)`,
    `CREATE INDEX jobs_ended ON jobs ((spec ->> '$.tags."longshore:history-days"'), (${ENDED_AT})) WHERE ${IS_ENDED}`,
    // The highest revision of those that were removed.
    `CREATE TABLE removed_definitions (
      scope TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (scope, name)) WITHOUT ROWID`,
    `CREATE INDEX job_definitions_deregistered ON job_definitions (deregistered_at) WHERE status = 'INACTIVE'`,
    // In the order of lists.
    `CREATE INDEX job_definitions_in_order ON job_definitions (scope, name, (-revision))`,
    `CREATE INDEX job_definitions_by_status ON job_definitions (scope, status, name, (-revision))`,
  ],
  [
    `CREATE INDEX jobs_open_by_share ON jobs (queue_arn, share_identifier) WHERE share_identifier IS NOT NULL
       AND status IN ('SUBMITTED', 'PENDING', 'RUNNABLE', 'SCHEDULED', 'STARTING', 'RUNNING')`,
  ],
  [`DROP INDEX jobs_ended`, `CREATE INDEX jobs_ended ON jobs ((${KEPT_DAYS}), (${ENDED_AT})) WHERE ${IS_ENDED}`],
  [`CREATE TABLE instances (id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, instance TEXT NOT NULL)`],
  [
    `CREATE INDEX jobs_ended_by_queue ON jobs (queue_arn, (state ->> '$.stoppedAt'), seq)
       WHERE share_identifier IS NOT NULL AND status IN ('SUCCEEDED', 'FAILED')`,
    // Jobs that were submitted before shares and priorities were scheduled by. Those of quota shares have their share there already.
    {
      onlyInSqlite: `UPDATE jobs SET scheduling = json_set(scheduling, '$.share', share_identifier)
     WHERE share_identifier IS NOT NULL AND scheduling IS NOT NULL AND scheduling ->> '$.service.quotaShare' IS NULL
       AND status NOT IN ('SUCCEEDED', 'FAILED')`,
    },
    {
      onlyInSqlite: `UPDATE jobs SET scheduling = json_set(scheduling, '$.priority', CAST(spec ->> '$.schedulingPriority' AS INTEGER))
     WHERE share_identifier IS NOT NULL AND scheduling IS NOT NULL AND spec ->> '$.schedulingPriority' IS NOT NULL
       AND status NOT IN ('SUCCEEDED', 'FAILED')`,
    },
  ],
  [
    // Of attempts that are over, in the order in which they ended. job_seq: of the job that was submitted. nano_usd: NULL where no price is known.
    `CREATE TABLE attempt_uses (
      stopped_at BIGINT NOT NULL, attempt_id TEXT NOT NULL, job_seq BIGINT NOT NULL, array_index INTEGER, queue_arn TEXT NOT NULL,
      environment_arn TEXT NOT NULL, share TEXT, instances TEXT, started_at BIGINT, vcpu_milli BIGINT NOT NULL,
      memory_mib BIGINT NOT NULL, gpus INTEGER NOT NULL, cpu_ms BIGINT, peak_memory_mib BIGINT, nano_usd BIGINT,
      PRIMARY KEY (stopped_at, attempt_id)) WITHOUT ROWID`,
    `CREATE INDEX attempt_uses_by_job ON attempt_uses (job_seq)`,
  ],
  [
    // state belongs to the API, engine to who is connected to it; the engine of jobs deletes what was removed.
    `CREATE TABLE hosts (
      number INTEGER PRIMARY KEY AUTOINCREMENT, environment_arn TEXT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL,
      settings TEXT NOT NULL, state TEXT NOT NULL, engine TEXT NOT NULL)`,
    `CREATE UNIQUE INDEX hosts_by_name ON hosts (environment_arn, name)`,
  ],
  [
    // Expressions that both engines have.
    `DROP INDEX jobs_by_name`,
    `DROP INDEX jobs_ended`,
    `DROP INDEX jobs_ended_by_queue`,
    `CREATE INDEX jobs_by_name ON jobs (queue_arn, lower(name), created_at) WHERE parent_id IS NULL`,
    `CREATE INDEX jobs_ended ON jobs ((${KEPT_DAYS}), (${ENDED_AT})) WHERE ${IS_ENDED}`,
    `CREATE INDEX jobs_ended_by_queue ON jobs (queue_arn, (${ENDED_AT}), seq)
       WHERE share_identifier IS NOT NULL AND status IN ('SUCCEEDED', 'FAILED')`,
  ],
  [
    // One row. Its times are of the database's clock.
    `CREATE TABLE leadership (
      one INTEGER PRIMARY KEY, server_id TEXT NOT NULL, url TEXT NOT NULL, epoch BIGINT NOT NULL, since BIGINT NOT NULL, expires_at BIGINT NOT NULL)`,
    `CREATE TABLE servers (
      id TEXT PRIMARY KEY, url TEXT NOT NULL, version TEXT NOT NULL, host_name TEXT NOT NULL, pid INTEGER NOT NULL, started_at BIGINT NOT NULL,
      seen_at BIGINT NOT NULL)`,
  ],
  [
    ...["facts", "stop_requests", "client_tokens", "consumables_used", "instances", "leadership", "servers"].map(
      churning,
    ),
    ...["jobs", "job_dependents", "attempt_uses", "log_streams", "log_events"].map(growing),
  ],
  // Of secret.key: servers of one store have one data directory.
  [`ALTER TABLE servers ADD COLUMN key_fingerprint TEXT NOT NULL DEFAULT ''`],
  [
    // By attempt, or unit of an attempt: what it had used at moments of its run, see store/jobs/usage-samples.ts.
    `CREATE TABLE usage_samples (attempt_id TEXT PRIMARY KEY, samples TEXT NOT NULL)`,
    growing("usage_samples"),
  ],
  [
    // Job ids begin with the time: their index grows at its end.
    `CREATE TABLE events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, at BIGINT NOT NULL, kind TEXT NOT NULL, scope TEXT NOT NULL, resource TEXT NOT NULL,
      job_id TEXT, facts TEXT NOT NULL)`,
    `CREATE INDEX events_by_job ON events (job_id, seq) WHERE job_id IS NOT NULL`,
    // Few are no changes of a job's status.
    `CREATE INDEX events_by_resource ON events (resource, seq) WHERE kind <> 'job'`,
    `CREATE INDEX events_of_others ON events (scope, seq) WHERE kind <> 'job'`,
    growing("events"),
  ],
  [
    // Sessions of the console that somebody has ended before their time, until then.
    `CREATE TABLE ended_sessions (id TEXT PRIMARY KEY, valid_until BIGINT NOT NULL)`,
    `CREATE INDEX ended_sessions_in_time ON ended_sessions (valid_until)`,
  ],
  [
    // What queues and environments were over time. The row with no ARN says that somebody led then. step: seconds.
    `CREATE TABLE chronicle (
      step INTEGER NOT NULL, at BIGINT NOT NULL, scope TEXT NOT NULL, arn TEXT NOT NULL, point TEXT NOT NULL,
      PRIMARY KEY (step, at, scope, arn)) WITHOUT ROWID`,
    `CREATE INDEX chronicle_by_scope ON chronicle (step, scope, at)`,
    growing("chronicle"),
  ],
  [
    `CREATE TABLE event_targets (name TEXT PRIMARY KEY, cursor BIGINT NOT NULL)`,
    `CREATE TABLE dead_letters (
      id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, seq BIGINT NOT NULL, event TEXT NOT NULL, error TEXT NOT NULL,
      attempts INTEGER NOT NULL, at BIGINT NOT NULL)`,
    `CREATE INDEX dead_letters_by_target ON dead_letters (target, id)`,
    churning("event_targets"),
  ],
];

/** The schema of this program. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The database has the schema of a newer program. */
export class NewerSchema extends Error {
  override readonly name = "NewerSchema";
}

/** 0 for an empty database. */
export async function schemaVersion(database: Pick<Database, "read">): Promise<number> {
  const [row] = await database.read(`SELECT coalesce(max(version), 0) AS version FROM migrations`);
  return Number(row!["version"]);
}

/**
 * Brings the database to this program's schema, step by step; servers that do so at the same time do not disturb each other. Rejects with NewerSchema, and
 * does nothing, when a newer program wrote it.
 *
 * @returns the schema that it had.
 */
export async function migrate(database: Database, now: number): Promise<number> {
  const { groundwork, schemaStep } = database.dialect;
  const before = await schemaVersion(database).catch(() => 0);
  if (before > SCHEMA_VERSION) {
    throw new NewerSchema(
      `The store was written by a newer Longshore (schema ${before}, this one knows ${SCHEMA_VERSION}). Use that version.`,
    );
  }
  if (before < SCHEMA_VERSION) {
    await database.write([
      ...groundwork.map((sql) => statement(sql)),
      statement(
        schemaStep(`CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)`),
      ),
    ]);
  }
  for (let version = before + 1; version <= SCHEMA_VERSION; version += 1) {
    try {
      await database.write([
        statement(`INSERT INTO migrations (version, applied_at) VALUES (?, ?)`, version, now),
        ...stepsFor(version, database.dialect),
      ]);
    } catch (error) {
      // Another server may have been faster.
      if ((await schemaVersion(database)) < version) throw error;
    }
  }
  return before;
}

function stepsFor(version: number, { engine, schemaStep }: Dialect): Statement[] {
  const steps = MIGRATIONS[version - 1]!.flatMap((step) => {
    if (typeof step === "string") return [step];
    if ("onlyInSqlite" in step) return engine === "SQLite" ? [step.onlyInSqlite] : [];
    return engine === "PostgreSQL" ? [step.onlyInPostgres] : [];
  });
  return steps.map((sql) => statement(schemaStep(sql)));
}
