import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogStream } from "../../src/ports/log-streams.ts";
import { SCOPE } from "../sim/workload.ts";
import { change, newJob, onEachEngine, open } from "./harness.ts";

const GROUP = "/aws/batch/job";
const HOUR_MS = 3_600_000;

const names = (streams: readonly LogStream[]): string[] => streams.map(({ name }) => name).toSorted();

onEachEngine(
  "a stream appears with its attempt, in a group that appears with its first stream, and ends with it",
  async (t, open) => {
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    await store.jobs.insert(newJob("a"));
    assert.equal(await store.logGroups.find(SCOPE, GROUP), undefined);
    const logStreams = [{ group: GROUP, name: "p/default/1", attemptId: "1", at: 5_000 }];
    await store.scheduling.commit(epoch, [{ ...change("a", { status: "RUNNING" }), logStreams }]);
    const group = (await store.logGroups.find(SCOPE, GROUP))!;
    assert.deepEqual([group.createdAt, group.settings], [5_000, {}]);
    const running = {
      name: "p/default/1",
      origin: "job",
      logId: "1",
      createdAt: 5_000,
      firstEventAt: 5_000,
      isEmpty: false,
    };
    assert.deepEqual(await store.logStreams.find(group.id, "p/default/1"), running);
    assert.deepEqual(names(await store.logStreams.running(group.id, 10)), ["p/default/1"]);
    const around = (from: number, to: number) => store.logStreams.around(group.id, { from, to }, { limit: 10 });
    assert.deepEqual(names(await around(9_000_000, 9_000_001)), ["p/default/1"]);
    const endedLogs = [{ attemptId: "1", at: 7_000 }];
    await store.scheduling.commit(epoch, [{ ...change("a", { status: "SUCCEEDED" }), endedLogs }]);
    assert.deepEqual(await store.logStreams.find(group.id, "p/default/1"), { ...running, lastEventAt: 7_000 });
    assert.deepEqual(await store.logStreams.running(group.id, 10), []);
    assert.deepEqual(names(await around(7_000, 7_001)), ["p/default/1"]);
    assert.deepEqual(await around(7_001, 9_000), []);
  },
);

onEachEngine("a stream that is deleted while its attempt runs is removed when that is over", async (t, open) => {
  const { store } = await open(t);
  const epoch = await store.scheduling.lead();
  await store.jobs.insert(newJob("a"));
  const logStreams = [1, 2].map((n) => ({ group: GROUP, name: `s${n}`, attemptId: `${n}`, at: 5_000 }));
  await store.scheduling.commit(epoch, [{ ...change("a", { status: "RUNNING" }), logStreams }]);
  const { id } = (await store.logGroups.find(SCOPE, GROUP))!;
  assert.equal(await store.logStreams.remove(id, "s1"), true);
  assert.equal(await store.logStreams.remove(id, "s1"), false);
  assert.equal(await store.logGroups.remove(SCOPE, GROUP, 6_000), "removed");
  assert.deepEqual(await store.logRemovals.deleted(10), []);
  const endedLogs = ["1", "2"].map((attemptId) => ({ attemptId, at: 7_000 }));
  await store.scheduling.commit(epoch, [{ ...change("a", { status: "SUCCEEDED" }), endedLogs }]);
  const removals = await store.logRemovals.deleted(10);
  assert.deepEqual(
    new Map(removals.map(({ logId, origin }) => [logId, origin])),
    new Map([
      ["1", "job"],
      ["2", "job"],
    ]),
  );
  await store.logRemovals.done(["1", "2"]);
  await store.logRemovals.forgetGroups();
  assert.deepEqual(await store.logRemovals.deleted(10), []);
  assert.equal(await store.logGroups.find(SCOPE, GROUP), undefined);
});

onEachEngine("streams around a time are found whatever their lengths", async (t, open) => {
  const { store } = await open(t);
  const epoch = await store.scheduling.lead();
  await store.jobs.insert(newJob("a"));
  const lengths = [0, 1, 999, 1_000, 1_001, 8_000, 64_001, HOUR_MS, 30 * HOUR_MS, 1_000 * HOUR_MS, 9_000 * HOUR_MS];
  const spans = lengths.flatMap((length, n) =>
    [0, 500, 70_000, 2 * HOUR_MS].map((from, m) => ({ id: `${n}.${m}`, from, to: from + length })),
  );
  const logStreams = spans.map(({ id, from }) => ({ group: GROUP, name: id, attemptId: id, at: from }));
  const endedLogs = spans.map(({ id, to }) => ({ attemptId: id, at: to }));
  await store.scheduling.commit(epoch, [{ ...change("a", { status: "RUNNING" }), logStreams }]);
  await store.scheduling.commit(epoch, [{ ...change("a", { status: "SUCCEEDED" }), endedLogs }]);
  const { id: group } = (await store.logGroups.find(SCOPE, GROUP))!;
  for (const time of [
    0,
    1,
    499,
    500,
    1_499,
    1_500,
    70_999,
    71_001,
    HOUR_MS,
    3 * HOUR_MS,
    500 * HOUR_MS,
    9_001 * HOUR_MS,
  ]) {
    const found = await store.logStreams.around(group, { from: time, to: time }, { limit: 1_000 });
    const wanted = spans.filter(({ from, to }) => from <= time && time <= to).map(({ id }) => id);
    assert.deepEqual(names(found), wanted.toSorted(), `${time}`);
    assert.deepEqual(
      names(await store.logStreams.around(group, { from: time, to: time }, { limit: 1_000, prefix: "3." })),
      wanted.filter((id) => id.startsWith("3.")).toSorted(),
    );
  }
});

test("no question about streams looks at all of them", async (t) => {
  const { store, database } = await open(t);
  const asked: { sql: string; values: readonly (string | number | null)[] }[] = [];
  const read = database.read.bind(database);
  database.read = (sql, values) => {
    asked.push({ sql, values: values ?? [] });
    return read(sql, values);
  };
  const place = { time: 5, name: "n" };
  const filter = { limit: 10, prefix: "p" };
  await store.logStreams.find(1, "n");
  await store.logStreams.list(1, { limit: 10, prefix: "p", after: "pa" });
  await store.logStreams.running(1, 10);
  await store.logStreams.byLastEvent(1, { descending: true, after: place, limit: 10 });
  await store.logStreams.around(1, { from: 1, to: 2 }, filter);
  await store.logStreams.beginningAfter(1, place, { limit: 10 });
  await store.logStreams.endingBefore(1, place, { limit: 10 });
  await store.logRemovals.deleted(10);
  await store.logRemovals.expired(1, 5, 10);
  await store.putEvents.read("x", { position: 5n, direction: "forward", limit: 10 });
  await store.putEvents.read("x", { position: "tail", direction: "backward", limit: 10 });
  await store.logGroups.list(SCOPE, { limit: 10, after: "a" });
  for (const { sql, values } of asked) {
    const plan = (await read(`EXPLAIN QUERY PLAN ${sql}`, values)).map(({ detail }) => String(detail));
    const scans = plan.filter((step) => /^SCAN (log_|s\b|g\b)/.test(step) && !step.includes("log_groups"));
    assert.deepEqual(scans, [], sql);
  }
});
