import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { JobChange } from "../../src/core/changes.ts";
import type { ConsumableNeed } from "../../src/core/job.ts";
import type { ClientToken, ConsumableSettings, NewJob } from "../../src/ports/store.ts";
import { StaleEpoch, TokenTaken } from "../../src/ports/store.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { SCOPE } from "../sim/workload.ts";

async function open(t: TestContext): Promise<OpenStore> {
  const database = new SqliteDatabase(":memory:");
  t.after(() => database.close());
  return openStore(database, 0, { defaultDriver: "fake" });
}

async function create(store: OpenStore, name: string, totalQuantity: number, more: Partial<ConsumableSettings> = {}) {
  const settings: ConsumableSettings = { totalQuantity, resourceType: "NON_REPLENISHABLE", tags: {}, ...more };
  const record = { arn: name, scope: SCOPE, name, createdAt: 1, status: "VALID" as const, statusReason: "", settings };
  assert.ok(await store.consumableResources.insert(record));
}

async function left(store: OpenStore, name: string): Promise<number> {
  const { settings, usedUp } = (await store.consumableResources.get(name))!;
  const facts = await store.scheduling.resources();
  const [known] = facts.flatMap((fact) => (fact.kind === "consumables" ? fact.consumables : []));
  assert.equal(known!.total, settings.totalQuantity - usedUp, "the scheduler knows as much");
  return known!.total;
}

function newJob(id: string, consumables: readonly ConsumableNeed[]): NewJob {
  return {
    ...{ id, scope: SCOPE, queueArn: "queue", name: id, definitionArn: "definition:1", createdAt: 1 },
    scheduling: {
      requirements: { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 },
      retry: { attempts: 1, evaluateOnExit: [] },
      dependsOn: [],
      needsImage: false,
      consumables,
    },
    spec: {
      parameters: {},
      dependsOn: [],
      retryStrategy: {},
      tags: {},
      propagateTags: false,
      platformCapabilities: [],
    },
  };
}

const ends = (jobId: string, quantity: number, arn = "budget"): JobChange => ({
  ...{ kind: "job-changed", jobId, state: { status: "SUCCEEDED", attempts: [] } },
  usedUp: [{ arn, quantity }],
});

test("what is used up is written with the end that used it, or not at all", async (t) => {
  const store = await open(t);
  await create(store, "budget", 10);
  const epoch = await store.scheduling.lead();
  await store.scheduling.commit(epoch, [ends("a", 3), ends("b", 2)]);
  assert.equal(await left(store, "budget"), 5);
  await assert.rejects(store.scheduling.commit(epoch - 1, [ends("c", 1)]), StaleEpoch);
  assert.equal(await left(store, "budget"), 5);
});

test("the total that is set is what is left", async (t) => {
  const store = await open(t);
  await create(store, "budget", 10);
  const epoch = await store.scheduling.lead();
  const change = (operation: "SET" | "ADD" | "REMOVE", quantity: number) =>
    store.consumableResources.changeTotal("budget", { operation, quantity }, undefined);
  await store.scheduling.commit(epoch, [ends("a", 4)]);
  assert.ok(await change("ADD", 1));
  assert.equal(await left(store, "budget"), 7);
  assert.ok(await change("SET", 3));
  assert.equal(await left(store, "budget"), 3);
  assert.equal(await change("REMOVE", 4), false);
  assert.ok(await change("REMOVE", 1));
  assert.equal(await left(store, "budget"), 2);
  // More is used up than is left, because the total was lowered meanwhile.
  await store.scheduling.commit(epoch, [ends("b", 5)]);
  assert.equal(await left(store, "budget"), 0);
  assert.ok(await change("ADD", 2));
  assert.equal(await left(store, "budget"), 2);
  assert.equal(
    await store.consumableResources.changeTotal("none", { operation: "SET", quantity: 1 }, undefined),
    false,
  );
});

test("a resource that is gone, or that comes back, is not used up; one that is made again begins anew", async (t) => {
  const store = await open(t);
  const epoch = await store.scheduling.lead();
  await create(store, "budget", 5);
  await store.scheduling.commit(epoch, [ends("a", 1)]);
  await store.consumableResources.remove("budget");
  await store.scheduling.commit(epoch, [ends("b", 1)]);
  assert.equal(await store.consumableResources.get("budget"), undefined);
  await create(store, "budget", 5, { resourceType: "REPLENISHABLE" });
  await store.scheduling.commit(epoch, [ends("c", 1)]);
  assert.equal(await left(store, "budget"), 5);
});

test("a client's token is good for one request, until it expires", async (t) => {
  const store = await open(t);
  await create(store, "budget", 0);
  const token = (name: string, now: number): ClientToken => ({
    ...{ scope: SCOPE, operation: "Update", token: name, fingerprint: "f", answer: "a" },
    ...{ now, expiresAt: now + 100 },
  });
  const add = (quantity: number, used: ClientToken) =>
    store.consumableResources.changeTotal("budget", { operation: "ADD", quantity }, used);
  assert.ok(await add(1, token("one", 1_000)));
  await assert.rejects(add(1, token("one", 1_099)), TokenTaken);
  assert.equal(await left(store, "budget"), 1);
  assert.deepEqual(await store.clientTokens.find(token("one", 1_099)), { fingerprint: "f", answer: "a" });
  assert.equal(await store.clientTokens.find({ ...token("one", 1_099), operation: "Submit" }), undefined);
  assert.equal(await store.clientTokens.find(token("one", 1_100)), undefined);
  assert.ok(await add(1, token("one", 1_100)));
  // What was refused has not used its token.
  assert.equal(await add(Number.MAX_SAFE_INTEGER, token("two", 1_100)), false);
  assert.equal(await store.clientTokens.find(token("two", 1_100)), undefined);
  assert.equal(await left(store, "budget"), 2);
});

test("jobs by the resource that they need: newest first, by status and name, a bounded number at a time", async (t) => {
  const store = await open(t);
  const need = (arn: string) => [{ arn, quantity: 1 }];
  await Promise.all(Array.from({ length: 5_010 }, (_, n) => store.jobs.insert(newJob(`job-${n}`, need("a")))));
  await store.jobs.insert(newJob("both", [...need("a"), ...need("b")]));
  const list = async (arn: string, query: object = {}) => {
    const { jobs, lookedTo } = await store.jobs.listByConsumable(arn, { limit: 3, ...query });
    return { ids: jobs.map(({ id }) => id), seqs: jobs.map(({ seq }) => seq), lookedTo };
  };
  const first = await list("a");
  assert.deepEqual([first.ids, first.lookedTo], [["both", "job-5009", "job-5008"], undefined]);
  assert.deepEqual((await list("a", { before: first.seqs[2] })).ids, ["job-5007", "job-5006", "job-5005"]);
  assert.deepEqual((await list("b")).ids, ["both"]);
  assert.deepEqual((await list("a", { status: "RUNNABLE", name: "JOB-500*" })).ids, [
    "job-5009",
    "job-5008",
    "job-5007",
  ]);
  const early = await list("a", { name: "job-3" });
  assert.deepEqual([early.ids, early.lookedTo !== undefined], [[], true]);
  const rest = await list("a", { name: "job-3", before: early.lookedTo });
  assert.deepEqual([rest.ids, rest.lookedTo], [["job-3"], undefined]);
});
