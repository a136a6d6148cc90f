import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createSecrets } from "../../../src/drivers/secrets/secrets.ts";
import { SecretUnavailable } from "../../../src/ports/secrets.ts";

const DB = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf";
const PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/prod/token";

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-secrets-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a secret by its ARN or its name, and the first entry that matches counts", async (t) => {
  const path = join(directoryOf(t), "value");
  writeFileSync(path, "from a file\n");
  const from = { kind: "file", path } as const;
  const none = { kind: "file", path: `${path}-none` } as const;
  for (const match of [DB, "prod/db", "prod/db-AbCdEf", "arn:aws:secretsmanager:*:secret:prod/*", "*"])
    assert.equal(await createSecrets([{ match, from }]).valueOf(DB), "from a file");
  for (const match of [PARAMETER, "/prod/token", "prod/token", "/prod/*"])
    for (const reference of [PARAMETER, "/prod/token"])
      if (match !== PARAMETER || reference === PARAMETER)
        assert.equal(await createSecrets([{ match, from }]).valueOf(reference), "from a file");
  const ordered = createSecrets([
    { match: "prod/db", from },
    { match: "*", from: none },
  ]);
  assert.equal(await ordered.valueOf(DB), "from a file");
  await assert.rejects(
    ordered.valueOf("other"),
    unavailable(`other is in ${path}-none, which cannot be read (ENOENT)`),
  );
});

test("a directory has a file for each secret, and nothing outside it is read", async (t) => {
  const directory = directoryOf(t);
  mkdirSync(join(directory, "secrets/prod"), { recursive: true });
  writeFileSync(join(directory, "outside"), "no secret");
  writeFileSync(join(directory, "secrets/prod/db"), '{"user": "ann", "port": 5432, "password": "p:w"}\r\n');
  writeFileSync(join(directory, "secrets/prod/token"), "t0ken");
  const secrets = createSecrets([{ match: "*", from: { kind: "directory", path: join(directory, "secrets") } }]);
  assert.equal(await secrets.valueOf(PARAMETER), "t0ken");
  assert.equal(await secrets.valueOf(DB), '{"user": "ann", "port": 5432, "password": "p:w"}');
  assert.equal(await secrets.valueOf(`${DB}:password::`), "p:w");
  assert.equal(await secrets.valueOf(`${DB}:port:AWSCURRENT:`), "5432");
  await assert.rejects(secrets.valueOf(`${DB}:pin::`), unavailable("did not contain json key pin"));
  await assert.rejects(secrets.valueOf("../outside"), unavailable("ENOENT"));
  await assert.rejects(secrets.valueOf("prod"), unavailable("which is no file"));
});

test("another version needs an entry that names it", async () => {
  process.env["LONGSHORE_TEST_SECRET"] = "current";
  process.env["LONGSHORE_TEST_PREVIOUS"] = "previous";
  const current = { match: "*", from: { kind: "variable", name: "LONGSHORE_TEST_SECRET" } } as const;
  const previous = { match: "*:AWSPREVIOUS:*", from: { kind: "variable", name: "LONGSHORE_TEST_PREVIOUS" } } as const;
  const reference = `${DB}::AWSPREVIOUS:`;
  await assert.rejects(createSecrets([current]).valueOf(reference), unavailable(`"match": "${reference}"`));
  assert.equal(await createSecrets([current, previous]).valueOf(reference), "previous");
  assert.equal(await createSecrets([previous, current]).valueOf(DB), "current");
});

test("a command prints the value; what it writes is in no error", async () => {
  const printing = (script: string) =>
    createSecrets([{ match: "*", from: { kind: "command", command: ["sh", "-c", script] } }]).valueOf(DB);
  assert.equal(await printing('printf "%s\\n\\n" "$LONGSHORE_SECRET"'), `${DB}\n`);
  await assert.rejects(printing("echo s3cret; echo s3cret >&2; exit 3"), unavailable("ended with exit code 3"));
  await assert.rejects(printing("yes s3cret"), unavailable("prints too much"));
  await assert.rejects(printing("kill -9 $$"), unavailable("was ended by SIGKILL"));
  await assert.rejects(printing("printf 's3cret\\0'"), unavailable("has a NUL character"));
  const absent = createSecrets([{ match: "*", from: { kind: "command", command: ["/nowhere/at/all"] } }]);
  await assert.rejects(absent.valueOf(DB), unavailable("cannot be run (ENOENT)"));
});

test("those who ask at the same time share one reading; the next one reads anew", async (t) => {
  const count = join(directoryOf(t), "count");
  const command = ["sh", "-c", 'echo once >>"$0"; wc -l <"$0"', count];
  const secrets = createSecrets([{ match: "*", from: { kind: "command", command } }]);
  assert.deepEqual(await Promise.all([secrets.valueOf("a"), secrets.valueOf("a")]), ["1", "1"]);
  assert.equal(await secrets.valueOf("a"), "2");
});

test("what has no entry, no variable or no JSON says so, and what would help", async () => {
  delete process.env["LONGSHORE_TEST_NONE"];
  process.env["LONGSHORE_TEST_SECRET"] = "s3cret, no JSON";
  await assert.rejects(createSecrets([]).valueOf(DB), unavailable(`add an entry with "match": "${DB}" to "secrets"`));
  const absent = createSecrets([{ match: "*", from: { kind: "variable", name: "LONGSHORE_TEST_NONE" } }]);
  await assert.rejects(absent.valueOf(DB), unavailable("LONGSHORE_TEST_NONE, which the server was started without"));
  const text = createSecrets([{ match: "*", from: { kind: "variable", name: "LONGSHORE_TEST_SECRET" } }]);
  await assert.rejects(text.valueOf(`${DB}:key::`), unavailable("is no JSON object"));
});

function unavailable(part: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SecretUnavailable, String(error));
    assert.ok(error.message.includes(part), error.message);
    assert.doesNotMatch(`${error.message} ${String(error.stack)}`, /s3cret/);
    return true;
  };
}
