import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { createRoleCredentials } from "../../../src/drivers/secrets/role-credentials.ts";
import { CredentialsUnavailable } from "../../../src/ports/role-credentials.ts";

const ROLE = "arn:aws:iam::123456789012:role/jobs/reader";
const NOW = Date.parse("2030-01-01T00:00:00Z");
const CLOCK = { now: () => NOW };
const MINUTE_MS = 60_000;

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-roles-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a role by its ARN or its name, and the first entry that matches counts", async (t) => {
  const path = join(directoryOf(t), "reader.json");
  writeFileSync(path, JSON.stringify({ AccessKeyId: "A", SecretAccessKey: "s3cret" }));
  const from = { kind: "file", path } as const;
  for (const match of [ROLE, "reader", "jobs/reader", "arn:aws:iam::*:role/jobs/*", "*"]) {
    const roles = createRoleCredentials([{ match, from }], CLOCK);
    assert.equal(roles.has(ROLE), true, match);
    assert.deepEqual(await roles.of(ROLE), { accessKeyId: "A", secretAccessKey: "s3cret" });
  }
  const other = createRoleCredentials([{ match: "writer", from }], CLOCK);
  assert.equal(other.has(ROLE), false);
  await assert.rejects(other.of(ROLE), unavailable('is not in "roles" in the configuration file'));
  const ordered = createRoleCredentials(
    [
      { match: "read*", from },
      { match: "*", from: { kind: "file", path: "/none" } },
    ],
    CLOCK,
  );
  assert.equal((await ordered.of(ROLE)).accessKeyId, "A");
});

test("those that expire are used until five minutes before; those that do not are read anew; who asks at once shares", async (t) => {
  const directory = directoryOf(t);
  let now = NOW;
  const counting = (expiration: string) => {
    const script = `echo once >> ${directory}/$0; printf '{"AccessKeyId":"A%s","SecretAccessKey":"s","SessionToken":"t"%s}' "$(wc -l < ${directory}/$0)" '${expiration}'`;
    const name = expiration === "" ? "lasting" : "expiring";
    const from = { kind: "command", command: ["sh", "-c", script, name] } as const;
    return createRoleCredentials([{ match: "*", from }], { now: () => now });
  };
  const expiring = counting(`,"Expiration":"${new Date(NOW + 60 * MINUTE_MS).toISOString()}"`);
  const both = await Promise.all([expiring.of(ROLE), expiring.of(ROLE)]);
  assert.deepEqual(
    both.map(({ accessKeyId, expiresAt }) => [accessKeyId, expiresAt]),
    Array(2).fill(["A1", NOW + 60 * MINUTE_MS]),
  );
  now += 54 * MINUTE_MS;
  assert.equal((await expiring.of(ROLE)).accessKeyId, "A1");
  now += 2 * MINUTE_MS;
  assert.equal((await expiring.of(ROLE)).accessKeyId, "A2");
  now += 5 * MINUTE_MS;
  await assert.rejects(expiring.of(ROLE), unavailable("have expired"));
  const lasting = counting("");
  assert.equal((await lasting.of(ROLE)).accessKeyId, "A1");
  assert.equal((await lasting.of(ROLE)).accessKeyId, "A2");
});

test("a profile of the AWS CLI's files, as they are now; where it gives nothing, nobody else's are taken", async (t) => {
  const directory = directoryOf(t);
  const file = join(directory, "credentials");
  const write = (key: string) =>
    writeFileSync(
      file,
      `[static]\naws_access_key_id = ${key}\naws_secret_access_key = s3cret\n[asks]\ncredential_process = ${directory}/asks\n`,
    );
  writeFileSync(
    join(directory, "asks"),
    `#!/bin/sh\necho '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s3cret","SessionToken":"t"}'\n`,
    { mode: 0o755 },
  );
  write("one");
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  Object.assign(process.env, {
    ...{ AWS_SHARED_CREDENTIALS_FILE: file, AWS_CONFIG_FILE: join(directory, "none") },
    // The server's own, which no job gets.
    ...{ AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "own-s3cret", AWS_EC2_METADATA_DISABLED: "true" },
  });
  const ofProfile = (name: string) =>
    createRoleCredentials([{ match: "*", from: { kind: "profile", name } }], CLOCK).of(ROLE);
  assert.equal((await ofProfile("static")).accessKeyId, "one");
  write("two");
  assert.equal((await ofProfile("static")).accessKeyId, "two");
  assert.deepEqual(await ofProfile("asks"), { accessKeyId: "P", secretAccessKey: "s3cret", sessionToken: "t" });
  await assert.rejects(ofProfile("absent"), unavailable("the profile absent gives no credentials"));
});

test("what is wrong with a source is told, and nothing of what it gave", async (t) => {
  const path = join(directoryOf(t), "reader.json");
  const file = createRoleCredentials([{ match: "*", from: { kind: "file", path } }], CLOCK);
  await assert.rejects(file.of(ROLE), unavailable(`are in ${path}, which cannot be read (ENOENT)`));
  for (const text of [
    "s3cret",
    "[]",
    '{"AccessKeyId":"A"}',
    '{"AccessKeyId":"A","SecretAccessKey":"s3cret","Expiration":"soon"}',
  ]) {
    writeFileSync(path, text);
    await assert.rejects(file.of(ROLE), unavailable("it must be JSON as of a credential_process"));
  }
  const command = ["sh", "-c", "echo s3cret; echo s3cret >&2; exit 3"];
  const program = createRoleCredentials([{ match: "*", from: { kind: "command", command } }], CLOCK);
  await assert.rejects(program.of(ROLE), unavailable("ended with exit code 3"));
});

function unavailable(part: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CredentialsUnavailable, String(error));
    assert.ok(error.message.includes(part), error.message);
    assert.doesNotMatch(`${error.message} ${String(error.stack)}`, /s3cret/);
    return true;
  };
}
