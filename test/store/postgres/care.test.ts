import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../../src/store/store.ts";
import { postgresUnavailable } from "../../support/postgres.ts";
import { openPostgresDatabase } from "../harness.ts";

const COMMITS = 800;
const PAGE_BYTES = 8_192;

test("what a commit changes each time does not grow with commits; tables that may be large are vacuumed in time", async (t) => {
  const missing = postgresUnavailable();
  if (missing !== undefined) return t.skip(missing);
  const database = await openPostgresDatabase(t);
  const { scheduling } = await openStore(database, 0, { defaultDriver: "fake" });
  const epoch = await scheduling.lead();
  const factBytes = async () => Number((await database.read(`SELECT pg_relation_size('facts') AS bytes`))[0]!["bytes"]);
  for (let count = 0; count < COMMITS; count += 1) await scheduling.commit(epoch, []);
  assert.ok((await factBytes()) <= 3 * PAGE_BYTES, `${await factBytes()} bytes after ${COMMITS} commits`);
  const rows = await database.read(
    `SELECT relname, array_to_string(reloptions, ' ') AS options FROM pg_class WHERE relname IN ('facts', 'jobs') ORDER BY 1`,
  );
  assert.match(String(rows[0]!["options"]), /fillfactor=50/);
  assert.match(String(rows[1]!["options"]), /autovacuum_vacuum_scale_factor=0\.02/);
});
