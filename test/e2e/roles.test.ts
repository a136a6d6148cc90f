import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { after, test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand } from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import { ended, logLines, submit } from "../support/jobs.ts";
import { nodeMounts } from "../support/node-in-container.ts";
import { assertNowhere } from "../support/nowhere.ts";
import { findClient } from "./client-program.ts";
import { spawnServer } from "./server.ts";

const PROGRAM = [
  process.execPath,
  "--disable-warning=ExperimentalWarning",
  join(import.meta.dirname, "calls-with-role.ts"),
];
const ROLE = "arn:aws:iam::123456789012:role/jobs/reader";
const SECRET = "r0le-s3cret-key";
const CREDENTIALS = { Version: 1, AccessKeyId: "ASIAROLE", SecretAccessKey: SECRET, SessionToken: "role-token" };

const noDocker = await dockerUnavailable();
const cli = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);

// Servers share the network for credentials, and leave it. Others may use it meanwhile, and then it stays.
after(async () => {
  if (noDocker === undefined)
    await (
      await testEngine()
    )
      .getNetwork("longshore")
      .remove()
      .catch(() => {});
});

interface Learnt {
  readonly arn: string;
  readonly uri: string;
  readonly token: string;
  readonly [member: string]: unknown;
}

async function open(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "longshore-roles-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "reader.json"), JSON.stringify(CREDENTIALS));
  const roles = [
    { match: "reader", file: "reader.json" },
    { match: "*/broken", command: ["sh", "-c", `echo ${SECRET}; exit 3`] },
  ];
  const config = join(directory, "config.json");
  writeFileSync(config, JSON.stringify({ roles }));
  const server = await spawnServer(t, { more: ["--driver", "auto", "--config", config] });
  const batch = batchClient(t, server.url);
  const logs = logsClient(t, server.url);
  const run = async (container: Partial<ContainerProperties>, command: readonly string[]) => {
    const resourceRequirements: ContainerProperties["resourceRequirements"] = [
      { type: "VCPU", value: "1" },
      { type: "MEMORY", value: "1024" },
    ];
    const containerProperties = { image: "scratch", command: ["true"], resourceRequirements, ...container };
    const request = { jobDefinitionName: "calls", type: "container" as const, containerProperties };
    await batch.send(new RegisterJobDefinitionCommand(request));
    const jobId = await submit(batch, command, { jobDefinition: "calls" });
    const { status, container: ran } = await ended(batch, jobId);
    assert.ok(ran?.logStreamName, ran?.reason);
    const lines = await logLines(logs, ran.logStreamName, 1);
    return { jobId, status, text: lines.join("\n") };
  };
  return { server, run };
}

/** What every job with a role must have learnt; its token is good for nothing once it is over. */
async function checkLearnt(jobId: string, text: string): Promise<Learnt> {
  const learnt = JSON.parse(text) as Learnt;
  const { arn, uri, token, ...rest } = learnt;
  assert.deepEqual(rest, {
    ...{ accessKeyId: "ASIAROLE", sessionToken: "role-token", status: "RUNNING", withoutToken: 403, ofAnother: 403 },
  });
  assert.equal(arn, `arn:aws:sts::123456789012:assumed-role/longshore-job/${jobId}`);
  const later = await fetch(uri, { headers: { authorization: token } });
  assert.deepEqual([later.status, await later.json()], [403, { message: "The container is over." }]);
  return learnt;
}

test("a process with a role has the role's credentials, and calls the server as itself", async (t) => {
  const { server, run } = await open(t);
  const { jobId, status, text } = await run({ jobRoleArn: ROLE }, PROGRAM);
  assert.equal(status, "SUCCEEDED", text);
  const { uri } = await checkLearnt(jobId, text);
  assert.ok(uri.startsWith(`${server.url}/ecs/v4/`), uri);
  assertNowhere(SECRET, server);

  const other = await run({ jobRoleArn: "arn:aws:iam::123456789012:role/writer" }, [
    "sh",
    "-c",
    "env | grep ^AWS_ACCESS",
  ]);
  assert.match(other.text, /^AWS_ACCESS_KEY_ID=LSJOB/);
});

test(
  "the AWS CLI in such a job needs no options; what the role's source says is told, and nothing of what it gave",
  { skip: "missing" in cli && cli.missing },
  async (t) => {
    const { run } = await open(t);
    assert.ok("program" in cli);
    const query = `batch describe-jobs --jobs "$AWS_BATCH_JOB_ID" --query 'jobs[0].status' --output text`;
    const list = `logs describe-log-groups --query 'logGroups[0].logGroupName' --output text`;
    const script = `"${cli.program}" configure list | grep access_key; "${cli.program}" ${query}; "${cli.program}" ${list}`;
    const { text } = await run({ jobRoleArn: ROLE }, ["sh", "-c", script]);
    assert.match(text, /access_key .*ROLE .*container-role/);
    assert.match(text, /^RUNNING\n\/aws\/batch\/job$/m);
    const node = `fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI, {headers: {authorization: process.env.AWS_CONTAINER_AUTHORIZATION_TOKEN}}).then(async (r) => console.log(r.status, await r.text()))`;
    const broken = await run({ jobRoleArn: "arn:aws:iam::123456789012:role/broken" }, [process.execPath, "-e", node]);
    const why =
      "the command that prints the credentials of the role arn:aws:iam::123456789012:role/broken ended with exit code 3";
    assert.equal(broken.text, `503 ${JSON.stringify({ message: why })}`);
  },
);

test("so does a container, at the address from which SDKs take credentials", { skip: noDocker }, async (t) => {
  const docker = await testEngine();
  const { server, run } = await open(t);
  const container = { image: await ensureTestImage(), jobRoleArn: ROLE, ...nodeMounts() };
  const { jobId, status, text } = await run(container, PROGRAM);
  assert.equal(status, "SUCCEEDED", text);
  const { uri } = await checkLearnt(jobId, text);
  assert.match(uri, /^http:\/\/169\.254\.170\.2:\d+\/ecs\/v4\//);
  assertNowhere(SECRET, server);
  // As `docker system prune` does: it comes back.
  await docker.getNetwork("longshore").remove();
  const again = await run(container, PROGRAM);
  assert.equal(again.status, "SUCCEEDED", again.text);
});
