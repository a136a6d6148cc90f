import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptId, unitAttemptId } from "../../src/core/ids.ts";
import type { Attempt } from "../../src/core/job.ts";
import type { Restoration } from "../../src/store/copies/restored.ts";
import { adaptRestored } from "../../src/store/copies/restored.ts";
import { SCOPE } from "../sim/workload.ts";
import { change, child, newJob, open } from "./harness.ts";

const RESTORATION: Restoration = {
  ...{ now: 5_000, madeAt: 4_000, era: "second", eraBefore: undefined, newClusterId: undefined },
  ...{ hasKey: true, waiting: "run", hasBegun: () => false },
};
const attempt = (id: string, more: Partial<Attempt> = {}): Attempt => ({
  ...{ id, driver: "fake", environmentArn: "e" },
  ...more,
});

test("what was active is never started again: whether it runs, drivers say", async (t) => {
  const { store, database } = await open(t);
  const epoch = await store.scheduling.lead();
  for (const id of ["starting", "scheduled", "units", "over"]) await store.jobs.insert(newJob(id));
  await store.scheduling.commit(epoch, [
    change("starting", { status: "STARTING", attempts: [attempt("a")] }),
    change("scheduled", { status: "SCHEDULED", attempts: [attempt("b")] }),
    change("units", {
      status: "RUNNING",
      attempts: [attempt("c", { units: [{ status: "ended" }, { status: "starting" }, { status: "waiting" }] })],
    }),
    change("over", { status: "SUCCEEDED", stoppedAt: 1, attempts: [attempt("d", { stoppedAt: 1 })] }),
  ]);
  const { active, waiting, failed } = await adaptRestored(database, RESTORATION);
  assert.deepEqual([active, waiting, failed], [3, 0, 0]);
  const jobs = await store.jobs.find(SCOPE, ["starting", "scheduled", "units", "over"]);
  const state = (id: string) => jobs.find((job) => job.id === id)!.state;
  for (const id of ["starting", "scheduled"]) {
    assert.equal(state(id).status, "STARTING");
    assert.equal(state(id).attempts[0]!.isRestored, true);
  }
  assert.deepEqual(state("units").attempts[0]!.units, [
    { status: "ended" },
    { status: "starting", isRestored: true },
    { status: "waiting" },
  ]);
  assert.equal(state("over").attempts[0]!.isRestored, undefined);
});

test("a leader of the time before is stale, and neither attempts nor instances get a name that they may have had", async (t) => {
  const { store, database } = await open(t);
  const epoch = await store.scheduling.lead();
  await adaptRestored(database, RESTORATION);
  await assert.rejects(store.scheduling.commit(epoch + 1, []), { name: "StaleEpoch" });
  assert.ok((await store.scheduling.lead()) > epoch + 1_000);
  const facts = await store.scheduling.load();
  assert.deepEqual(facts[0], { kind: "era", era: "second" });
  const instances = facts.find((fact) => fact.kind === "instances");
  assert.ok(instances?.kind === "instances" && instances.lastSeq >= 1_000_000);
  const job = { id: "a", seq: 1 };
  assert.notEqual(attemptId(job, 1), attemptId(job, 1, "second"));
  assert.equal(attemptId(job, 1).slice(11), attemptId(job, 1, "second").slice(11), "it still says whose it is");
});

test("what has left a trace of having begun since the backup fails; other jobs that wait stay", async (t) => {
  const { store, database } = await open(t);
  const epoch = await store.scheduling.lead();
  const units = [0, 1].map(() => ({ isEssential: true, dependsOn: [] })) as never;
  for (const id of ["one", "two", "tried"]) await store.jobs.insert(newJob(id));
  await store.jobs.insert(newJob("array", {}, { arraySize: 3 }));
  await store.jobs.insert(newJob("units", {}, { units }));
  await store.scheduling.commit(epoch, [
    change("tried", { attempts: [attempt("x", { stoppedAt: 1 })] }),
    child("array", 0, "SUCCEEDED"),
    { kind: "array-summary", jobId: "array", recorded: { counts: { SUCCEEDED: 1 }, below: 1 } },
  ]);
  const traces = new Set([
    attemptId({ id: "two", seq: 2 }, 1, "first"),
    attemptId({ id: "tried", seq: 3 }, 2),
    attemptId({ id: "array:0", seq: 4 }, 1),
    attemptId({ id: "array:2", seq: 4 }, 1),
    unitAttemptId(attemptId({ id: "units", seq: 5 }, 1), 1),
  ]);
  const hasBegun = (id: string): boolean => traces.has(id);
  const restored = await adaptRestored(database, { ...RESTORATION, hasBegun, eraBefore: "first" });
  assert.deepEqual([restored.waiting, restored.failed], [2, 4]);
  const stops = await database.read(`SELECT job_id, kind, reason FROM stop_requests ORDER BY job_id`);
  assert.deepEqual(
    stops.map((row) => [row["job_id"], row["kind"]]),
    ["array:2", "tried", "two", "units"].map((id) => [id, "cancel"]),
  );
  assert.match(
    String(stops[0]!["reason"]),
    /^Longshore was restored from a backup of 1970-01-01T00:00:04.000Z: it has/,
  );
});

test("with `fail` nothing that waits runs; to do it twice is to do it once", async (t) => {
  const { store, database } = await open(t);
  await store.scheduling.lead();
  await store.jobs.insert(newJob("one"));
  await store.jobs.insert(newJob("array", {}, { arraySize: 3 }));
  for (const _ of [1, 2]) {
    const { waiting, failed } = await adaptRestored(database, { ...RESTORATION, waiting: "fail" });
    assert.deepEqual([waiting, failed], [0, 2]);
  }
  const stops = await database.read(`SELECT job_id FROM stop_requests ORDER BY job_id`);
  assert.deepEqual(
    stops.map((row) => row["job_id"]),
    ["array", "one"],
  );
});

test("keys whose secrets nobody can open are revoked; the store stays the one that it was unless it is to be another", async (t) => {
  const { store, database } = await open(t);
  await database.write([
    {
      sql: `INSERT INTO access_keys (access_key_id, account, user_name, secret, created_at) VALUES ('k', '1', 'u', 'x', 1)`,
      values: [],
    },
  ]);
  const cluster = async () => (await database.read(`SELECT value FROM facts WHERE name = 'cluster'`))[0]!["value"];
  assert.equal((await adaptRestored(database, RESTORATION)).revokedKeys, 0);
  assert.equal(await cluster(), store.clusterId);
  const { revokedKeys } = await adaptRestored(database, { ...RESTORATION, hasKey: false, newClusterId: "other" });
  assert.equal(revokedKeys, 1);
  const rows = await database.read(`SELECT secret, revoked_at FROM access_keys`);
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    [{ secret: null, revoked_at: 5_000 }],
  );
  assert.equal(await cluster(), "other");
});
