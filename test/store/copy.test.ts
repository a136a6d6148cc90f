import assert from "node:assert/strict";
import { test } from "node:test";
import { copyStore, NotEmpty } from "../../src/store/copies/copy.ts";
import type { Database } from "../../src/store/database.ts";
import { statement } from "../../src/store/database.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import { openStore } from "../../src/store/store.ts";
import { environmentSettings, SCOPE } from "../sim/workload.ts";
import { change, child, newJob, open, openPostgresDatabase } from "./harness.ts";
import type { OpenEngine } from "./harness.ts";
import { postgresUnavailable } from "../support/postgres.ts";

const skip = postgresUnavailable() ?? false;
const HOSTILE = "NUL \0, half a pair \ud83d, its escape \\ud83d, a mark \u{FDD0}m, \u{1F600}, '; DROP TABLE jobs; --";

/** Something in most tables; 1,200 jobs are more than a page. */
async function fill({ store }: OpenEngine): Promise<void> {
  const epoch = await store.scheduling.lead();
  await store.environments.insert({
    ...{
      arn: "arn:environment",
      scope: SCOPE,
      name: "environment",
      createdAt: 5,
      status: "VALID",
      statusReason: HOSTILE,
    },
    settings: environmentSettings({ maxvCpus: 4 }),
  });
  await store.definitions.register({
    ...{ scope: SCOPE, name: "work", unrevisionedArn: "arn:work", createdAt: 7 },
    settings: { type: "container", parameters: { hostile: HOSTILE } },
  });
  await store.jobs.insert(newJob("array", { name: "Array" }, { arraySize: 3 }));
  await Promise.all(Array.from({ length: 1_200 }, (_, n) => store.jobs.insert(newJob(`job-${n}`, { createdAt: n }))));
  await store.jobs.insert(newJob("dependent", {}, { dependsOn: [{ jobId: "job-3" }] }));
  await store.scheduling.commit(epoch, [child("array", 1, "RUNNING"), change("job-3", { status: "RUNNING" })]);
  await store.jobs.requestStops(["job-4"], { kind: "terminate", reason: HOSTILE }, 9);
  await store.logGroups.create(SCOPE, { name: "group", createdAt: 1, settings: {} });
  const group = (await store.logGroups.find(SCOPE, "group"))!;
  await store.logStreams.create(group.id, { name: "stream", logId: "log", createdAt: 1 });
  await store.putEvents.append("log", [{ timestamp: 2, message: HOSTILE }], 3);
}

async function look(database: Database): Promise<unknown> {
  const store = await openStore(database, 0, { defaultDriver: "fake" });
  const events = await store.putEvents.read("log", { position: "head", direction: "forward", limit: 10 });
  return {
    cluster: [store.clusterId, store.tokenKey],
    facts: await store.scheduling.load(),
    news: await store.scheduling.news(1_190, 5),
    definition: await store.definitions.latestActive(SCOPE, "work"),
    listed: await store.jobs.list("queue", { name: "arr*", limit: 5 }),
    messages: events.events.map(({ message }) => message),
  };
}

async function copied(source: Database, target: Database): Promise<void> {
  const tables = await copyStore(source, target, 0);
  assert.equal(tables.find(({ table }) => table === "jobs")?.rows, 1_203);
  const [before, after] = [await look(source), await look(target)];
  assert.deepEqual(after, before);
  assert.deepEqual((after as { messages: string[] }).messages, [HOSTILE.toWellFormed()]);
  await assert.rejects(copyStore(source, target, 0), NotEmpty);
  // Numbers go on behind those of the source, also where its last rows are gone.
  await (await openStore(target, 0, { defaultDriver: "fake" })).jobs.insert(newJob("later"));
  const [row] = await target.read(`SELECT seq FROM jobs WHERE id = 'later'`);
  assert.equal(row!["seq"], 1_205);
}

test("from SQLite to PostgreSQL and back, everything is the same", { skip }, async (t) => {
  const source = await open(t);
  await fill(source);
  await source.store.jobs.insert(newJob("gone"));
  await source.database.write([statement(`DELETE FROM jobs WHERE id = 'gone'`)]);
  const middle = await openPostgresDatabase(t);
  await copyStore(source.database, middle, 0);
  const target = new SqliteDatabase(":memory:");
  t.after(() => target.close());
  await copied(middle, target);
  const other = await openPostgresDatabase(t);
  await copied(source.database, other);
});

test("a copy has every table", async (t) => {
  const { database } = await open(t);
  const tables = await database.read(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('migrations', 'leadership', 'servers')`,
  );
  const target = new SqliteDatabase(":memory:");
  t.after(() => target.close());
  const names = (await copyStore(database, target, 0)).map(({ table }) => table);
  assert.deepEqual(names.toSorted(), tables.map(({ name }) => String(name)).toSorted());
});

test("a store with a row that was changed meanwhile is no copy", async (t) => {
  const { database, store } = await open(t);
  await store.jobs.insert(newJob("a"));
  const target = new SqliteDatabase(":memory:");
  t.after(() => target.close());
  const spoil = async (table: string): Promise<void> => {
    if (table === "log_groups" || table === "facts") return;
    await target.write([statement(`UPDATE jobs SET name = 'other'`)]);
  };
  const underWay: Promise<void>[] = [];
  const copying = copyStore(database, target, 0, (table) => void underWay.push(spoil(table)));
  await assert.rejects(copying, /The copy of jobs is not what was copied: 1 rows of 1/);
  await Promise.all(underWay);
});
