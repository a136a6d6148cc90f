import assert from "node:assert/strict";
import { unitAttemptId } from "../../src/core/ids.ts";
import type { JobChange } from "../../src/core/changes.ts";
import type { JobState } from "../../src/core/job.ts";
import { UnknownDependency } from "../../src/ports/store.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { SCOPE } from "../sim/workload.ts";
import { change, child, newJob, onEachEngine } from "./harness.ts";

const DAYS = "longshore:history-days";
const tagged = (days: string) => ({ spec: { ...newJob("x").spec, tags: { [DAYS]: days } } });
const ended = (stoppedAt: number, more: Partial<JobState> = {}): Partial<JobState> => ({
  ...{ status: "SUCCEEDED", stoppedAt },
  ...more,
});

async function ids(store: OpenStore): Promise<string[]> {
  return (await store.jobs.list("queue", { limit: 100 })).map(({ job }) => job.id).toSorted();
}

onEachEngine(
  "jobs that ended before a time go, the first ones first, a few at a time; others stay",
  async (t, open) => {
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    for (const [id, at] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
      ["late", 40],
    ] as const) {
      await store.jobs.insert(newJob(id));
      await store.scheduling.commit(epoch, [change(id, ended(at, { status: id === "b" ? "FAILED" : "SUCCEEDED" }))]);
    }
    await store.jobs.insert(newJob("open"));
    assert.equal(await store.history.firstEnd(undefined), 10);
    assert.equal(await store.history.removeJobs(undefined, 40, 2), 2);
    assert.deepEqual(await ids(store), ["c", "late", "open"]);
    assert.equal(await store.history.firstEnd(undefined), 30);
    assert.equal(await store.history.removeJobs(undefined, 40, 2), 1);
    assert.equal(await store.history.removeJobs(undefined, 40, 2), 0);
    assert.deepEqual(await ids(store), ["late", "open"]);
    assert.deepEqual(await store.jobs.find(SCOPE, ["a", "c"]), []);
    assert.equal((await store.scheduling.outcomes(["a"])).get("a")?.succeeded, false, "as though it had never been");
  },
);

onEachEngine("jobs are kept as their tag says, and follow it when it changes", async (t, open) => {
  const { store } = await open(t);
  const epoch = await store.scheduling.lead();
  for (const [id, more] of [
    ["plain", {}],
    ["short", tagged("3")],
    ["long", tagged("300")],
    ["odd", tagged("soon")],
    ["none", tagged("0")],
  ] as const) {
    await store.jobs.insert(newJob(id, more));
    await store.scheduling.commit(epoch, [change(id, ended(10))]);
  }
  await store.jobs.insert(newJob("open", tagged("9")));
  assert.deepEqual(await store.history.keptDays(), [3, 300]);
  assert.equal(await store.history.removeJobs(3, 100, 10), 1);
  assert.deepEqual(await ids(store), ["long", "none", "odd", "open", "plain"]);
  assert.equal(await store.history.firstEnd(undefined), 10);
  await store.tags.change({ kind: "job", id: "odd", scope: SCOPE }, { [DAYS]: "300" }, 50);
  await store.tags.change({ kind: "job", id: "plain", scope: SCOPE }, { [DAYS]: "300" }, 50);
  assert.equal(await store.history.removeJobs(300, 100, 10), 3);
  assert.equal(await store.history.removeJobs(undefined, 100, 10), 1);
  assert.equal(await store.history.firstEnd(undefined), undefined);
});

onEachEngine("a job is kept as long as one that is not over depends on it, in whatever way", async (t, open) => {
  const { store } = await open(t);
  const epoch = await store.scheduling.lead();
  await store.jobs.insert(newJob("first"));
  await store.jobs.insert(newJob("array", {}, { arraySize: 2 }));
  const dependsOn = [{ jobId: "first", type: "AFTER_ANY" as const }, { jobId: "array:1" }, { jobId: "array:0" }];
  await store.jobs.insert(newJob("second", {}, { dependsOn }));
  await store.scheduling.commit(epoch, [change("first", ended(1)), change("array", ended(2))]);
  assert.equal(await store.history.removeJobs(undefined, 100, 10), 0);
  await store.scheduling.commit(epoch, [change("second", ended(3, { status: "FAILED" }))]);
  assert.equal(await store.history.removeJobs(undefined, 3, 10), 2);
  assert.equal(await store.history.removeJobs(undefined, 100, 10), 1);
  assert.deepEqual(await ids(store), []);
});

onEachEngine(
  "a job that depends on one that is not there is not inserted; a removal and a submission do not miss each other",
  async (t, open) => {
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    const second = newJob("second", {}, { dependsOn: [{ jobId: "first" }] });
    await assert.rejects(store.jobs.insert(second), new UnknownDependency("first"));
    assert.deepEqual(await ids(store), []);
    await store.jobs.insert(newJob("first"));
    await store.scheduling.commit(epoch, [change("first", ended(1))]);
    const [inserted, removed] = await Promise.allSettled([
      store.jobs.insert(second),
      store.history.removeJobs(undefined, 100, 10),
    ]);
    assert.deepEqual([inserted.status, removed], ["fulfilled", { status: "fulfilled", value: 0 }]);
    assert.deepEqual(await ids(store), ["first", "second"]);
  },
);

onEachEngine(
  "an array goes at once for everybody, its children bit by bit; also after a kill in between",
  async (t, open) => {
    const { store, database } = await open(t);
    const epoch = await store.scheduling.lead();
    await store.jobs.insert(newJob("array", {}, { arraySize: 5 }));
    await store.scheduling.commit(epoch, [
      ...[0, 1, 2, 3].map((index) => child("array", index, "SUCCEEDED")),
      change("array", ended(1, { status: "FAILED" })),
      { kind: "array-summary", jobId: "array", recorded: { counts: { SUCCEEDED: 4 }, below: 4 } },
    ]);
    assert.equal((await store.jobs.find(SCOPE, ["array:1"])).length, 1);
    assert.equal(await store.history.removeJobs(undefined, 2, 10), 1);
    assert.deepEqual(await store.jobs.find(SCOPE, ["array", "array:1"]), []);
    assert.equal(await store.jobs.origin("array:1"), undefined);
    assert.equal(await store.history.removeChildren(3), 3);
    assert.equal(await store.history.removeChildren(3), 1);
    assert.equal(await store.history.removeChildren(3), 0);
    assert.deepEqual(await database.read(`SELECT * FROM jobs`), []);
    assert.deepEqual(await database.read(`SELECT * FROM removed_arrays`), []);
  },
);

onEachEngine("what attempts used goes with their jobs, an array's with its children", async (t, open) => {
  const { store, database } = await open(t);
  const epoch = await store.scheduling.lead();
  await store.jobs.insert(newJob("single"));
  await store.jobs.insert(newJob("array", {}, { arraySize: 2 }));
  await store.jobs.insert(newJob("other"));
  const requirements = { vcpuMilli: 1_000, memoryMiB: 64, gpus: 0 };
  const used = (jobId: string, id: string, jobSeq: number, parent?: { id: string; index: number }): JobChange => {
    const attempt = { id, driver: "fake", environmentArn: "e", startedAt: 1, stoppedAt: 2 } as const;
    const rest = { queueArn: "queue", environmentArn: "e", share: "", startedAt: 1, stoppedAt: 2, requirements };
    const uses = [{ attemptId: id, jobId, jobSeq, ...(parent && { index: parent.index }), ...rest }];
    return { ...change(jobId, ended(2, { attempts: [attempt] }), parent), uses };
  };
  await store.scheduling.commit(epoch, [
    used("single", "a", 1),
    used("array:0", "b", 2, { id: "array", index: 0 }),
    used("array:1", "c", 2, { id: "array", index: 1 }),
    change("array", ended(2)),
    { kind: "array-summary", jobId: "array", recorded: { counts: { SUCCEEDED: 2 }, below: 2 } },
    { ...used("other", "d", 3), state: { status: "RUNNABLE", attempts: [] } },
  ]);
  const kept = async () => (await database.read(`SELECT attempt_id FROM attempt_uses`)).map((row) => row["attempt_id"]);
  assert.deepEqual(await kept(), ["a", "b", "c", "d"]);
  assert.equal(await store.history.removeJobs(undefined, 100, 10), 2);
  assert.deepEqual(await kept(), ["b", "c", "d"]);
  await store.history.removeChildren(1);
  assert.equal((await kept()).length, 2);
  await store.history.removeChildren(1);
  assert.deepEqual(await kept(), ["d"]);
});

onEachEngine(
  "the logs of all its attempts and units are deleted, and what else there was about it",
  async (t, open) => {
    const { store, database } = await open(t);
    const epoch = await store.scheduling.lead();
    const consumables = [{ arn: "arn/licence", quantity: 1 }];
    await store.jobs.insert(newJob("first"));
    await store.jobs.insert(newJob("job", {}, { consumables, dependsOn: [{ jobId: "first" }] }));
    await store.jobs.requestStops(["job"], { kind: "cancel", reason: "x" }, 1);
    const attempt = (id: string) => ({ id, driver: "fake" as const, environmentArn: "e" });
    const logStreams = [{ group: "group", name: "stream", attemptId: "one", at: 1 }];
    await store.scheduling.commit(epoch, [
      { ...change("job", { status: "RUNNING", attempts: [attempt("one")] }), logStreams },
      change("job", ended(2, { attempts: [attempt("one"), { ...attempt("two"), units: [{ status: "ended" }] }] })),
    ]);
    const samples = [
      { at: 1_800_000_000_000, cpuMs: 0, memoryMiB: 12 },
      { at: 1_800_000_001_000, cpuMs: 998, memoryMiB: 3 },
    ];
    const [unit, other] = [unitAttemptId("two", 0), "of another job"];
    await store.usageSamples.write(new Map([["one", samples.slice(0, 1)]]));
    await store.usageSamples.write(
      new Map([
        ["one", samples],
        [unit, []],
        [other, samples],
      ]),
    );
    assert.deepEqual((await store.usageSamples.read(["one", "nothing"])).get("one"), samples);
    assert.deepEqual((await store.usageSamples.read([unit])).get(unit), []);
    const [group] = await store.logGroups.list(SCOPE, { limit: 10 });
    assert.ok(await store.logStreams.find(group!.id, "stream"));
    assert.equal(await store.history.removeJobs(undefined, 100, 10), 1);
    assert.equal(await store.logStreams.find(group!.id, "stream"), undefined);
    assert.deepEqual([...(await store.usageSamples.read(["one", unit, other])).keys()], [other]);
    const deleted = await store.logRemovals.deleted(10);
    assert.equal(deleted.length, 2, "that of the first attempt, and that of the second one's unit");
    assert.ok(deleted.some(({ logId }) => logId === "one"));
    for (const table of ["job_consumables", "job_dependents", "stop_requests"]) {
      assert.deepEqual(await database.read(`SELECT * FROM ${table}`), [], table);
    }
  },
);

onEachEngine("deregistered definitions go, and their revisions never come again", async (t, open) => {
  const { store } = await open(t);
  const register = async (name: string) =>
    (
      await store.definitions.register({
        ...{ scope: SCOPE, name, unrevisionedArn: `arn/${name}`, createdAt: 1 },
        settings: { type: "container" },
      })
    ).revision;
  assert.equal(await store.definitions.wasRegistered(SCOPE, "a"), false);
  for (const name of ["a", "a", "b", "a"]) await register(name);
  for (const [arn, at] of [
    ["arn/a:3", 10],
    ["arn/a:1", 20],
    ["arn/b:1", 30],
  ] as const) {
    await store.definitions.deregister(arn, at);
  }
  assert.equal(await store.history.removeDefinitions(30, 1), 1);
  assert.equal(await store.definitions.get("arn/a:3"), undefined);
  assert.equal(await store.history.removeDefinitions(31, 10), 2);
  assert.equal(await store.history.removeDefinitions(100, 10), 0);
  const left = await store.definitions.list(SCOPE, { limit: 10 });
  assert.deepEqual(
    left.map(({ arn }) => arn),
    ["arn/a:2"],
  );
  assert.equal(await store.definitions.wasRegistered(SCOPE, "b"), true);
  assert.deepEqual([await register("a"), await register("b")], [4, 2]);
});
