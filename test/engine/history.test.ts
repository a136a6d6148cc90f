import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { KeepingTimes } from "../../src/engine/history.ts";
import { HistoryKeeper } from "../../src/engine/history.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { change, newJob, open } from "../store/harness.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";

const DAY_MS = 86_400_000;

class Bench {
  readonly clock = new VirtualClock();
  readonly store: OpenStore;
  readonly startedAt = this.clock.now();
  removals = 0;
  readonly #epoch: number;

  constructor(store: OpenStore, epoch: number) {
    this.store = store;
    this.#epoch = epoch;
  }

  keeper(t: TestContext, times: KeepingTimes): HistoryKeeper {
    const keeper = new HistoryKeeper({
      ...{ history: this.store.history, clock: this.clock, times },
      removed: () => (this.removals += 1),
      onError: (what, error) => assert.fail(`${what}: ${String(error)}`),
    });
    t.after(() => keeper.close());
    return keeper;
  }

  /** A job that ended so many days after the start. */
  async ended(id: string, days: number, tags: Record<string, string> = {}): Promise<void> {
    await this.store.jobs.insert(newJob(id, { spec: { ...newJob(id).spec, tags } }));
    const stoppedAt = this.startedAt + days * DAY_MS;
    await this.store.scheduling.commit(this.#epoch, [change(id, { status: "SUCCEEDED", stoppedAt })]);
  }

  async ids(): Promise<string> {
    return (await this.store.jobs.list("queue", { limit: 100 }))
      .map(({ job }) => job.id)
      .toSorted()
      .join(" ");
  }

  /** Lets time pass, an hour at a time as the keeper sleeps, until it sleeps again. */
  async pass(days: number): Promise<void> {
    const end = this.clock.now() + days * DAY_MS;
    for (;;) {
      let next = this.clock.nextTimerAt();
      for (; next === undefined; next = this.clock.nextTimerAt()) {
        await new Promise<void>((resolve) => void setImmediate(resolve));
      }
      if (next > end) break;
      this.clock.advance(next - this.clock.now());
    }
    this.clock.advance(end - this.clock.now());
  }
}

async function bench(t: TestContext): Promise<Bench> {
  const { store } = await open(t);
  return new Bench(store, await store.scheduling.lead());
}

test("jobs go when their days are over, not before; the tag says otherwise for each", async (t) => {
  const b = await bench(t);
  await b.ended("one", 0);
  await b.ended("two", 1);
  await b.ended("short", 0, { "longshore:history-days": "1" });
  await b.ended("long", 0, { "longshore:history-days": "30" });
  await b.ended("odd", 0, { "longshore:history-days": "soon" });
  b.keeper(t, { jobDays: 7, tagsCount: true });
  await b.pass(0.9);
  assert.equal(await b.ids(), "long odd one short two");
  await b.pass(0.2);
  assert.equal(await b.ids(), "long odd one two");
  assert.equal(b.removals, 1);
  await b.pass(5.8);
  assert.equal(await b.ids(), "long odd one two");
  await b.pass(0.2);
  assert.equal(await b.ids(), "long two");
  await b.pass(1);
  assert.equal(await b.ids(), "long");
  await b.pass(22);
  assert.equal(await b.ids(), "");
});

test("a job goes within a minute of its time", async (t) => {
  const b = await bench(t);
  await b.ended("one", 0);
  b.keeper(t, { jobDays: 7, tagsCount: true });
  await b.pass(7 - 1 / 1440);
  assert.equal(await b.ids(), "one");
  await b.pass(2 / 1440);
  assert.equal(await b.ids(), "");
});

test("by default everything is kept for ever, but for who says otherwise", async (t) => {
  const b = await bench(t);
  await b.ended("plain", 0);
  await b.ended("tagged", 0, { "longshore:history-days": "2" });
  b.keeper(t, { tagsCount: true });
  await b.pass(60);
  assert.equal(await b.ids(), "plain");
});

test("where tags do not count, all go alike", async (t) => {
  const b = await bench(t);
  await b.ended("plain", 0);
  await b.ended("tagged", 0, { "longshore:history-days": "300" });
  b.keeper(t, { jobDays: 7, tagsCount: false });
  await b.pass(7.1);
  assert.equal(await b.ids(), "");
});

test("what became due while no server ran goes at the start; a thousand jobs take several bites", async (t) => {
  const b = await bench(t);
  await Promise.all(Array.from({ length: 1_000 }, (_, n) => b.ended(`job-${n}`, 0)));
  b.clock.advance(8 * DAY_MS);
  b.keeper(t, { jobDays: 7, tagsCount: true });
  await b.pass(0);
  assert.equal(await b.ids(), "");
});

test("definitions go so many days after their deregistration", async (t) => {
  const b = await bench(t);
  const definition = { scope: "s", name: "a", unrevisionedArn: "arn/a", createdAt: 1, settings: { type: "container" } };
  for (let revision = 1; revision <= 3; revision += 1) await b.store.definitions.register(definition);
  await b.store.definitions.deregister("arn/a:2", b.startedAt);
  b.keeper(t, { jobDays: 7, tagsCount: false, definitionDays: 180 });
  const revisions = async () => (await b.store.definitions.list("s", { limit: 9 })).map(({ revision }) => revision);
  await b.pass(179.9);
  assert.deepEqual(await revisions(), [3, 2, 1]);
  await b.pass(0.2);
  assert.deepEqual(await revisions(), [3, 1]);
});

test("of each queue the newest jobs are kept, whatever ends first; needed and tagged ones, and what has just ended, stay beside them", async (t) => {
  const b = await bench(t);
  for (let n = 0; n < 5; n += 1) await b.ended(`old-${n}`, 0);
  await b.ended("tagged", 0, { "longshore:history-days": "90" });
  await b.store.jobs.insert(newJob("elsewhere", { queueArn: "quiet" }));
  await b.store.jobs.insert(newJob("open", {}, { dependsOn: [{ jobId: "old-1" }] }));
  for (let n = 0; n < 3; n += 1) await b.ended(`new-${n}`, 0);
  b.clock.advance(DAY_MS);
  await b.ended("last", 1);
  b.keeper(t, { jobsOfQueue: 3, tagsCount: true });
  await b.pass(0);
  assert.equal(await b.ids(), "last new-1 new-2 old-1 open tagged");
  assert.equal(b.removals, 1);
  for (let n = 0; n < 3; n += 1) await b.ended(`more-${n}`, 1);
  await b.pass(0.5 / 24);
  assert.equal(await b.ids(), "last more-0 more-1 more-2 old-1 open tagged", "what has just ended stays for an hour");
  await b.pass(2 / 24);
  assert.equal(await b.ids(), "more-0 more-1 more-2 old-1 open tagged");
  assert.equal((await b.store.jobs.list("quiet", { limit: 9 })).length, 1);
});

test("where tags do not count, the number alone does", async (t) => {
  const b = await bench(t);
  await b.ended("one", 0, { "longshore:history-days": "90" });
  await b.ended("two", 0);
  b.clock.advance(DAY_MS);
  b.keeper(t, { jobsOfQueue: 1, tagsCount: false });
  await b.pass(0);
  assert.equal(await b.ids(), "two");
});

test("a closed keeper does nothing more", async (t) => {
  const b = await bench(t);
  await b.ended("one", 0);
  const keeper = b.keeper(t, { jobDays: 1, tagsCount: true });
  await b.pass(0);
  await keeper.close();
  assert.equal(b.clock.nextTimerAt(), undefined);
  b.clock.advance(9 * DAY_MS);
  assert.equal(await b.ids(), "one");
});
