import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import pg from "pg";
import type { QueueSettings } from "../../../src/ports/store.ts";
import { StoreUnavailable } from "../../../src/ports/store.ts";
import { statement } from "../../../src/store/database.ts";
import { connectionConfig } from "../../../src/store/postgres/connection.ts";
import { PostgresDatabase } from "../../../src/store/postgres/database.ts";
import { openStore } from "../../../src/store/store.ts";
import { makeCertificates } from "../../support/certificates.ts";
import { systemClock } from "../../support/clock.ts";
import { emptyDatabase } from "../../support/empty-database.ts";
import { execute, ownPostgres, postgresUnavailable } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";
import { newJob, openPostgresDatabase } from "../harness.ts";

const skip = postgresUnavailable() ?? false;
const insert = (n: number, text = "") => statement(`INSERT INTO numbers (n, text) VALUES (?, ?)`, n, text);

async function openNumbers(t: TestContext, url?: string): Promise<PostgresDatabase> {
  const database = await openPostgresDatabase(t, url);
  await database.write([
    statement(`CREATE SCHEMA IF NOT EXISTS longshore`),
    statement(`CREATE TABLE IF NOT EXISTS numbers (n BIGINT PRIMARY KEY, text TEXT NOT NULL)`),
  ]);
  return database;
}

async function numbers(database: PostgresDatabase): Promise<number[]> {
  return (await database.read(`SELECT n FROM numbers ORDER BY n`)).map(({ n }) => Number(n));
}

test("writes that come together share one commit", { skip }, async (t) => {
  const database = await openNumbers(t);
  await Promise.all(Array.from({ length: 300 }, (_, n) => database.write([insert(n)])));
  const [row] = await database.read(`SELECT count(DISTINCT xmin::text) AS commits, count(*) AS rows FROM numbers`);
  assert.deepEqual(row, { commits: 1, rows: 300 });
});

test("a write that fails, or is refused, takes back its own statements and no other's", { skip }, async (t) => {
  const database = await openNumbers(t);
  const results = await Promise.allSettled([
    database.write([insert(1), insert(2)]),
    database.write([insert(3), insert(1)]),
    database.write([insert(4)], ([written]) => (written!.changes === 1 ? new Error("refused") : undefined)),
    database.write([insert(5)]),
  ]);
  assert.deepEqual(
    results.map((result) => (result.status === "rejected" ? (result.reason as Error).message : "written")),
    ["written", `duplicate key value violates unique constraint "numbers_pkey"`, "refused", "written"],
  );
  assert.deepEqual(await numbers(database), [1, 2, 5]);
  await assert.rejects(
    database.write([insert(6)], () => new Error("alone")),
    /alone/,
  );
  assert.deepEqual(await numbers(database), [1, 2, 5]);
});

test(
  "jobs of several servers are numbered in the order of their commits: who reads on misses none",
  { skip },
  async (t) => {
    const url = await emptyDatabase();
    const [one, other] = [await openPostgresDatabase(t, url), await openPostgresDatabase(t, url)];
    // Both at once: each step of the schema is done by one of them.
    const stores = await Promise.all([one, other].map((database) => openStore(database, 0, { defaultDriver: "fake" })));
    let isOver = false;
    const seen: string[] = [];
    const reading = (async () => {
      let after = 0;
      for (let last = false; ; last = isOver) {
        const { jobs, lastSeq } = await stores[0]!.scheduling.news(after, 50);
        seen.push(...jobs.map(({ id }) => id));
        if (last && jobs.length === 0) return;
        after = lastSeq;
      }
    })();
    const submit = async (store: (typeof stores)[number], name: string): Promise<void> => {
      for (let n = 0; n < 60; n += 1) {
        await Promise.all([0, 1, 2].map((part) => store.jobs.insert(newJob(`${name}-${n}-${part}`))));
      }
    };
    await Promise.all([submit(stores[0]!, "one"), submit(stores[1]!, "other")]);
    isOver = true;
    await reading;
    assert.equal(seen.length, 360);
    assert.equal(new Set(seen).size, 360);
  },
);

test("what one server writes, the others read, also what they had in their caches", { skip }, async (t) => {
  const url = await emptyDatabase();
  const [one, other] = await Promise.all(
    [1, 2].map(async () => openStore(await openPostgresDatabase(t, url), 0, { defaultDriver: "fake" })),
  );
  const arn = "arn:queue";
  const settings: QueueSettings = { state: "ENABLED", priority: 1, computeEnvironmentOrder: [] };
  const fixed = { arn, scope: "s", name: "queue", createdAt: 0, status: "VALID", statusReason: "" } as const;
  await one!.queues.insert({ ...fixed, settings });
  assert.equal((await other!.queues.get(arn))?.settings.priority, 1);
  const change = { status: "VALID" as const, statusReason: "", settings: { ...settings, priority: 7 } };
  assert.equal(await one!.queues.update({ arn, version: 1 }, change), true);
  await until("the other one knows", async () => (await other!.queues.get(arn))?.settings.priority === 7);
  // While it cannot hear, it does not trust what it knows.
  await execute(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1'`,
  );
  await one!.queues.update({ arn, version: 2 }, { ...change, settings: { ...settings, priority: 8 } });
  await until("it knows that too", async () => (await other!.queues.get(arn))?.settings.priority === 8);
});

test(
  "a connection that is lost, or a PostgreSQL that is restarted, costs what was under way and nothing else",
  { skip },
  async (t) => {
    const postgres = await ownPostgres(t, { isDurable: true });
    const database = await openNumbers(t, await postgres.createDatabase());
    await database.write([insert(1)]);
    await postgres.kill();
    await assert.rejects(database.write([insert(2)]), StoreUnavailable);
    await assert.rejects(database.read(`SELECT 1`), StoreUnavailable);
    await postgres.start();
    assert.deepEqual(await numbers(database), [1]);
    await database.write([insert(3)]);
    await postgres.stop("immediate");
    await postgres.start();
    await database.write([insert(4)]);
    assert.deepEqual(await numbers(database), [1, 3, 4]);
  },
);

for (const arrives of [true, false]) {
  const what = arrives ? "was done all the same is told as done" : "was not done is told as such";
  test(`a commit during which the connection breaks, and that ${what}`, { skip }, async (t) => {
    const url = new URL(await emptyDatabase());
    const proxy = await commitCutter(t, Number(url.port), arrives);
    url.port = String(proxy.port);
    const database = await openNumbers(t, url.href);
    proxy.cutNext();
    const written = database.write([insert(1)]);
    if (arrives) await written;
    else await assert.rejects(written, { name: "StoreUnavailable", message: /Nothing of this request was kept/ });
    assert.equal(proxy.cuts, 1);
    assert.deepEqual(await numbers(database), arrives ? [1] : []);
    await database.write([insert(2)]);
  });
}

/** In front of PostgreSQL: cuts a connection when a COMMIT comes, before or after it is passed on. */
async function commitCutter(t: TestContext, target: number, passesOn: boolean) {
  const state = { isArmed: false, cuts: 0 };
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const socket of [near, far]) {
      socket.on("error", () => {});
      socket.on("close", () => [near, far].forEach((one) => one.destroy()));
    }
    far.pipe(near);
    near.on("data", (data) => {
      if (!state.isArmed || !data.includes("COMMIT\0")) return void far.write(data);
      state.isArmed = false;
      state.cuts += 1;
      far.unpipe(near);
      if (!passesOn) return void near.resetAndDestroy();
      far.once("data", () => near.resetAndDestroy());
      far.resume();
      far.write(data);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return {
    port: (server.address() as AddressInfo).port,
    cutNext: () => void (state.isArmed = true),
    get cuts() {
      return state.cuts;
    },
  };
}

test(
  "a statement that takes too long is given up, and what stands in its way does not block for ever",
  { skip },
  async (t) => {
    const url = await emptyDatabase();
    const options = { url, clock: systemClock, onError: () => {}, statementTimeoutMs: 300 };
    const database = new PostgresDatabase(options);
    t.after(() => database.close());
    await assert.rejects(database.read(`SELECT pg_sleep(20)`), {
      name: "StoreUnavailable",
      message: /statement timeout/,
    });
    await assert.rejects(database.write([statement(`SELECT pg_sleep(20)`)]), StoreUnavailable);
    await openNumbers(t, url);
    // Another server, frozen in the middle of a write, has the lock.
    const frozen = execute(
      url,
      `BEGIN; SELECT pg_advisory_xact_lock(hashtext('longshore writes')); SELECT pg_sleep(2); COMMIT`,
    );
    await until("it has the lock", async () => {
      const locks = await database.read(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted`);
      return locks.length > 0;
    });
    await assert.rejects(database.write([insert(1)]), StoreUnavailable);
    await frozen;
    await database.write([insert(1)]);
  },
);

test("a server that is frozen in the middle of a write loses it, and the others go on", { skip }, async (t) => {
  const url = await emptyDatabase();
  const database = await openNumbers(t, url);
  // A connection as servers have them; nothing more comes on it.
  const frozen = new pg.Client(connectionConfig({ url, clock: systemClock, onError: () => {} }));
  const ended = new Promise((resolve) => frozen.once("end", resolve));
  frozen.on("error", () => {});
  await frozen.connect();
  await frozen.query("BEGIN");
  await frozen.query(`SELECT pg_advisory_xact_lock(hashtext('longshore writes'))`);
  await frozen.query(`INSERT INTO numbers (n, text) VALUES (1, '')`);
  await database.write([insert(2)]);
  await ended;
  assert.deepEqual(await numbers(database), [2]);
});

test("the connection is encrypted and the certificate checked where the URL says so", { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-tls-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const { server, client } = makeCertificates(directory);
  const postgres = await ownPostgres(t, { tls: { cert: readFileSync(server.cert), key: readFileSync(server.key) } });
  const url = await postgres.createDatabase();
  const connected = async (parameters: string): Promise<unknown> => {
    const database = await openPostgresDatabase(t, `${url}?${parameters}`);
    const [row] = await database.read(`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`);
    return row!["ssl"];
  };
  assert.equal(await connected("sslmode=disable"), false);
  assert.equal(await connected(`sslmode=verify-full&sslrootcert=${client.ca}`), true);
  await assert.rejects(connected("sslmode=verify-full"), StoreUnavailable);
});
