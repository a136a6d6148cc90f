import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { statement } from "../../src/store/database.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";

function openDatabase(t: TestContext): { database: SqliteDatabase; path: string } {
  const directory = mkdtempSync(join(tmpdir(), "longshore-store-"));
  const path = join(directory, "longshore.db");
  const database = new SqliteDatabase(path);
  t.after(async () => {
    await database.close();
    rmSync(directory, { recursive: true });
  });
  return { database, path };
}

const insert = (id: number) => statement(`INSERT INTO things (id) VALUES (?)`, id);

test("of the writes that share a commit, those that fail are taken back whole and the others are kept", async (t) => {
  const { database } = openDatabase(t);
  await database.write([statement(`CREATE TABLE things (id INTEGER PRIMARY KEY)`)]);
  const settled = await Promise.allSettled([
    database.write([insert(1)]),
    database.write([insert(2), insert(1)]),
    database.write([statement(`INSERT INTO things (id) VALUES (3) RETURNING id`)]),
    database.write([insert(4)], () => new Error("refused")),
    database.write([statement(`DELETE FROM things WHERE id > 2 AND id < 9`)]),
    database.write([insert(3), insert(5)], ([first]) => (first!.changes === 1 ? undefined : new Error("refused"))),
  ]);
  assert.deepEqual(
    settled.map((one) => (one.status === "fulfilled" ? one.value.map(({ changes }) => changes) : String(one.reason))),
    [[1], "Error: UNIQUE constraint failed: things.id", [1], "Error: refused", [1], [1, 1]],
  );
  const third = settled[2];
  assert.deepEqual(third?.status === "fulfilled" && third.value[0]?.rows.map(({ id }) => id), [3]);
  assert.deepEqual(
    (await database.read(`SELECT id FROM things ORDER BY id`)).map(({ id }) => id),
    [1, 3, 5],
  );
});

test("what was acknowledged is there when the file is opened again, also after a group with a failure", async (t) => {
  const { database, path } = openDatabase(t);
  await database.write([statement(`CREATE TABLE things (id INTEGER PRIMARY KEY)`)]);
  await Promise.allSettled([database.write([insert(1)]), database.write([insert(1)]), database.write([insert(2)])]);
  await database.write([insert(3)]);
  await database.close();
  const again = new SqliteDatabase(path);
  t.after(() => again.close());
  assert.deepEqual(
    (await again.read(`SELECT id FROM things ORDER BY id`)).map(({ id }) => id),
    [1, 2, 3],
  );
});
