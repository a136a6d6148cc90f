import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import * as batch from "@aws-sdk/client-batch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { CloudWatchLogsClient as Logs } from "@aws-sdk/client-cloudwatch-logs";
import { jobKeys } from "../../src/api/access/job-credentials.ts";
import { batchClient, clientWithKey, logsClient } from "../support/clients.ts";
import { describeJob, ended, logLines, submitScript, untilStatus } from "../support/jobs.ts";
import { rawRequestTo } from "./raw-client.ts";
import type { KeyedServer } from "./server.ts";
import { keyedServer } from "./server.ts";

// No container engine is found: one would be given the network for credentials of roles, which stays.
process.env["DOCKER_HOST"] = "unix:///nowhere";

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const owner = { after };

/** Tells the keys that it was given, and runs until `go` is there. */
function keyTeller(server: KeyedServer, go: string): string {
  return `echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"; while [ ! -e '${join(server.dataDir, go)}' ]; do sleep 0.05; done`;
}

async function keyOf(client: BatchClient, logs: CloudWatchLogsClient, jobId: string): Promise<Key> {
  const { container } = await untilStatus(client, jobId, "RUNNING");
  const [line] = await logLines(logs, container!.logStreamName!, 1);
  const [accessKeyId = "", secretAccessKey = ""] = line!.split(" ");
  return { accessKeyId, secretAccessKey };
}

function logsWithKey(server: KeyedServer, key: Key): CloudWatchLogsClient {
  const { accessKeyId, secretAccessKey } = key;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new Logs({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
  after(() => client.destroy());
  return client;
}

const describing = (jobs: string[]) => new batch.DescribeJobsCommand({ jobs });

test("a job calls with its submitter's rights, as itself, until it is over", async () => {
  const server = await keyedServer(owner, [
    { account: "210987654321" },
    {
      account: "210987654321",
      user: "limited",
      statements: [
        { Effect: "Allow", Action: ["batch:SubmitJob", "batch:Describe*", "logs:*"], Resource: "*" },
        { Effect: "Allow", Action: "batch:TagResource", Resource: "*" },
      ],
    },
  ]);
  const jobId = await submitScript(server.client(1), keyTeller(server, "go"));
  const key = await keyOf(server.client(1), logsWithKey(server, server.keys[1]!), jobId);
  assert.equal(key.accessKeyId, `LSJOB${jobId.replaceAll("-", "").toUpperCase()}`);
  const job = clientWithKey(owner, server.url, key);
  assert.equal((await describeJob(job, jobId)).jobName, "test");
  await assert.rejects(job.send(new batch.ListJobsCommand({ jobQueue: "default" })), {
    name: "AccessDeniedException",
    message: `User: arn:aws:sts::210987654321:assumed-role/longshore-job/${jobId} is not authorized to perform: batch:ListJobs on resource: * because no identity-based policy allows the batch:ListJobs action`,
  });
  const identity = await rawRequestTo(server.url, key)("sts", {
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "Action=GetCallerIdentity&Version=2011-06-15",
  });
  assert.match(identity.text, new RegExp(`<Arn>arn:aws:sts::210987654321:assumed-role/longshore-job/${jobId}</Arn>`));
  const wrong = clientWithKey(owner, server.url, { ...key, secretAccessKey: `${key.secretAccessKey}x` });
  await assert.rejects(wrong.send(describing([jobId])), { name: "InvalidSignatureException" });
  writeFileSync(join(server.dataDir, "go"), "");
  assert.equal((await ended(server.client(1), jobId)).status, "SUCCEEDED");
  await assert.rejects(job.send(describing([jobId])), {
    name: "ExpiredTokenException",
    message: "The security token included in the request is expired",
  });
});

test("with its submitter's key a job's is revoked, and that of the jobs that it submitted; each child of an array has its own", async () => {
  const server = await keyedServer(owner, [{}, {}]);
  const client = server.client(1);
  const script = keyTeller(server, "go");
  const parent = await submitScript(server.client(0), script);
  const keys = logsWithKey(server, server.keys[1]!);
  const first = clientWithKey(owner, server.url, await keyOf(client, keys, parent));
  const array = await submitScript(first, script, { arrayProperties: { size: 2 } });
  const children = await Promise.all([0, 1].map((index) => keyOf(client, keys, `${array}:${index}`)));
  const hex = array.replaceAll("-", "").toUpperCase();
  assert.deepEqual(
    children.map(({ accessKeyId }) => accessKeyId),
    [`LSJOB${hex}C0`, `LSJOB${hex}C1`],
  );
  const [second, third] = children.map((key) => clientWithKey(owner, server.url, key));
  const swapped = clientWithKey(owner, server.url, { ...children[0]!, secretAccessKey: children[1]!.secretAccessKey });
  await assert.rejects(swapped.send(describing([array])), { name: "InvalidSignatureException" });
  for (const one of [first, second!, third!]) await one.send(describing([array]));
  await server.admin((admin) => admin.revoke(server.keys[0]!.accessKeyId));
  for (const one of [first, second!, third!, server.client(0)]) {
    await assert.rejects(one.send(describing([array])), {
      name: "UnrecognizedClientException",
      message: "The security token included in the request is invalid.",
    });
  }
  await client.send(describing([array]));
  writeFileSync(join(server.dataDir, "go"), "");
  await ended(client, array);
});

test("a job with the credentials of a role says in its calls' path who it is, with its submitter's rights, until it is over", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-roles-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const configFile = join(directory, "config.json");
  writeFileSync(configFile, JSON.stringify({ roles: [{ match: "reader", file: "nobody-asks.json" }] }));
  const statements = [
    { Effect: "Allow", Action: ["batch:Submit*", "batch:Register*", "batch:Describe*", "logs:*"], Resource: "*" },
  ];
  const server = await keyedServer(owner, [{ statements }], { configFile });
  const client = server.client();
  const resourceRequirements = [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "64" },
  ];
  const containerProperties = {
    image: "scratch",
    command: ["true"],
    jobRoleArn: "arn:aws:iam::123456789012:role/reader",
    resourceRequirements,
  };
  await client.send(
    new batch.RegisterJobDefinitionCommand({ jobDefinitionName: "role", type: "container", containerProperties }),
  );
  const script = `echo "$AWS_ENDPOINT_URL_BATCH $AWS_ACCESS_KEY_ID"; while [ ! -e '${join(server.dataDir, "go")}' ]; do sleep 0.05; done`;
  const jobId = await submitScript(client, script, { jobDefinition: "role" });
  const { container } = await untilStatus(client, jobId, "RUNNING");
  const [line] = await logLines(logsWithKey(server, server.keys[0]!), container!.logStreamName!, 1);
  const [url = "", ownKey] = line!.split(" ");
  assert.deepEqual([url.startsWith(`${server.url}/as/LSJOB`), ownKey], [true, ""]);
  const ofRole = { accessKeyId: "ASIAROLE", secretAccessKey: "any" };
  const job = clientWithKey(owner, url, ofRole);
  assert.equal((await describeJob(job, jobId)).jobName, "test");
  await assert.rejects(job.send(new batch.ListJobsCommand({ jobQueue: "default" })), {
    name: "AccessDeniedException",
    message: new RegExp(`assumed-role/longshore-job/${jobId} is not authorized to perform: batch:ListJobs`),
  });
  await assert.rejects(clientWithKey(owner, server.url, ofRole).send(describing([jobId])), {
    name: "UnrecognizedClientException",
  });
  const forged = clientWithKey(
    owner,
    url.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
    ofRole,
  );
  await assert.rejects(forged.send(describing([jobId])), { name: "UnrecognizedClientException" });
  writeFileSync(join(server.dataDir, "go"), "");
  assert.equal((await ended(client, jobId)).status, "SUCCEEDED");
  await assert.rejects(job.send(describing([jobId])), { name: "ExpiredTokenException" });
});

test("an open server's jobs of nobody have keys too, verified, which a closed one does not take", async () => {
  const open = await keyedServer(owner, [], { requireAuth: false });
  const anybody = batchClient(owner, open.url);
  const jobId = await submitScript(anybody, keyTeller(open, "go"));
  const key = await keyOf(anybody, logsClient(owner, open.url), jobId);
  await clientWithKey(owner, open.url, key).send(describing([jobId]));
  const wrong = clientWithKey(owner, open.url, { ...key, secretAccessKey: "wrong" });
  await assert.rejects(wrong.send(describing([jobId])), { name: "InvalidSignatureException" });
  const unknown = jobKeys(Buffer.alloc(32)).issue("01234567-89ab-4cde-8f01-23456789abcd");
  await assert.rejects(clientWithKey(owner, open.url, unknown).send(describing([jobId])), {
    name: "UnrecognizedClientException",
  });
  await open.running.close();
  const closed = await open.restarted({ requireAuth: true });
  await assert.rejects(clientWithKey(owner, closed.url, key).send(describing([jobId])), {
    name: "UnrecognizedClientException",
  });
  writeFileSync(join(open.dataDir, "go"), "");
});
