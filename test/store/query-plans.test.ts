import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobSearch, StoredSearch } from "../../src/ports/job-search.ts";
import type { JobRecord } from "../../src/ports/store.ts";
import type { Database } from "../../src/store/database.ts";
import { statement } from "../../src/store/database.ts";
import { openStore } from "../../src/store/store.ts";
import { SCOPE } from "../sim/workload.ts";
import { DEFINITION, newJob, open } from "./harness.ts";

test("queries about jobs use an index, and sort nothing that can be large", async (t) => {
  await checkPlans((await open(t)).database);
});

test("so they do with the statistics of a large store", async (t) => {
  const { database, store } = await open(t);
  await store.jobs.insert(newJob("first"));
  await database.write([
    statement(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
       INSERT INTO jobs (id, scope, queue_arn, name, definition_arn, created_at, scheduling, spec, status, state)
       SELECT 'job-' || n, scope, queue_arn, 'name-' || (n % 50), definition_arn, n, scheduling, spec,
         CASE n % 10 WHEN 0 THEN 'FAILED' ELSE 'SUCCEEDED' END, json_object('attempts', json_array(), 'stoppedAt', n)
       FROM numbers, jobs WHERE id = 'first'`,
    ),
  ]);
  await database.write([statement(`ANALYZE`)]);
  const [row] = await database.read(`SELECT count(*) AS count FROM sqlite_stat1 WHERE tbl = 'jobs'`);
  assert.ok(Number(row!["count"]) > 0, "there are statistics");
  await checkPlans(database);
});

async function checkPlans(database: Database): Promise<void> {
  const plans = new Map<string, string>();
  const watched: Database = {
    async read(sql, values = []) {
      const plan = await database.read(`EXPLAIN QUERY PLAN ${sql}`, values);
      plans.set(sql.replaceAll(/\s+/g, " "), plan.map(({ detail }) => String(detail)).join("; "));
      return database.read(sql, values);
    },
    write: (statements, unless) => database.write(statements, unless),
    dialect: database.dialect,
    snapshot: (use) => database.snapshot(use),
    close: () => Promise.resolve(),
  };
  const { definitions, history, jobs, jobSearch, scheduling } = await openStore(watched, 0, { defaultDriver: "fake" });
  plans.clear();
  const after = { createdAt: 7, seq: 7, portion: { from: "a", until: "b" } };
  await jobs.find(SCOPE, ["a"]);
  await jobs.specs(["a"]);
  for (const query of [
    {},
    { status: "RUNNING" },
    { name: "a" },
    { name: "a*" },
    { definitionArn: "a" },
    { definitionArnPrefix: "a" },
    { createdBefore: 9 },
    { createdAfter: 1 },
    { shareIdentifier: "a" },
    { shareIdentifier: "a", status: "RUNNING" },
  ] as const) {
    await jobs.list("queue", { ...query, limit: 10 });
    await jobs.list("queue", { ...query, limit: 10, after });
  }
  await searchInEveryWay(jobSearch);
  await jobs.children("a", { status: "RUNNING", after: 3, limit: 10 });
  await jobs.recordedIndexes("a", { from: 0, to: 10 });
  await jobs.statusRuns("a", { from: 0, to: 10 });
  await jobs.failures("a", { from: 0, to: 10 });
  await jobs.dependents(["a"], { limit: 10 });
  await scheduling.news(0, 10);
  await scheduling.load();
  await scheduling.outcomes(["a"]);
  await scheduling.launches([{ id: "a" }]);
  await scheduling.hasAttemptsOn("docker");
  await history.keptDays();
  for (const days of [undefined, 7]) {
    await history.firstEnd(days);
    await history.removeJobs(days, 1, 10);
  }
  await history.queuesOfEnded();
  await history.nthNewest("queue", 12_000);
  const place = { createdAt: 1, seq: 1 };
  const bite = { queueArn: "queue", after: place, before: place, endedBefore: 1, tagsCount: true, limit: 10 };
  for (const status of ["SUCCEEDED", "FAILED"] as const) await history.removeOldest({ ...bite, status });
  await history.removeChildren(10);
  await definitions.wasRegistered(SCOPE, "a");
  for (const query of [{}, { status: "ACTIVE" }, { name: "a" }, { name: "a", status: "ACTIVE" }]) {
    await definitions.list(SCOPE, { ...query, limit: 10 });
    await definitions.list(SCOPE, { ...query, limit: 10, after: { name: "a", revision: 3 } });
  }
  for (const [sql, plan] of plans) {
    if (!/FROM \(?(jobs|job_|removed_)/.test(sql)) continue;
    assert.doesNotMatch(plan, /SCAN (jobs|j|p|c|o|job_definitions)\b(?! USING INDEX jobs_open)/, `${sql}\n${plan}`);
    // Two pages of places are put in order, of whatever number of jobs.
    const isOfPages = /^SELECT created_at, seq FROM \(SELECT \* FROM \(SELECT .* LIMIT \?\) \w+ UNION ALL/.test(sql);
    if (!isOfPages) assert.doesNotMatch(plan, /TEMP B-TREE FOR ORDER BY/, `${sql}\n${plan}`);
  }
  assert.ok(plans.size >= 60, `${plans.size}`);
}

/** By each index, in both directions, with everything that is looked at beside it. */
async function searchInEveryWay(jobSearch: JobSearch<JobRecord>): Promise<void> {
  const base: StoredSearch = {
    ...{ queueArnPrefix: "q", queueArns: ["queue"], statuses: ["FAILED"], tags: [], arraysToo: false },
    ...{ created: {}, started: {}, stopped: {} },
  };
  const ways: Partial<StoredSearch>[] = [
    {},
    ...(["exact", "prefix", "part"] as const).map((kind) => ({ name: { kind, text: "name-1" } })),
    ...[true, false].map((isPrefix) => ({ definitions: [{ arn: DEFINITION, isPrefix }] })),
    { shares: ["a"] },
    { created: { from: 5, to: 9_000 } },
  ];
  const looks: Partial<StoredSearch>[] = [
    {},
    { started: { to: 5 } },
    { tags: [{ key: "a" }] },
    { tags: [{ key: "a" }], reason: "b" },
    { arraysToo: true },
  ];
  const { queueArns: _, ...anywhere } = base;
  for (const order of ["newest", "oldest"] as const) {
    const page = { order, limit: 10, after: { createdAt: 7_000, seq: 7 }, isOver: () => true };
    for (const way of ways) {
      for (const look of looks) {
        await jobSearch.find({ ...base, ...way, ...look }, page);
        await jobSearch.find({ ...anywhere, ...way, ...look }, page);
      }
    }
  }
  await jobSearch.counts(base, 15_000);
}
