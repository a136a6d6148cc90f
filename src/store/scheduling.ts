import type { RecordedChildren } from "../core/array.ts";
import { IndexSet } from "../core/array.ts";
import type { Change, Fact, JobChange, Outcome, ResourceChange } from "../core/changes.ts";
import type { Told } from "../core/events/event.ts";
import type { ConsumableNeed, Job, JobState, StopRequest } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import type { JobSpec, SchedulingStore } from "../ports/store.ts";
import { StaleEpoch } from "../ports/store.ts";
import { useStatement } from "./jobs/attempt-uses.ts";
import type { Database, Row, Statement, Written } from "./database.ts";
import { statement, telling } from "./database.ts";
import { eventStatement, scopeOfArn } from "./events.ts";
import { eraOf } from "./fact-names.ts";
import { hostDeleted } from "./hosts.ts";
import { instanceStatements, readInstances } from "./instances.ts";
import { appearingStream, endedStream } from "./jobs/job-logs.ts";
import { bootStatement, readBoots } from "./driver-boots.ts";
import { JOB_COLUMNS, JOBS, toJobRecord } from "./jobs/jobs.ts";
import type { ResourceOptions } from "./scheduling-resources.ts";
import { readResources } from "./scheduling-resources.ts";
import { readShareUses } from "./jobs/share-uses.ts";
import { OPEN } from "./jobs/shares.ts";
import { SharedTexts } from "./shared-texts.ts";
import { parseStored } from "./stored-json.ts";

const NOTHING_TOLD: Told = { at: 0, events: [] };

/** Rows are several times larger than the jobs made of them; so they are read a page at a time. */
const LOAD_PAGE = 5_000;
const CHILDREN_PAGE = 50_000;
/** What the scheduler needs of a job. */
const OPEN_COLUMNS = `j.seq, j.id, j.queue_arn, j.created_at, j.parent_id, j.array_index, j.children, j.state,
  coalesce(j.scheduling, p.scheduling) AS scheduling, coalesce(p.seq, j.seq) AS order_seq`;

export interface SchedulingOptions extends ResourceOptions {
  /** Called when the status of resources was written. */
  resourcesWritten(): void;
  /** Called when events were written. */
  eventsWritten(): void;
}

/** What the engine reads and writes. */
export function schedulingStore(
  database: Database,
  { resourcesWritten, eventsWritten, ...options }: SchedulingOptions,
): SchedulingStore {
  const shared = new SharedTexts();
  const resources = (): Promise<Fact[]> => readResources(database, options);
  return {
    async lead() {
      const [written] = await database.write([
        statement(
          `INSERT INTO facts (name, value) VALUES ('epoch', '1')
           ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS BIGINT) + 1 AS TEXT) RETURNING value`,
        ),
      ]);
      return Number(written!.rows[0]!["value"]);
    },
    async load() {
      return [
        ...(await readEra(database)),
        ...(await resources()),
        await readInstances(database),
        ...(await readBoots(database)),
        ...(await readOpenJobs(database, shared)),
      ];
    },
    resources,
    async news(afterSeq, limit) {
      // Stops first: each one's job is then there to be read.
      const stops = await readStops(database);
      const newest = await newestSeq(database);
      const rows = await database.read(
        `SELECT id, seq AS order_seq, queue_arn, created_at, scheduling, state, NULL AS parent_id
         FROM jobs WHERE seq > ? AND parent_id IS NULL ORDER BY seq LIMIT ?`,
        [afterSeq, limit],
      );
      const jobs = rows.map((row) => toJob(row, shared));
      const isPartial = jobs.length === limit;
      // Children are skipped only once: the next look begins behind them.
      const lastSeq = isPartial ? jobs.at(-1)!.seq : Math.max(newest, jobs.at(-1)?.seq ?? 0);
      return { jobs, stops, lastSeq, isPartial };
    },
    async priorities(jobIds) {
      const rows = await database.read(
        `SELECT id, scheduling ->> '$.priority' AS priority FROM jobs WHERE id IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(jobIds)],
      );
      const known = rows.filter(({ priority }) => priority !== null);
      return known.map(({ id, priority }) => ({
        kind: "job-priority",
        jobId: String(id),
        priority: Number(priority),
      }));
    },
    shareUses: (queueArn, since) => readShareUses(database, queueArn, since),
    async outcomes(jobIds) {
      const outcomes = new Map<string, Outcome>();
      for (const jobId of jobIds) outcomes.set(jobId, await readOutcome(database, jobId));
      return outcomes;
    },
    async launches(jobs) {
      const ownerIds = [...new Set(jobs.map(({ id, parent }) => parent?.id ?? id))];
      const rows = await database.read(
        `SELECT id, scope, spec, scheduling FROM jobs WHERE id IN (SELECT value FROM json_each(?))`,
        [JSON.stringify(ownerIds)],
      );
      return new Map(
        rows.map((row) => {
          const { arraySize } = parseStored(row["scheduling"]) as Job["scheduling"];
          const spec = parseStored(row["spec"]) as JobSpec;
          return [
            String(row["id"]),
            { scope: String(row["scope"]), spec, ...(arraySize !== undefined && { arraySize }) },
          ];
        }),
      );
    },
    async hasAttemptsOn(driver) {
      // The first condition is for the index of open jobs: the others may be millions.
      const rows = await database.read(
        `SELECT state FROM jobs WHERE status IN ${OPEN} AND status IN ('SCHEDULED', 'STARTING', 'RUNNING')`,
      );
      return rows.some((row) => activeAttempt(parseStored(row["state"]) as JobState)?.driver === driver);
    },
    async commit(epoch, changes, { at, events } = NOTHING_TOLD) {
      // The guard changes its one row only for the leader; a stale leader's transaction is refused whole.
      const guard = statement(`UPDATE facts SET value = value WHERE name = 'epoch' AND value = ?`, String(epoch));
      const refuseStale = ([first]: readonly Written[]): Error | undefined =>
        first!.changes === 1 ? undefined : new StaleEpoch(`another server leads since epoch ${epoch}`);
      const isOfResources = changes.some((change) => "arn" in change);
      const told = isOfResources ? telling(database, "resources") : [];
      const tellings = events.map((event) => eventStatement(at, scopeOfArn(event.resource), event));
      await database.write([guard, ...changes.flatMap(toStatements), ...tellings, ...told], refuseStale);
      if (isOfResources) resourcesWritten();
      if (events.length > 0) eventsWritten();
    },
  };
}

async function readEra(database: Database): Promise<Fact[]> {
  const era = await eraOf(database);
  return era === undefined ? [] : [{ kind: "era", era }];
}

async function readOpenJobs(database: Database, shared: SharedTexts): Promise<Fact[]> {
  const lastSeq = await newestSeq(database);
  const facts: Fact[] = [{ kind: "jobs-read", lastSeq }];
  const recorded = new Map<string, RecordedChildren>();
  let page: Row[] = [];
  do {
    // Parents have lower seq than their children, so this order admits them first.
    page = await database.read(
      `SELECT ${OPEN_COLUMNS} FROM ${JOBS} WHERE j.status IN ${OPEN} AND j.seq > ? ORDER BY j.seq LIMIT ?`,
      [Number(page.at(-1)?.["seq"] ?? 0), LOAD_PAGE],
    );
    for (const row of page) {
      facts.push({ kind: "job-admitted", job: toJob(row, shared) });
      if (row["children"] !== null) recorded.set(String(row["id"]), parseStored(row["children"]) as RecordedChildren);
    }
  } while (page.length === LOAD_PAGE);
  for (const [parentId, { counts }] of recorded) {
    for (const status of ["SUCCEEDED", "FAILED"] as const) {
      if (counts[status] === undefined) continue;
      for await (const indexes of endedChildren(database, parentId, status)) {
        facts.push({ kind: "children-ended", parentId, status, indexes });
      }
    }
  }
  return facts;
}

/** By index, so many at a time that an array of a million children does not fill the memory with rows. */
async function* endedChildren(
  database: Database,
  parentId: string,
  status: "SUCCEEDED" | "FAILED",
): AsyncGenerator<number[]> {
  let indexes: number[] = [];
  do {
    const rows = await database.read(
      `SELECT array_index FROM jobs WHERE parent_id = ? AND status = ? AND array_index > ? ORDER BY array_index LIMIT ?`,
      [parentId, status, indexes.at(-1) ?? -1, CHILDREN_PAGE],
    );
    indexes = rows.map((row) => Number(row["array_index"]));
    yield indexes;
  } while (indexes.length === CHILDREN_PAGE);
}

async function newestSeq(database: Database): Promise<number> {
  const [row] = await database.read(`SELECT coalesce(max(seq), 0) AS seq FROM jobs`);
  return Number(row!["seq"]);
}

async function readStops(database: Database): Promise<Fact[]> {
  const rows = await database.read(`SELECT job_id, kind, reason FROM stop_requests ORDER BY requested_at, job_id`);
  return rows.map((row) => {
    const stop: StopRequest = { kind: row["kind"] as StopRequest["kind"], reason: String(row["reason"]) };
    return { kind: "stop-requested", jobId: String(row["job_id"]), stop };
  });
}

async function readOutcome(database: Database, jobId: string): Promise<Outcome> {
  const [row] = await database.read(`SELECT ${JOB_COLUMNS} FROM ${JOBS} WHERE j.id = ?`, [jobId]);
  if (row === undefined) return { succeeded: false };
  const { state, scheduling } = toJobRecord(row);
  if (state.status === "SUCCEEDED") return { succeeded: true };
  if (scheduling.arraySize === undefined) return { succeeded: false };
  const failed = new Uint8Array(scheduling.arraySize).fill(1);
  for await (const indexes of endedChildren(database, jobId, "SUCCEEDED"))
    for (const index of indexes) failed[index] = 0;
  return { succeeded: false, failedChildren: new IndexSet(failed) };
}

function toJob(row: Row, shared: SharedTexts): Job {
  const parentId = row["parent_id"];
  const job = {
    id: String(row["id"]),
    seq: Number(row["order_seq"]),
    queueArn: shared.text(String(row["queue_arn"])),
    createdAt: Number(row["created_at"]),
    scheduling: shared.scheduling(String(row["scheduling"])) as Job["scheduling"],
    state: shared.state(String(row["state"])) as JobState,
  };
  return parentId === null ? job : { ...job, parent: { id: String(parentId), index: Number(row["array_index"]) } };
}

function toStatements(change: Change): Statement[] {
  switch (change.kind) {
    case "job-changed":
      return jobStatements(change);
    case "array-summary":
      return [statement(`UPDATE jobs SET children = ? WHERE id = ?`, JSON.stringify(change.recorded), change.jobId)];
    case "stop-dismissed":
      return [statement(`DELETE FROM stop_requests WHERE job_id = ? AND kind = ?`, change.jobId, change.stop)];
    case "instance-launched":
    case "instance-running":
    case "instance-terminating":
    case "instance-silent":
    case "instance-idle":
    case "instance-gone":
      return instanceStatements(change);
    case "host-deleted":
      return [hostDeleted(change.hostId)];
    case "driver-boot":
      return [bootStatement(change)];
    case "queue-deleted":
      return [resourceStatement(change), deleteSharesOf(change.arn)];
    default:
      return [resourceStatement(change)];
  }
}

/** The quota shares of a queue go with it. */
function deleteSharesOf(queueArn: string): Statement {
  const prefix = `${queueArn}/quota-share/`;
  return statement(
    `DELETE FROM resources WHERE kind = 'quota-share' AND substr(arn, 1, ?) = ?
       AND NOT EXISTS (SELECT 1 FROM resources q WHERE q.arn = ?)`,
    ...[prefix.length, prefix, queueArn],
  );
}

function jobStatements(change: JobChange): Statement[] {
  const { jobId, parent, state, logStreams = [], endedLogs = [], usedUp = [], uses = [] } = change;
  const text = JSON.stringify(state);
  const write =
    parent === undefined
      ? statement(`UPDATE jobs SET status = ?, state = ? WHERE id = ?`, state.status, text, jobId)
      : statement(
          `INSERT INTO jobs (id, scope, queue_arn, name, definition_arn, created_at, share_identifier, parent_id, array_index, status, state)
           SELECT ?, scope, queue_arn, name, definition_arn, created_at, share_identifier, id, ?, ?, ? FROM jobs WHERE id = ?
           ON CONFLICT (id) DO UPDATE SET status = excluded.status, state = excluded.state`,
          ...[jobId, parent.index, state.status, text, parent.id],
        );
  return [
    write,
    ...logStreams.flatMap((stream) => appearingStream(jobId, stream)),
    ...endedLogs.flatMap(endedStream),
    ...usedUp.map(usedUpStatement),
    ...uses.map(useStatement),
  ];
}

/** Never more than was given. A resource that was deleted meanwhile, or made anew as one that comes back, loses nothing. */
function usedUpStatement({ arn, quantity }: ConsumableNeed): Statement {
  const given = `CAST(settings ->> '$.totalQuantity' AS BIGINT)`;
  return statement(
    `INSERT INTO consumables_used (arn, quantity)
     SELECT arn, min(?, ${given}) FROM resources
     WHERE arn = ? AND kind = 'consumable-resource' AND settings ->> '$.resourceType' = 'NON_REPLENISHABLE'
     ON CONFLICT (arn) DO UPDATE SET quantity = min(consumables_used.quantity + excluded.quantity,
       (SELECT ${given} FROM resources r WHERE r.arn = consumables_used.arn))`,
    ...[quantity, arn],
  );
}

function resourceStatement(change: ResourceChange): Statement {
  if (!("status" in change)) {
    return statement(`DELETE FROM resources WHERE arn = ? AND status = 'DELETING'`, change.arn);
  }
  return statement(
    `UPDATE resources SET status = ?, status_reason = ? WHERE arn = ? AND version = ?`,
    ...[change.status, change.statusReason, change.arn, change.version],
  );
}
