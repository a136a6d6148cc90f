import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { everyOperation } from "../every-operation/session.ts";
import { send } from "../every-operation/world.ts";
import { open } from "../store/harness.ts";
import { apiServer } from "./server.ts";

/** What is scanned all the same, and why. */
const SCANNED: readonly [plan: RegExp, why: string][] = [
  [/^SCAN \S+ VIRTUAL TABLE/, "the values of the request"],
  [/^SCAN (CONSTANT ROW|keys|kinds)/, "steps of a recursive query, each of which searches"],
  [/^SCAN (access_keys|hosts|instances|stop_requests|removed_arrays|a)$/, "there is little, and most of it is wanted"],
  [/^SCAN (u|\(subquery-\d+\))$/, "the sums of one page of what attempts used"],
  [/^SCAN log_groups$/, "once an hour, for those that were deleted"],
];

test("no operation has a table scanned", async (t) => {
  const statements = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  t.after(() => (DatabaseSync.prototype.prepare = prepare));
  DatabaseSync.prototype.prepare = function (sql, ...rest) {
    statements.add(sql);
    return prepare.call(this, sql, ...rest);
  };
  const { database } = await open(t);
  const ofMigrations = new Set(statements);
  const { batch, url } = await apiServer(t);
  await everyOperation((operation, input) => send(batch, operation, input));
  for (const path of ["cost?by=queue", "cost?by=job", "cost?by=tag:a", "advice"])
    await fetch(`${url}/longshore/${path}`);
  DatabaseSync.prototype.prepare = prepare;
  const queries = [...statements].filter((sql) => !ofMigrations.has(sql));
  for (const sql of queries) {
    const plan = await database.read(`EXPLAIN QUERY PLAN ${sql}`);
    const scans = plan.map(({ detail }) => String(detail)).filter((detail) => detail.startsWith("SCAN"));
    const unexpected = scans.filter((scan) => !SCANNED.some(([expected]) => expected.test(scan)));
    assert.deepEqual(unexpected, [], sql);
  }
  assert.ok(queries.length >= 50, `${queries.length}`);
});
