import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { GroupWriter } from "../../../src/store/postgres/writer.ts";
import { emptyDatabase } from "../../support/empty-database.ts";
import { postgresUnavailable } from "../../support/postgres.ts";

const skip = postgresUnavailable() ?? false;

interface Name {
  id: string;
  startedAt: string;
}

/**
 * A write whose connection breaks when its commit has been done. `told`: under which name its transaction is asked for, as though PostgreSQL had been
 * killed in between and knew less, or something else.
 */
async function brokenWrite(told: (name: Name) => Name): Promise<unknown> {
  const url = await emptyDatabase();
  const clients: pg.Client[] = [];
  const connect = async (): Promise<pg.Client> => {
    const config: pg.ClientConfig & { pipeline: boolean } = { connectionString: url, pipeline: true };
    const client = new pg.Client(config);
    client.on("error", () => {});
    await client.connect();
    clients.push(client);
    if (clients.length > 1) return client;
    await client.query("CREATE TABLE t (a int)");
    const query = client.query.bind(client);
    const ask = (of: readonly unknown[]): Promise<pg.QueryResult<Name>> => Reflect.apply(query, client, of);
    const broken = async (...of: readonly unknown[]) => {
      const result = await ask(of);
      if (of[0] === "COMMIT") throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      if (String(of[0]).includes("pg_current_xact_id_if_assigned")) result.rows = result.rows.map(told);
      return result;
    };
    return Object.assign(client, { query: broken });
  };
  const writer = new GroupWriter({ connect, pause: () => Promise.resolve() });
  try {
    return await new Promise((resolve) => {
      const statements = [{ sql: "INSERT INTO t VALUES (1)", values: [] }];
      const settled = { resolve: () => resolve("kept"), reject: (error: Error) => resolve(error.message) };
      writer.write({ statements, unless: undefined, ...settled });
    });
  } finally {
    await writer.close();
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

test("a commit whose answer was lost was done, if PostgreSQL says so", { skip }, async () => {
  assert.equal(await brokenWrite((name) => name), "kept");
});

test("one that PostgreSQL has lost with its own life was not done", { skip }, async () => {
  const future = await brokenWrite(({ startedAt }) => ({ id: "4000000000", startedAt }));
  assert.match(String(future), /Nothing of this request was kept: try again/);
});

test("of one whose id may be another one's since PostgreSQL was started anew nothing is said", { skip }, async () => {
  const another = await brokenWrite(({ id }) => ({ id, startedAt: "2001-01-01 00:00:00+00" }));
  assert.match(String(another), /whether that was done is not known/);
});
