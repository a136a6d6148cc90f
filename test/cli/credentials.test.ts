import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DescribeJobQueuesCommand } from "@aws-sdk/client-batch";
import { clientWithKey } from "../support/clients.ts";
import { Cli, type Started } from "./longshore.ts";

const READ_ONLY = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "batch:Describe*", Resource: "*" }],
};

interface KeyJson {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
  readonly user: string;
  readonly policy?: unknown;
  readonly createdAt: number;
  readonly revokedAt?: number;
}

async function stop(server: Started): Promise<void> {
  server.process.kill("SIGTERM");
  await server.ended;
}

async function json<T>(cli: Cli, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli.run("credentials", ...args, "--json");
  assert.deepEqual([code, stderr], [0, ""]);
  return JSON.parse(stdout) as T;
}

test("keys are made, listed and revoked without a server, and the next server knows them", async (t) => {
  const cli = new Cli(t);
  const human = await cli.run("credentials", "create", "--user", "ann");
  assert.match(
    human.stdout,
    /^Access key LSAK[A-Z2-7]{16} of user ann in account 123456789012\. It may do everything there\.\n/,
  );
  assert.match(human.stdout, /\nexport AWS_ACCESS_KEY_ID=LSAK\w{16} AWS_SECRET_ACCESS_KEY=[\w+/]{40}\n$/);
  const [ann] = (await json<{ credentials: KeyJson[] }>(cli, "list")).credentials;
  const policyFile = join(cli.home, "policy.json");
  writeFileSync(policyFile, JSON.stringify(READ_ONLY));
  const bob = await json<KeyJson>(cli, "create", "--account", "210987654321", "--user", "bob", "--policy", policyFile);
  assert.deepEqual([bob.account, bob.user, bob.policy], ["210987654321", "bob", READ_ONLY]);
  assert.equal(
    (await cli.run("credentials", "revoke", ann!.accessKeyId)).stdout,
    `Revoked access key ${ann!.accessKeyId}.\n`,
  );
  const { credentials } = await json<{ credentials: KeyJson[] }>(cli, "list");
  assert.deepEqual(
    credentials.map(({ accessKeyId, revokedAt }) => [accessKeyId, revokedAt !== undefined]),
    [
      [ann!.accessKeyId, true],
      [bob.accessKeyId, false],
    ],
  );
  assert.doesNotMatch(JSON.stringify(credentials), /secret/i, "a secret is shown once");
  const server = await cli.up("--require-auth");
  const { url } = JSON.parse(server.stdout) as { url: string };
  const { jobQueues } = await clientWithKey(t, url, bob).send(new DescribeJobQueuesCommand({}));
  assert.equal(jobQueues?.[0]?.jobQueueArn, "arn:aws:batch:us-east-1:210987654321:job-queue/default");
  await stop(server);
});

test("while a server runs, it knows at once what was made and revoked", async (t) => {
  const cli = new Cli(t);
  const server = await cli.up("--require-auth");
  const { url, isOpen, notices } = JSON.parse(server.stdout) as { url: string; isOpen: boolean; notices: string[] };
  assert.equal(isOpen, false);
  assert.deepEqual(notices, [
    `Only requests that are signed with a known access key are served, and there is none yet. Make one: longshore credentials create --data-dir ${cli.dataDir}`,
  ]);
  const key = await json<KeyJson>(cli, "create");
  const client = clientWithKey(t, url, key);
  await client.send(new DescribeJobQueuesCommand({}));
  const [id] = (await cli.run("credentials", "list", "--quiet")).stdout.split("\n");
  assert.equal(id, key.accessKeyId);
  assert.equal((await json<KeyJson>(cli, "revoke", key.accessKeyId)).accessKeyId, key.accessKeyId);
  await assert.rejects(client.send(new DescribeJobQueuesCommand({})), { name: "UnrecognizedClientException" });
  assert.ok(!`${server.stdout}${server.stderr}`.includes(key.secretAccessKey));
  await stop(server);
});

test("who can read the data directory needs no key: the other commands work, and run", async (t) => {
  const cli = new Cli(t);
  const alone = await cli.run("run", "--require-auth", "--driver", "process", "--", "echo", "hello");
  assert.deepEqual([alone.code, alone.stdout], [0, "hello\n"]);
  const server = await cli.up("--require-auth");
  assert.equal((await cli.run("queues", "list", "--quiet")).stdout, "default\n");
  const second = await cli.run("run", "--require-auth", "--driver", "process", "--", "echo", "again");
  assert.deepEqual([second.code, second.stdout], [0, "again\n"]);
  await stop(server);
});

test("what is wrong with a key that is asked for is said, with and without a server", async (t) => {
  const cli = new Cli(t);
  const refusals: [string[], RegExp][] = [
    [["--account", "12"], /^longshore: The account must be 12 digits\.\n$/],
    [["--user", "a b"], /^longshore: The user name must be 1 to 64 letters, digits and characters of _\+=,\.@-\n$/],
    [
      ["--policy", '{"Statement":[{"Effect":"Allow","Action":"batch:*","Resource":"*","Condition":{}}]}'],
      /^longshore: Statement\[0\]\.Condition is not supported\./,
    ],
    [
      ["--policy", "nowhere.json"],
      /^longshore: The policy cannot be read: .*ENOENT.*\nGive a file, or the JSON itself\.\n$/,
    ],
  ];
  const check = async (): Promise<void> => {
    for (const [args, message] of refusals) {
      const { code, stderr } = await cli.run("credentials", "create", ...args);
      assert.ok(code === 2 || code === 3);
      assert.match(stderr, message);
    }
    const { code, stderr } = await cli.run("credentials", "revoke", "LSAKNOPE");
    assert.deepEqual([code, stderr], [3, "longshore: There is no access key LSAKNOPE.\n"]);
    assert.equal((await cli.run("credentials")).stdout, "There is no access key.\n");
  };
  await check();
  const server = await cli.up();
  await check();
  await stop(server);
});

test("only the owner reads the key file; with another one, nothing is opened", async (t) => {
  const cli = new Cli(t);
  await cli.run("credentials", "create");
  const file = join(cli.dataDir, "secret.key");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileSync(file, `${"ab".repeat(32)}\n`);
  const { code, stderr } = await cli.run("up", "--port", "0");
  assert.deepEqual([code, existsSync(join(cli.dataDir, "server.json"))], [3, false]);
  assert.match(
    stderr,
    /^longshore: The access keys in the data directory cannot be opened with its key file secret\.key\./,
  );
  writeFileSync(file, "half a ke");
  assert.match((await cli.run("credentials", "list")).stderr, /^longshore: The key file .*secret\.key is damaged\./);
  assert.doesNotMatch(readFileSync(join(cli.dataDir, "longshore.db"), "latin1"), /AWS_SECRET/);
});

test("a server of another data directory at the address of the last one is not taken for ours", async (t) => {
  const cli = new Cli(t);
  const other = new Cli(t);
  const key = await json<KeyJson>(cli, "create");
  const server = await other.up();
  const { url } = JSON.parse(server.stdout) as { url: string };
  writeFileSync(join(cli.dataDir, "server.json"), JSON.stringify({ pid: 1, url, isOpen: false }));
  assert.equal((await cli.run("credentials", "list", "-q")).stdout, `${key.accessKeyId}\n`);
  await stop(server);
});
