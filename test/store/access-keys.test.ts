import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { AccessKeyRecord } from "../../src/ports/access-keys.ts";
import { accessKeyTable } from "../../src/store/access-keys.ts";
import { statement } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrations.ts";
import { SealBroken } from "../../src/store/sealing.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";

const KEY = Buffer.alloc(32, 1);
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const POLICY = '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}';

function record(accessKeyId: string, createdAt: number, policy?: string): AccessKeyRecord {
  return { accessKeyId, account: "123456789012", user: "ann", createdAt, ...(policy !== undefined && { policy }) };
}

async function open(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "longshore-keys-"));
  const database = new SqliteDatabase(join(directory, "db"));
  t.after(async () => {
    await database.close();
    rmSync(directory, { recursive: true });
  });
  await migrate(database, 0);
  return { directory, database, table: accessKeyTable(database, KEY) };
}

test("keys are kept with their secrets until they are revoked, in order of creation", async (t) => {
  const { table } = await open(t);
  const [b, a] = [record("B", 1), record("A", 2, POLICY)];
  await table.insert(a, "secret of a");
  await table.insert(b, SECRET);
  assert.deepEqual(await table.all(), [
    { ...b, secretAccessKey: SECRET },
    { ...a, secretAccessKey: "secret of a" },
  ]);
  assert.equal(await table.revoke("A", 3), true);
  assert.deepEqual(await table.all(), [
    { ...b, secretAccessKey: SECRET },
    { ...a, revokedAt: 3 },
  ]);
  assert.equal(await table.revoke("A", 4), false);
  assert.equal(await table.revoke("C", 4), false);
});

test("on disk a secret cannot be read, nor given to another key", async (t) => {
  const { directory, database, table } = await open(t);
  await table.insert(record("A", 1), SECRET);
  await table.insert(record("B", 2), "another");
  const bytes = readdirSync(directory).map((file) => readFileSync(join(directory, file), "latin1"));
  assert.ok(bytes.join("").includes("123456789012"), "this is where it is kept");
  for (const form of [SECRET, Buffer.from(SECRET).toString("base64"), Buffer.from(SECRET).toString("hex")]) {
    assert.ok(!bytes.join("").includes(form));
  }
  await assert.rejects(accessKeyTable(database, Buffer.alloc(32, 2)).all(), SealBroken);
  await database.write([
    statement(`UPDATE access_keys SET secret = (SELECT secret FROM access_keys WHERE access_key_id = 'A')`),
  ]);
  await assert.rejects(table.all(), SealBroken);
});
