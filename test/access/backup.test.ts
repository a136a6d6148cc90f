import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { ListJobsCommand } from "@aws-sdk/client-batch";
import { restoreBackup } from "../../src/compose/backup/restore.ts";
import { clientWithKey } from "../support/clients.ts";
import { systemClock } from "../support/clock.ts";
import { removeDataDir } from "../support/leftovers.ts";
import { startServer } from "../../src/compose.ts";
import type { KeyedServer } from "./server.ts";
import { keyedServer } from "./server.ts";

const LONGSHORE = join(import.meta.dirname, "..", "..", "longshore");
const BY_NAME = { Effect: "Allow", Action: ["longshore:CreateBackup"], Resource: "*" };

function newDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-backups-"));
  t.after(() => removeDataDir(directory));
  return directory;
}

/** `longshore backup` with these arguments, signed with the n-th key, or as the owner of the data directory. */
function backUp({ url, keys }: KeyedServer, n: number | undefined, ...args: string[]) {
  const key = n === undefined ? undefined : keys[n]!;
  const environment = Object.entries(process.env).filter(([name]) => !/^(AWS_|LONGSHORE_)/.test(name));
  const env = {
    ...Object.fromEntries(environment),
    ...(key && { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey }),
  };
  const where = n === undefined ? [] : ["--endpoint", url];
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(LONGSHORE, ["backup", ...args, ...where], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test("a backup is of all accounts: the owner makes one, and who is allowed it by name, and nobody else", async (t) => {
  const server = await keyedServer(t, [
    {},
    { statements: [{ Effect: "Allow", Action: "*", Resource: "*" }] },
    { statements: [{ Effect: "Allow", Action: "longshore:*", Resource: "*" }] },
    { statements: [BY_NAME] },
    { statements: [BY_NAME, { Effect: "Deny", Action: "longshore:*", Resource: "*" }] },
  ]);
  const directory = newDirectory(t);
  const refused = await Promise.all([0, 1, 2, 4].map((n) => backUp(server, n, join(directory, `${n}.db`))));
  for (const { code, stderr } of refused) {
    assert.equal(code, 3);
    assert.match(stderr, /is not authorized to perform: longshore:CreateBackup/);
  }
  assert.deepEqual(readdirSync(directory), [], "nothing is left of what was refused");
  for (const [n, more] of [
    [3, []],
    [undefined, ["--data-dir", server.dataDir]],
  ] as const) {
    const { code, stderr } = await backUp(server, n, join(directory, `${n}.db`), ...more);
    assert.equal(code, 0, stderr);
  }
});

test("the key file is never sent; with it the restored server knows its keys, without it they are revoked", async (t) => {
  const server = await keyedServer(t, [{ statements: [BY_NAME, { Effect: "Allow", Action: "*", Resource: "*" }] }]);
  const directory = newDirectory(t);
  const refused = await backUp(server, 0, join(directory, "remote"), "--secret-key");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /The key file is never sent over the network/);
  const [withKey, without] = [join(directory, "with"), join(directory, "without.db")];
  const owner = ["--data-dir", server.dataDir];
  assert.equal((await backUp(server, undefined, withKey, "--secret-key", ...owner)).code, 0);
  assert.equal((await backUp(server, undefined, without, ...owner)).code, 0);
  const bytes = readFileSync(without);
  for (const secret of [
    server.keys[0]!.secretAccessKey,
    readFileSync(join(server.dataDir, "secret.key"), "utf8").trim(),
  ])
    assert.ok(!bytes.includes(secret), "no secret is in it in the clear");
  await server.running.close();

  for (const [backup, isKnown] of [
    [withKey, true],
    [without, false],
  ] as const) {
    const dataDir = join(directory, `data-${isKnown}`);
    const report = await restoreBackup({
      ...{ backup, dataDir, clock: systemClock },
      waiting: "run",
      takesOver: false,
    });
    assert.deepEqual([report.hasKey, report.revokedKeys, report.isSameCluster], [isKnown, isKnown ? 0 : 1, false]);
    const running = await startServer({
      ...{ host: "127.0.0.1", port: 0, driver: "process", dataDir, requireAuth: true, logLevel: "silent" },
    });
    const list = clientWithKey(t, running.url, server.keys[0]!, "us-east-1").send(
      new ListJobsCommand({ jobQueue: "default" }),
    );
    if (isKnown) assert.deepEqual((await list).jobSummaryList, []);
    else await assert.rejects(list, { name: "UnrecognizedClientException" });
    await running.close();
    rmSync(dataDir, { recursive: true });
  }
});
