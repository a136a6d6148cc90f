import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { emptyDatabase } from "../support/empty-database.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { Cli } from "./longshore.ts";

const skip = postgresUnavailable() ?? false;

test("a store is brought up to date, copied to PostgreSQL and back, and nothing is lost", { skip }, async (t) => {
  const cli = new Cli(t);
  const url = await emptyDatabase();
  const run = async (...args: string[]): Promise<{ [member: string]: unknown }> => {
    const { code, stdout, stderr } = await cli.run(...args, "--json");
    assert.deepEqual([code, stderr], [0, ""]);
    return JSON.parse(stdout) as { [member: string]: unknown };
  };
  assert.equal((await cli.run("run", "--", "echo", "kept")).code, 0);

  const behind = await cli.run("migrate", "--database-url", url, "--check");
  assert.equal(behind.code, 1);
  assert.match(behind.stdout, /^postgres:.* is at schema 0; this version has \d+\.\n$/);
  const { before, after, wanted } = await run("migrate", "--database-url", url);
  assert.deepEqual([before, after], [0, wanted]);
  assert.deepEqual((await run("migrate", "--check"))["before"], wanted);

  const { tables } = await run("store", "copy", "--from", cli.dataDir, "--to", url);
  assert.equal((tables as { table: string; rows: number }[]).find(({ table }) => table === "jobs")?.rows, 1);
  const other = join(cli.home, "other");
  await run("store", "copy", "--from", url, "--to", other);
  const served = await cli.run("run", "--data-dir", other, "--", "true");
  assert.equal(served.code, 0);

  const again = await cli.run("store", "copy", "--from", cli.dataDir, "--to", url);
  assert.equal(again.code, 3);
  assert.match(again.stderr, /not empty.*\n.*Copy to a new data directory or an empty database/);
  const same = await cli.run("store", "copy", "--from", url, "--to", url);
  assert.deepEqual([same.code, same.stderr.trim()], [2, "longshore: --from and --to are the same store."]);
});

test("a database that cannot be used is told of, without its password", async (t) => {
  const cli = new Cli(t);
  const url = "postgres://ann:s3cret@127.0.0.1:1/longshore";
  for (const args of [
    ["up", "--database-url", url],
    ["migrate", "--database-url", url],
    ["store", "copy", "--from", cli.dataDir, "--to", url],
  ]) {
    const { code, stderr } = await cli.run(...args);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /The database postgres:\/\/ann:\*\*\*@127\.0\.0\.1:1\/longshore cannot be used \(.*ECONNREFUSED/,
    );
    assert.doesNotMatch(stderr, /s3cret/);
  }
  const bad = await cli.run("up", "--database-url", "mysql://ann:s3cret@there/db");
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /--database-url must be like postgres:.*, not mysql:\/\/ann:\*\*\*@there\/db/);
});
