import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { DescribeJobQueuesCommand, DescribeJobsCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { withCredentialAdmin } from "../../src/cli/credential-admin.ts";
import type { RunningServer } from "../../src/compose.ts";
import { startServer } from "../../src/compose.ts";
import { clientWithKey } from "../support/clients.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { submit } from "../support/jobs.ts";
import { removeDataDir } from "../support/leftovers.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { until } from "../support/until.ts";

const skip = postgresUnavailable() ?? false;
const OPTIONS = { host: "127.0.0.1", port: 0, driver: "process", requireAuth: true, logLevel: "silent" } as const;
/** What is promised of keys that are made or revoked through another server. */
const HEARD_MS = 1_000;

async function twoServers(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), "longshore-access-"));
  const databaseUrl = await emptyDatabase();
  const servers: RunningServer[] = [];
  t.after(async () => {
    for (const server of servers.toReversed()) await server.close();
    removeDataDir(dataDir);
  });
  const start = async (): Promise<RunningServer> => {
    const server = await startServer({ ...OPTIONS, dataDir, databaseUrl });
    servers.push(server);
    return server;
  };
  return { leader: await start(), follower: await start(), dataDir, databaseUrl };
}

test("whoever may do something may do it through each server, and nobody else", { skip }, async (t) => {
  const { leader, follower, dataDir, databaseUrl } = await twoServers(t);
  // Another data directory knows nothing of the jobs that run: its server would take them for lost.
  const otherDir = mkdtempSync(join(tmpdir(), "longshore-access-"));
  t.after(() => removeDataDir(otherDir));
  await assert.rejects(startServer({ ...OPTIONS, dataDir: otherDir, databaseUrl }), {
    code: "DATA_DIR_DIFFERS",
    message: /^The server at http:\/\/127.0.0.1:\d+ uses the same database with another data directory than /,
  });

  // It goes to the server that started last: the one that does not lead.
  const admin: typeof withCredentialAdmin = (_, use) => withCredentialAdmin({ dataDir }, use);
  const made = await admin({ dataDir }, (keys) => keys.create({ account: "123456789012", user: "ann" }));
  const ann = made;
  const madeAt = Date.now();
  await until("the leader knows the key", () =>
    clientWithKey(t, leader.url, ann)
      .send(new DescribeJobQueuesCommand({}))
      .then(
        () => true,
        () => false,
      ),
  );
  assert.ok(Date.now() - madeAt < HEARD_MS);

  const throughFollower = clientWithKey(t, follower.url, ann);
  const jobId = await submit(throughFollower, ["true"]);
  const { jobs } = await throughFollower.send(new DescribeJobsCommand({ jobs: [jobId] }));
  assert.equal(jobs?.[0]?.jobId, jobId);
  assert.equal(
    (await clientWithKey(t, follower.url, ann, "eu-west-1").send(new DescribeJobQueuesCommand({}))).jobQueues?.length,
    1,
  );

  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "batch:Describe*", Resource: "*" }] };
  const ben = await admin({ dataDir }, (keys) =>
    keys.create({ account: "123456789012", user: "ben", policy: JSON.stringify(policy) }),
  );
  const bens = clientWithKey(t, follower.url, ben);
  assert.equal((await bens.send(new DescribeJobsCommand({ jobs: [jobId] }))).jobs?.length, 1);
  await assert.rejects(bens.send(new TerminateJobCommand({ jobId, reason: "no" })), {
    name: "AccessDeniedException",
    message: /user\/ben is not authorized to perform: batch:TerminateJob/,
  });
  await assert.rejects(
    clientWithKey(t, follower.url, { ...ann, secretAccessKey: "wrong" }).send(
      new DescribeJobsCommand({ jobs: [jobId] }),
    ),
    { name: "InvalidSignatureException" },
  );

  await admin({ dataDir }, (keys) => keys.revoke(ann.accessKeyId));
  const revokedAt = Date.now();
  await assert.rejects(throughFollower.send(new DescribeJobsCommand({ jobs: [jobId] })), UNKNOWN);
  await until("the leader refuses the key", () =>
    clientWithKey(t, leader.url, ann)
      .send(new DescribeJobQueuesCommand({}))
      .then(
        () => false,
        (error: Error) => error.name === UNKNOWN.name,
      ),
  );
  assert.ok(Date.now() - revokedAt < HEARD_MS);

  // Who is no server of the store cannot say that one has admitted a request.
  const claims = { keyId: "LSOWNERDATADIRECTORY", isFromHere: true, at: Date.now(), body: "" };
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  for (const header of ["x", payload, `${payload}.`, `${payload}.${"A".repeat(43)}`]) {
    const answer = await fetch(`${leader.url}/longshore/servers`, { headers: { "x-longshore-forwarded": header } });
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /is for servers of the same store/);
  }
  assert.equal((await fetch(`${leader.url}/longshore/servers`)).status, 403);
});

const UNKNOWN = { name: "UnrecognizedClientException" };
