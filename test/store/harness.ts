import { test } from "node:test";
import type { TestContext } from "node:test";
import type { JobChange } from "../../src/core/changes.ts";
import type { JobState, Scheduling } from "../../src/core/job.ts";
import type { NewJob } from "../../src/ports/store.ts";
import type { Database } from "../../src/store/database.ts";
import { PostgresDatabase } from "../../src/store/postgres/database.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { SCOPE } from "../sim/workload.ts";
import { systemClock } from "../support/clock.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { postgresUnavailable } from "../support/postgres.ts";

export const DEFINITION = "arn:aws:batch:us-east-1:123456789012:job-definition/work:1";

export interface OpenEngine {
  readonly store: OpenStore;
  readonly database: Database;
}

/** An empty store in memory. */
export async function open(t: TestContext): Promise<OpenEngine & { database: SqliteDatabase }> {
  return withStore(t, new SqliteDatabase(":memory:"));
}

async function openPostgres(t: TestContext): Promise<OpenEngine> {
  return withStore(t, await openPostgresDatabase(t));
}

export async function openPostgresDatabase(t: TestContext, url?: string): Promise<PostgresDatabase> {
  const onError = (what: string, error: unknown): void => t.diagnostic(`${what}: ${String(error)}`);
  const database = new PostgresDatabase({ url: url ?? (await emptyDatabase()), clock: systemClock, onError });
  t.after(() => database.close());
  return database;
}

async function withStore<Engine extends Database>(t: TestContext, database: Engine) {
  t.after(() => database.close());
  return { database, store: await openStore(database, 0, { defaultDriver: "fake" }) };
}

type StoreTest = (t: TestContext, open: (t: TestContext) => Promise<OpenEngine>) => Promise<void>;

/** What a store promises holds on every engine: the test runs on each, with an empty store for each `open`. */
export function onEachEngine(name: string, body: StoreTest): void {
  test(`${name} (SQLite)`, (t) => body(t, open));
  test(`${name} (PostgreSQL)`, { skip: noPostgres }, (t) => body(t, openPostgres));
}

const noPostgres = postgresUnavailable() ?? false;

export function newJob(id: string, more: Partial<NewJob> = {}, scheduling: Partial<Scheduling> = {}): NewJob {
  return {
    id,
    scope: SCOPE,
    queueArn: "queue",
    name: id,
    definitionArn: DEFINITION,
    createdAt: 1_000,
    scheduling: {
      requirements: { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 },
      retry: { attempts: 1, evaluateOnExit: [] },
      dependsOn: [],
      needsImage: false,
      ...scheduling,
    },
    spec: {
      container: { image: id },
      parameters: {},
      dependsOn: [],
      retryStrategy: {},
      tags: {},
      propagateTags: false,
      platformCapabilities: [],
    },
    ...more,
  };
}

export function change(jobId: string, state: Partial<JobState>, parent?: JobChange["parent"]): JobChange {
  return {
    kind: "job-changed",
    jobId,
    state: { status: "RUNNABLE", attempts: [], ...state },
    ...(parent && { parent }),
  };
}

export const child = (parentId: string, index: number, status: JobState["status"]): JobChange =>
  change(`${parentId}:${index}`, { status }, { id: parentId, index });
