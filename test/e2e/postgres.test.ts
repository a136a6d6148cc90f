import assert from "node:assert/strict";
import { test } from "node:test";
import { batchClient } from "../support/clients.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { ended, submit } from "../support/jobs.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { spawnServer } from "./server.ts";

const skip = postgresUnavailable() ?? false;

test("a server on PostgreSQL runs jobs, and one that comes after a kill -9 finds them", { skip }, async (t) => {
  const server = await spawnServer(t, { more: ["--database-url", await emptyDatabase()] });
  const batch = batchClient(t, server.url);
  const first = await ended(batch, await submit(batch, ["true"]));
  assert.equal(first.status, "SUCCEEDED");
  const array = await submit(batch, ["true"], { arrayProperties: { size: 5 } });
  const late = await submit(batch, ["sleep", "1"]);
  await server.kill();
  await server.start();
  const again = batchClient(t, server.url);
  assert.equal((await ended(again, array)).status, "SUCCEEDED");
  const { status, attempts } = await ended(again, late);
  assert.deepEqual([status, attempts?.length], ["SUCCEEDED", 1]);
  assert.deepEqual((await ended(again, first.jobId!)).attempts, first.attempts);
});
