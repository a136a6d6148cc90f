import assert from "node:assert/strict";
import { test } from "node:test";
import { StaleEpoch } from "../../src/ports/store.ts";
import type { Lease } from "../../src/ports/leadership.ts";
import type { Database } from "../../src/store/database.ts";
import { statement } from "../../src/store/database.ts";
import { databaseLease } from "../../src/store/lease.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { change, newJob, onEachEngine, openPostgresDatabase } from "./harness.ts";

function leaseOf(database: Database, serverId: string): Lease {
  return databaseLease({ database, signals: database.signals, serverId, url: () => `http://${serverId}` });
}

/** As if its time had passed. */
async function runOut(database: Database): Promise<void> {
  await database.write([statement(`UPDATE leadership SET expires_at = expires_at - 3000`)]);
}

onEachEngine(
  "one server has the lease; another one takes it when its time is over, and makes the first one's epoch stale",
  async (t, open) => {
    const { database, store } = await open(t);
    const [a, b] = [leaseOf(database, "a"), leaseOf(database, "b")];
    assert.deepEqual(await a.look(), { kind: "free" });
    const first = await a.take();
    assert.equal(await b.take(), undefined);
    const held = await b.look();
    assert.ok(held.kind === "held" && held.expiresInMs > 0 && held.expiresInMs <= b.durationMs);
    assert.deepEqual(held.leader, { id: "a", url: "http://a", epoch: first });
    await store.scheduling.commit(first!, []);
    await runOut(database);
    // As long as nobody else has taken it, it is still its own.
    assert.equal(await a.renew(first!), true);
    assert.equal(await b.take(), undefined);
    await runOut(database);
    const second = await b.take();
    assert.equal(second, first! + 1);
    assert.equal(await a.renew(first!), false);
    await a.release(first!);
    assert.equal((await a.look()).kind, "held");
    await store.jobs.insert(newJob("j"));
    await assert.rejects(store.scheduling.commit(first!, [change("j", { status: "STARTING" })]), StaleEpoch);
    await store.scheduling.commit(second, [change("j", { status: "RUNNABLE" })]);
  },
);

onEachEngine(
  "a lease that is given back is free at once; a server takes again what it has taken without knowing",
  async (t, open) => {
    const { database } = await open(t);
    const [a, b] = [leaseOf(database, "a"), leaseOf(database, "b")];
    const first = await a.take();
    assert.deepEqual(await a.look(), { kind: "free" });
    const again = await a.take();
    assert.equal(again, first! + 1);
    await a.release(again);
    assert.deepEqual(await b.look(), { kind: "free" });
    assert.equal(await b.take(), again + 1);
  },
);

onEachEngine("of several servers that want it at once one gets it", async (t, open) => {
  const { database } = await open(t);
  const taken = await Promise.all(["a", "b", "c", "d"].map((id) => leaseOf(database, id).take()));
  assert.deepEqual(
    taken.filter((epoch) => epoch !== undefined),
    [1],
  );
});

onEachEngine("servers are known while they are there, the one that leads first", async (t, open) => {
  const { database, store } = await open(t);
  const server = (id: string) => ({
    id,
    url: `http://${id}`,
    version: "1.0.0",
    hostName: "here",
    pid: 4711,
    keyFingerprint: "f",
  });
  for (const id of ["a", "b", "c"]) await store.servers.seen(server(id));
  const epoch = await leaseOf(database, "b").take();
  await store.servers.gone("c");
  await store.servers.seen(server("a"));
  const [first, second, ...others] = await store.servers.all();
  assert.deepEqual([first?.id, first?.lead?.epoch, second?.id, second?.lead, others], ["b", epoch, "a", undefined, []]);
  assert.ok(first!.seenAgoMs < 60_000);
  await database.write([statement(`UPDATE servers SET seen_at = seen_at - 100000000 WHERE id = 'b'`)]);
  await store.servers.seen(server("a"));
  assert.deepEqual(
    (await store.servers.all()).map(({ id }) => id),
    ["a"],
  );
});

test("all servers hear that the lease was given back", { skip: postgresUnavailable() ?? false }, async (t) => {
  const database = await openPostgresDatabase(t);
  const { openStore } = await import("../../src/store/store.ts");
  await openStore(database, 0, { defaultDriver: "fake" });
  const [a, b] = [leaseOf(database, "a"), leaseOf(database, "b")];
  let heard = 0;
  b.watch(() => (heard += 1));
  await until("it hears", async () => {
    await a.take();
    return heard > 0;
  });
  const epoch = await a.take();
  heard = 0;
  await a.release(epoch!);
  await until("it was given back", () => heard > 0);
});
