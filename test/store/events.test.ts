import assert from "node:assert/strict";
import type { NewEvent } from "../../src/core/events/event.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { SCOPE } from "../sim/workload.ts";
import { newJob, onEachEngine } from "./harness.ts";

const QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/q";
const OTHERS = "arn:aws:batch:us-east-1:999999999999:job-queue/q";
const END = Number.MAX_SAFE_INTEGER;

function change(jobId: string, resource = QUEUE): NewEvent {
  return { kind: "job", resource, jobId, facts: { status: "STARTING" } };
}

async function tell(store: OpenStore, at: number, ...events: NewEvent[]): Promise<void> {
  await store.scheduling.commit(1, [], { at, events });
}

onEachEngine("events are in the order of commits, and read page by page from either end", async (t, open) => {
  const { store } = await open(t);
  await store.scheduling.lead();
  let told = 0;
  const unwatch = store.events.watch(() => (told += 1));
  await store.jobs.insert(newJob("a", { queueArn: QUEUE, createdAt: 5 }));
  await tell(store, 6, change("a"), change("a:0"), change("x", OTHERS));
  assert.ok(told >= 2);
  unwatch();
  const { last, removedTo } = await store.events.bounds();
  assert.equal(removedTo, 0);
  const first = await store.events.after(0, last, 2, { scope: SCOPE });
  assert.deepEqual(
    first.events.map(({ at, jobId }) => [at, jobId]),
    [
      [5, "a"],
      [6, "a"],
    ],
  );
  const rest = await store.events.after(first.lookedTo, last, 2, { scope: SCOPE });
  assert.deepEqual([rest.events.map(({ jobId }) => jobId), rest.lookedTo], [["a:0"], last]);
  assert.deepEqual(
    (await store.events.before(END, 10, {})).events.map(({ jobId }) => jobId),
    ["x", "a:0", "a", "a"],
  );
  assert.equal((await store.events.ofJob(SCOPE, "a", END, 10)).events.length, 2);
  assert.equal((await store.events.ofJob(SCOPE, "x", END, 10)).events.length, 0);
  assert.deepEqual(await store.events.submissionOf("a:0"), { name: "a", at: 5 });
  await assert.rejects(store.scheduling.commit(0, [], { at: 7, events: [change("a")] }), { name: "StaleEpoch" });
  assert.equal((await store.events.bounds()).last, last);
});

onEachEngine("a blocked head is told once for each reason, whoever leads", async (t, open) => {
  const { store } = await open(t);
  await store.scheduling.lead();
  const blocked = (reason: string): NewEvent => ({
    ...{ kind: "blocked", resource: QUEUE, jobId: "a", facts: { status: "RUNNABLE", reason } },
  });
  await tell(store, 1, blocked("CAPACITY:x"));
  await tell(store, 2, blocked("CAPACITY:x"), blocked("MISCONFIGURATION:y"));
  const { events } = await store.events.ofResource(SCOPE, QUEUE, END, 10);
  assert.deepEqual(
    events.map(({ at, facts }) => [at, "reason" in facts && facts.reason]),
    [
      [2, "MISCONFIGURATION:y"],
      [1, "CAPACITY:x"],
    ],
  );
});

onEachEngine("the oldest events go by age and by number, bit by bit, and what is gone is known", async (t, open) => {
  const { store } = await open(t);
  await store.scheduling.lead();
  for (let at = 1; at <= 10; at += 1) await tell(store, at, change(`job-${at}`));
  const ats = async (): Promise<number[]> => (await store.events.before(END, 100, {})).events.map(({ at }) => at);
  assert.equal(await store.events.remove({ time: 5, kept: 100, limit: 3 }), 3);
  assert.equal(await store.events.remove({ time: 5, kept: 100, limit: 3 }), 1);
  assert.equal(await store.events.remove({ time: 5, kept: 100, limit: 3 }), 0);
  assert.deepEqual(await ats(), [10, 9, 8, 7, 6, 5]);
  assert.equal(await store.events.remove({ time: 0, kept: 2, limit: 100 }), 4);
  assert.deepEqual(await ats(), [10, 9]);
  const { last, removedTo } = await store.events.bounds();
  assert.equal(last - removedTo, 2);
  assert.equal(await store.events.remove({ time: END, kept: 2, limit: 100 }), 2);
  assert.deepEqual(await store.events.bounds(), { last, removedTo: last });
});

onEachEngine("targets keep their place and what they could not be given", async (t, open) => {
  const { store } = await open(t);
  const { eventTargets: table } = store;
  assert.equal(await table.cursor("a"), undefined);
  const event = { version: "0" } as never;
  const dead = (seq: number) => ({ target: "a", seq, event, error: "down", attempts: 3, at: 7 });
  await table.settle("a", 5, [dead(4), dead(5)]);
  await table.settle("a", 3, []);
  assert.equal(await table.cursor("a"), 5);
  const [newest, oldest] = await table.deadLetters({ target: "a", limit: 10 });
  assert.deepEqual([newest!.seq, oldest!.seq, newest!.event], [5, 4, event]);
  await table.failedAgain(oldest!.id, "still down");
  assert.partialDeepStrictEqual(await table.deadLetters({ ids: [oldest!.id], limit: 10 }), [
    { error: "still down", attempts: 4 },
  ]);
  assert.deepEqual(await table.deadLetters({ target: "b", limit: 10 }), []);
  assert.deepEqual([...(await table.countDeadLetters())], [["a", 2]]);
  assert.equal(await table.removeDeadLetters([newest!.id, 999]), 1);
});
