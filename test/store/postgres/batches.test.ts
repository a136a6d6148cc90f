import assert from "node:assert/strict";
import { test } from "node:test";
import { statement } from "../../../src/store/database.ts";
import { batchesOf, resultsOf } from "../../../src/store/postgres/batches.ts";

const INSERT = "INSERT INTO jobs (id, name) VALUES (?, ?)";
const insert = (n: number) => statement(INSERT, `id-${n}`, `name-${n}`);
const counts = (statements: Parameters<typeof batchesOf>[0]) => batchesOf(statements).map(({ count }) => count);

test("rows that follow each other into the same columns are sent as one, in few sizes, in their order", () => {
  const [two, one] = batchesOf([1, 2, 3].map(insert));
  assert.deepEqual(two, {
    sql: "INSERT INTO jobs (id, name) VALUES (?, ?), (?, ?)",
    values: ["id-1", "name-1", "id-2", "name-2"],
    count: 2,
  });
  assert.deepEqual(one, { sql: INSERT, values: ["id-3", "name-3"], count: 1 });
  assert.deepEqual(counts(Array.from({ length: 150 }, (_, n) => insert(n))), [64, 64, 16, 4, 2]);
});

test("what else statements do is left as it is", () => {
  const update = statement("UPDATE jobs SET name = ? WHERE id = ?", "a", "b");
  const upsert = statement(`${INSERT} ON CONFLICT DO NOTHING`, "a", "b");
  const select = statement("INSERT INTO jobs (id, name) SELECT ?, name FROM jobs WHERE id = ?", "a", "b");
  const returning = statement(`${INSERT} RETURNING id`, "a", "b");
  for (const one of [update, upsert, select, returning]) assert.deepEqual(counts([one, one, one]), [1, 1, 1], one.sql);
  assert.deepEqual(counts([insert(1), update, insert(2), insert(3)]), [1, 1, 2]);
  assert.deepEqual(counts([]), []);
});

test("each of them is told its own result", () => {
  const [batch] = batchesOf([1, 2].map(insert));
  assert.deepEqual(resultsOf(batch!, { changes: 2, rows: [] }), [
    { changes: 1, rows: [] },
    { changes: 1, rows: [] },
  ]);
});
