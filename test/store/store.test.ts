import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JobStatus } from "../../src/core/job.ts";
import { StaleEpoch } from "../../src/ports/store.ts";
import { statement } from "../../src/store/database.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import { openStore } from "../../src/store/store.ts";
import { environmentSettings, SCOPE } from "../sim/workload.ts";
import { change, child, newJob, onEachEngine } from "./harness.ts";

describe("opening", () => {
  onEachEngine("twice is no different from once, and the store keeps its name", async (t, open) => {
    const { store, database } = await open(t);
    await store.jobs.insert(newJob("a"));
    const again = await openStore(database, 1, { defaultDriver: "fake" });
    assert.equal(again.clusterId, store.clusterId);
    assert.equal(again.tokenKey, store.tokenKey);
    assert.equal((await again.jobs.find(SCOPE, ["a"])).length, 1);
  });

  onEachEngine("a newer program's schema is refused, untouched", async (t, open) => {
    const { database } = await open(t);
    await database.write([statement(`INSERT INTO migrations (version, applied_at) VALUES (99, 0)`)]);
    await assert.rejects(openStore(database, 1, { defaultDriver: "fake" }), /newer Longshore \(schema 99/);
  });

  test("a migration that fails half-way leaves nothing of itself", async (t) => {
    const database = new SqliteDatabase(":memory:");
    t.after(() => database.close());
    await database.write([statement(`CREATE TABLE stop_requests (unfit TEXT)`)]);
    await assert.rejects(openStore(database, 0, { defaultDriver: "fake" }));
    const tables = await database.read(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'jobs'`);
    assert.deepEqual(tables, []);
  });
});

describe("jobs", () => {
  onEachEngine(
    "a child's record is made by its first change and has its parent's scheduling; its spec is the parent's",
    async (t, open) => {
      const { store } = await open(t);
      const epoch = await store.scheduling.lead();
      await store.jobs.insert(newJob("a", {}, { arraySize: 10 }));
      const recorded = async (status: JobStatus, after = -1) => {
        const found = await store.jobs.children("a", { status, after, limit: 10 });
        return found.map(({ id, parent, scheduling }) => [id, parent?.index, scheduling.arraySize]);
      };
      assert.deepEqual(await recorded("STARTING"), []);
      await store.scheduling.commit(epoch, [child("a", 7, "STARTING"), child("a", 2, "STARTING")]);
      await store.scheduling.commit(epoch, [child("a", 7, "SUCCEEDED")]);
      assert.deepEqual(await recorded("STARTING"), [["a:2", 2, 10]]);
      assert.deepEqual(await recorded("SUCCEEDED"), [["a:7", 7, 10]]);
      assert.deepEqual(await recorded("SUCCEEDED", 7), []);
      assert.deepEqual(
        (await store.jobs.recordedIndexes("a", { from: 2, to: 8 })).toSorted((a, b) => a - b),
        [2, 7],
      );
      assert.deepEqual(await store.jobs.recordedIndexes("a", { from: 3, to: 7 }), []);
      const summary = { counts: { STARTING: 1, SUCCEEDED: 1 }, below: 0 };
      await store.scheduling.commit(epoch, [{ kind: "array-summary", jobId: "a", recorded: summary }]);
      assert.deepEqual((await store.jobs.find(SCOPE, ["a"]))[0]?.recorded, summary);
      assert.deepEqual([...(await store.jobs.specs(["a", "a:7"])).keys()], ["a"]);
      assert.deepEqual(await store.jobs.find("other/scope", ["a", "a:7"]), []);
      const launches = await store.scheduling.launches([{ id: "a:7", parent: { id: "a", index: 7 } }]);
      assert.deepEqual([launches.get("a")?.arraySize, launches.get("a")?.spec.container!.image], [10, "a"]);
    },
  );

  onEachEngine("of stop requests the first counts, but a terminate replaces a cancel", async (t, open) => {
    const { store } = await open(t);
    const stops = async () => (await store.scheduling.news(0, 10)).stops;
    await store.jobs.requestStops(["a"], { kind: "cancel", reason: "one" }, 1);
    await store.jobs.requestStops(["a"], { kind: "cancel", reason: "two" }, 2);
    assert.deepEqual(await stops(), [{ kind: "stop-requested", jobId: "a", stop: { kind: "cancel", reason: "one" } }]);
    await store.jobs.requestStops(["a"], { kind: "terminate", reason: "three" }, 3);
    await store.jobs.requestStops(["a"], { kind: "terminate", reason: "four" }, 4);
    await store.jobs.requestStops(["a"], { kind: "cancel", reason: "five" }, 5);
    assert.deepEqual(await stops(), [
      { kind: "stop-requested", jobId: "a", stop: { kind: "terminate", reason: "three" } },
    ]);
    const epoch = await store.scheduling.lead();
    await store.scheduling.commit(epoch, [{ kind: "stop-dismissed", jobId: "a", stop: "cancel" }]);
    assert.equal((await stops()).length, 1);
    await store.scheduling.commit(epoch, [{ kind: "stop-dismissed", jobId: "a", stop: "terminate" }]);
    assert.deepEqual(await stops(), []);
  });
});

describe("scheduling", () => {
  onEachEngine("a commit is all or nothing, and only the newest leader's counts", async (t, open) => {
    const { store } = await open(t);
    const first = await store.scheduling.lead();
    await store.jobs.insert(newJob("a"));
    await store.scheduling.commit(first, [change("a", { status: "STARTING" })]);
    const second = await store.scheduling.lead();
    await assert.rejects(store.scheduling.commit(first, [change("a", { status: "FAILED" })]), StaleEpoch);
    await store.scheduling.commit(second, []);
    const [job] = await store.jobs.find(SCOPE, ["a"]);
    assert.equal(job?.state.status, "STARTING");
    // The lead is lost in the same group commit, before the commit or after it.
    const [, late, early] = await Promise.allSettled([
      store.scheduling.lead(),
      store.scheduling.commit(second, [change("a", { status: "FAILED" })]),
      store.scheduling.commit(second + 1, [change("a", { status: "RUNNING" })]),
    ]);
    assert.deepEqual([late?.status, early?.status], ["rejected", "fulfilled"]);
  });

  onEachEngine("news: in order of submission, bounded, after what was read; children are no news", async (t, open) => {
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    for (const id of ["c", "a", "b"]) await store.jobs.insert(newJob(id, {}, { arraySize: 2 }));
    const first = await store.scheduling.news(0, 2);
    assert.deepEqual([first.jobs.map(({ id }) => id), first.isPartial], [["c", "a"], true]);
    await store.scheduling.commit(epoch, [child("c", 0, "STARTING")]);
    const second = await store.scheduling.news(first.jobs.at(-1)!.seq, 2);
    assert.deepEqual([second.jobs.map(({ id }) => id), second.isPartial], [["b"], false]);
    assert.equal((await store.scheduling.news(second.jobs.at(-1)!.seq, 2)).jobs.length, 0);
  });

  onEachEngine(
    "a new world: parents before children, ended children of open arrays, nothing that is over",
    async (t, open) => {
      const { store } = await open(t);
      const epoch = await store.scheduling.lead();
      for (const id of ["over", "open", "gone"]) await store.jobs.insert(newJob(id, {}, { arraySize: 3 }));
      await store.scheduling.commit(epoch, [
        child("open", 0, "SUCCEEDED"),
        child("open", 1, "FAILED"),
        child("open", 2, "RUNNABLE"),
        change("open", { status: "PENDING" }),
        {
          kind: "array-summary",
          jobId: "open",
          recorded: { counts: { RUNNABLE: 1, SUCCEEDED: 1, FAILED: 1 }, below: 3 },
        },
        child("gone", 0, "FAILED"),
        change("gone", { status: "FAILED" }),
      ]);
      const facts = await store.scheduling.load();
      const told = facts.flatMap((fact) => {
        if (fact.kind === "job-admitted") return [fact.job.id];
        return fact.kind === "children-ended" ? [`${fact.parentId}:${fact.indexes.join("+")} ${fact.status}`] : [];
      });
      assert.deepEqual(told, ["over", "open", "open:2", "open:0 SUCCEEDED", "open:1 FAILED"]);
    },
  );

  onEachEngine("outcomes: of jobs, arrays with their failed children, unknown ids", async (t, open) => {
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    await store.jobs.insert(newJob("good"));
    await store.jobs.insert(newJob("array", {}, { arraySize: 4 }));
    await store.scheduling.commit(epoch, [
      change("good", { status: "SUCCEEDED" }),
      child("array", 1, "SUCCEEDED"),
      child("array", 2, "FAILED"),
      change("array", { status: "FAILED" }),
    ]);
    const outcomes = await store.scheduling.outcomes(["good", "array", "unknown"]);
    assert.deepEqual(outcomes.get("good"), { succeeded: true });
    const array = outcomes.get("array")!;
    assert.deepEqual(
      [array.succeeded, [0, 1, 2, 3].map((index) => array.failedChildren!.has(index))],
      [false, [true, false, true, true]],
    );
    assert.deepEqual(outcomes.get("unknown"), { succeeded: false });
  });

  onEachEngine("attempts that are not over are found by their driver", async (t, open) => {
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    await store.jobs.insert(newJob("a"));
    assert.equal(await store.scheduling.hasAttemptsOn("docker"), false);
    const attempt = { id: "x", driver: "docker", environmentArn: "e" } as const;
    await store.scheduling.commit(epoch, [change("a", { status: "STARTING", attempts: [attempt] })]);
    assert.equal(await store.scheduling.hasAttemptsOn("docker"), true);
    assert.equal(await store.scheduling.hasAttemptsOn("process"), false);
  });
});

describe("resources and definitions", () => {
  const record = (name: string) => ({
    ...{ arn: `arn/${name}`, scope: SCOPE, name, createdAt: 1, status: "CREATING" as const, statusReason: "" },
    settings: environmentSettings({ maxvCpus: 4 }),
  });

  onEachEngine("an ARN is given once; an update counts for the version that it was made for", async (t, open) => {
    const { store } = await open(t);
    assert.equal(await store.environments.insert(record("a")), true);
    assert.equal(await store.environments.insert(record("a")), false);
    const read = (await store.environments.get("arn/a"))!;
    assert.equal(await store.environments.update(read, { ...read, status: "UPDATING" }), true);
    assert.equal(await store.environments.update(read, { ...read, status: "VALID" }), false);
    assert.equal((await store.environments.get("arn/a"))?.status, "UPDATING");
    assert.equal(await store.queues.get("arn/a"), undefined);
  });

  onEachEngine(
    "the engine's status for an older version is not written; only what is DELETING is deleted",
    async (t, open) => {
      const { store } = await open(t);
      const epoch = await store.scheduling.lead();
      await store.environments.insert(record("a"));
      const valid = { kind: "environment-status", arn: "arn/a", status: "VALID", statusReason: "fine" } as const;
      await store.scheduling.commit(epoch, [
        { ...valid, version: 0 },
        { kind: "environment-deleted", arn: "arn/a" },
      ]);
      assert.equal((await store.environments.get("arn/a"))?.status, "CREATING");
      await store.scheduling.commit(epoch, [{ ...valid, version: 1 }]);
      const read = (await store.environments.get("arn/a"))!;
      assert.deepEqual([read.status, read.statusReason], ["VALID", "fine"]);
      await store.environments.update(read, { ...read, status: "DELETING" });
      await store.scheduling.commit(epoch, [{ kind: "environment-deleted", arn: "arn/a" }]);
      assert.equal(await store.environments.get("arn/a"), undefined);
    },
  );

  onEachEngine("resources are listed by name, page by page, in their scope", async (t, open) => {
    const { store } = await open(t);
    for (const name of ["c", "a", "d"]) await store.environments.insert(record(name));
    const first = await store.environments.list(SCOPE, { limit: 2 });
    await store.environments.insert(record("b"));
    const second = await store.environments.list(SCOPE, { limit: 2, after: first.at(-1)!.name });
    assert.deepEqual(
      [...first, ...second].map(({ name }) => name),
      ["a", "c", "d"],
    );
    assert.deepEqual(await store.environments.list("other/scope", { limit: 2 }), []);
  });

  onEachEngine("revisions count up whatever is deregistered, also when registered at once", async (t, open) => {
    const { store } = await open(t);
    const register = (name: string) =>
      store.definitions.register({
        ...{ scope: SCOPE, name, unrevisionedArn: `arn/${name}`, createdAt: 1 },
        settings: { type: "container" },
      });
    const made = await Promise.all([register("a"), register("b"), register("a"), register("a")]);
    assert.deepEqual(
      made.map(({ arn, revision }) => [arn, revision]),
      [
        ["arn/a:1", 1],
        ["arn/b:1", 1],
        ["arn/a:2", 2],
        ["arn/a:3", 3],
      ],
    );
    await store.definitions.deregister("arn/a:3", 2);
    assert.equal((await store.definitions.latestActive(SCOPE, "a"))?.revision, 2);
    assert.equal((await register("a")).revision, 4);
    const first = await store.definitions.list(SCOPE, { limit: 3 });
    await register("a");
    const second = await store.definitions.list(SCOPE, { limit: 3, after: first.at(-1)! });
    assert.deepEqual(
      [...first, ...second].map(({ arn }) => arn),
      ["arn/a:4", "arn/a:3", "arn/a:2", "arn/a:1", "arn/b:1"],
    );
    const active = await store.definitions.list(SCOPE, { limit: 9, status: "ACTIVE", name: "a" });
    assert.deepEqual(
      active.map(({ revision }) => revision),
      [5, 4, 2, 1],
    );
  });

  onEachEngine(
    "in which boot of its machine a driver was seen is kept with the commit that says what came of it",
    async (t, open) => {
      const { store } = await open(t);
      const epoch = await store.scheduling.lead();
      const boots = async () => (await store.scheduling.load()).filter(({ kind }) => kind === "driver-boot");
      const seen = (driver: "process" | "docker", bootId: string) => ({ kind: "driver-boot" as const, driver, bootId });
      assert.deepEqual(await boots(), []);
      await store.scheduling.commit(epoch, [seen("process", "one"), seen("docker", "one")]);
      await store.scheduling.commit(epoch, [seen("process", "two")]);
      assert.deepEqual(new Set(await boots()), new Set([seen("process", "two"), seen("docker", "one")]));
    },
  );
});
