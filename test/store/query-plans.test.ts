import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "../../src/store/database.ts";
import { openStore } from "../../src/store/store.ts";
import { SCOPE } from "../sim/workload.ts";
import { open } from "./harness.ts";

test("queries about jobs use an index, and sort nothing that can be large", async (t) => {
  const { database } = await open(t);
  const plans = new Map<string, string>();
  const watched: Database = {
    async read(sql, values = []) {
      const plan = await database.read(`EXPLAIN QUERY PLAN ${sql}`, values);
      plans.set(sql.replaceAll(/\s+/g, " "), plan.map(({ detail }) => String(detail)).join("; "));
      return database.read(sql, values);
    },
    write: (statements, unless) => database.write(statements, unless),
    close: () => Promise.resolve(),
  };
  const { definitions, history, jobs, scheduling } = await openStore(watched, 0, { defaultDriver: "fake" });
  plans.clear();
  const after = { createdAt: 7, seq: 7, portion: { from: "a", until: "b" } };
  await jobs.find(SCOPE, ["a"]);
  await jobs.specs(["a"]);
  for (const query of [
    {},
    { status: "RUNNING" },
    { name: "a" },
    { name: "a*" },
    { definitionArn: "a" },
    { definitionArnPrefix: "a" },
    { createdBefore: 9 },
    { createdAfter: 1 },
    { shareIdentifier: "a" },
    { shareIdentifier: "a", status: "RUNNING" },
  ] as const) {
    await jobs.list("queue", { ...query, limit: 10 });
    await jobs.list("queue", { ...query, limit: 10, after });
  }
  await jobs.children("a", { status: "RUNNING", after: 3, limit: 10 });
  await jobs.recordedIndexes("a", { from: 0, to: 10 });
  await scheduling.news(0, 10);
  await scheduling.load();
  await scheduling.outcomes(["a"]);
  await scheduling.launches([{ id: "a" }]);
  await scheduling.hasAttemptsOn("docker");
  await history.keptDays();
  for (const days of [undefined, 7]) {
    await history.firstEnd(days);
    await history.removeJobs(days, 1, 10);
  }
  await history.removeChildren(10);
  await definitions.wasRegistered(SCOPE, "a");
  for (const query of [{}, { status: "ACTIVE" }, { name: "a" }, { name: "a", status: "ACTIVE" }]) {
    await definitions.list(SCOPE, { ...query, limit: 10 });
    await definitions.list(SCOPE, { ...query, limit: 10, after: { name: "a", revision: 3 } });
  }
  for (const [sql, plan] of plans) {
    if (!/FROM \(?(jobs|job_|removed_)/.test(sql)) continue;
    assert.doesNotMatch(plan, /SCAN (jobs|j|p|c|o|job_definitions)\b(?! USING INDEX jobs_open)/, `${sql}\n${plan}`);
    assert.doesNotMatch(plan, /TEMP B-TREE FOR ORDER BY/, `${sql}\n${plan}`);
  }
  assert.ok(plans.size >= 35, `${plans.size}`);
});
