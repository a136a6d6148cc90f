import assert from "node:assert/strict";
import { channel } from "node:diagnostics_channel";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { after, test } from "node:test";
import * as batch from "@aws-sdk/client-batch";
import type { FastifyInstance } from "fastify";
import { ec2Service } from "../../src/api/ec2/service.ts";
import { ECS_DEMANDS } from "../../src/api/ecs/demands.ts";
import { LOGS_DEMANDS } from "../../src/api/logs/demands.ts";
import { STS } from "../../src/api/sts/service.ts";
import { containerInstanceId } from "../../src/core/ecs-names.ts";
import { createServiceQueue, submitService, trainingRequest } from "../support/service-jobs.ts";
import { createQueue, register } from "../api/server.ts";
import { clientWithKey } from "../support/clients.ts";
import { ended, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import type { Lookup, OwnedBelow } from "./foreign-lookups.ts";
import { jobKeyOf, lookups } from "./foreign-lookups.ts";
import { batchAttempts, NOT_TRIED } from "./foreign-requests.ts";
import { furnish, OWNER, PREFIX, SECRET } from "./furnished.ts";
import { askJson, rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

/**
 * Two accounts, two regions, jobs with keys of their own: nobody sees or touches what belongs to another, by whatever name. What a stranger is told of
 * it is, to the letter, what he is told of something that never was.
 */

/** All routes that servers of this process have. */
const routes = new Set<string>();
channel("fastify.initialization").subscribe((message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook("onRoute", ({ method, url }) => {
    for (const one of [method].flat()) routes.add(`${one} ${url}`);
  });
});

const STRANGER = "222222222222";
const server = await keyedServer({ after }, [
  { account: OWNER, user: "owner" },
  { account: STRANGER, user: "stranger" },
]);
const owner = server.client(0);
const askAsOwner = rawRequestTo(server.url, server.keys[0]!);
const arn = (resource: string, region = "us-east-1"): string => `arn:aws:batch:${region}:${OWNER}:${resource}`;

const go = join(server.dataDir, "go");
const WAITING = `while [ ! -e '${go}' ]; do sleep 0.05; done`;

async function logs(operation: string, input: object): Promise<object> {
  const { status, json, text } = await askJson(askAsOwner, "logs", `Logs_20140328.${operation}`, input);
  assert.equal(status, 200, text);
  return json;
}

const owned = await furnish(owner, askAsOwner, server.keys[0]!.accessKeyId, WAITING);

/** As what is there in form and length, and nowhere. */
const another = (text: string, letters: string): string =>
  text.replaceAll(new RegExp(`[${letters}]`, "g"), (one) => letters.at(-1 - letters.indexOf(one))!);
const otherHex = (text: string): string => another(text, "0123456789abcdef");
const otherUuid = (id: string): string => id.slice(0, 24) + otherHex(id.slice(24));
const CLUSTER = owned.cluster.replace(PREFIX, "nobody").replace(/[0-9a-f]{12}$/, otherHex);
const TASK = otherHex(owned.containerId.slice(0, 11)) + owned.containerId.slice(11);
const INSTANCE = `i-${otherHex(owned.instanceId.slice(2))}`;
const NOTHING: OwnedBelow = {
  ...owned,
  prefix: "nobody",
  jobId: otherUuid(owned.jobId),
  arrayId: otherUuid(owned.arrayId),
  serviceJobId: otherUuid(owned.serviceJobId),
  stream: owned.stream.replace(PREFIX, "nobody").replace(owned.containerId, TASK),
  cluster: CLUSTER,
  task: `${CLUSTER.replace(":cluster/", ":task/")}/${TASK}`,
  containerInstance: `${CLUSTER.replace(":cluster/", ":container-instance/")}/${containerInstanceId(INSTANCE)}`,
  instanceId: INSTANCE,
  containerId: TASK,
  accessKeyId: another(owned.accessKeyId.slice(4), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").padStart(20, "LSAK"),
};

/** An answer without the names of what was asked for, nor what is another each time. */
function anonymous(text: string, { prefix, jobId, arrayId, serviceJobId, ...below }: OwnedBelow): string {
  const { cluster, task, containerInstance, instanceId, containerId, accessKeyId } = below;
  const names = [
    jobId,
    arrayId,
    serviceJobId,
    ...[cluster, task, containerInstance].map((one) => one.split("/").at(-1)!),
  ];
  return [...names, jobKeyOf(jobId), instanceId, containerId, accessKeyId, prefix]
    .reduce((said, name, index) => said.replaceAll(name, `<${Math.min(index, names.length)}>`), text)
    .replaceAll(/\d+\.\d+/g, "N")
    .replaceAll(/(RequestId: |"?requestId"?[:>] ?"?)[0-9a-f-]{36}/gi, "$1ID");
}

/** All that the owner can see, but what changes by itself. */
async function everything(): Promise<string> {
  const { jobId, arrayId, serviceJobId } = owned;
  const resourceArn = arn(`service-job/${serviceJobId}`);
  const answers = await Promise.all([
    owner.send(new batch.DescribeComputeEnvironmentsCommand({})),
    owner.send(new batch.DescribeJobQueuesCommand({})),
    owner.send(new batch.DescribeJobDefinitionsCommand({})),
    owner.send(new batch.DescribeJobsCommand({ jobs: [jobId, arrayId, `${arrayId}:0`, `${arrayId}:1`] })),
    owner.send(new batch.DescribeConsumableResourceCommand({ consumableResource: `${PREFIX}-c` })),
    owner.send(new batch.DescribeSchedulingPoliciesCommand({ arns: [arn(`scheduling-policy/${PREFIX}-p`)] })),
    owner.send(new batch.DescribeServiceEnvironmentsCommand({})),
    owner.send(
      new batch.DescribeQuotaShareCommand({ quotaShareArn: arn(`job-queue/${PREFIX}-sq/quota-share/${PREFIX}-x`) }),
    ),
    owner.send(new batch.ListJobsCommand({ jobQueue: `${PREFIX}-q` })),
    owner.send(new batch.DescribeServiceJobCommand({ jobId: serviceJobId })),
    owner.send(new batch.ListTagsForResourceCommand({ resourceArn })),
    logs("DescribeLogGroups", {}),
    logs("ListTagsLogGroup", { logGroupName: `${PREFIX}-g` }),
    logs("GetLogEvents", { logGroupName: `${PREFIX}-g`, logStreamName: `${PREFIX}-stream`, startFromHead: true }),
    logs("DescribeLogStreams", { logGroupName: `${PREFIX}-g` }),
    logs("GetLogEvents", { logGroupName: "/aws/batch/job", logStreamName: owned.stream, startFromHead: true }),
    askAsOwner("longshore", { method: "GET", path: "/longshore/instances" }).then(({ json }) => json),
    server.admin((admin) => admin.list()),
  ]);
  return JSON.stringify(answers, (name, value: unknown) =>
    ["$metadata", "statusSummaryLastUpdatedAt"].includes(name) ? undefined : value,
  );
}

/** Where they begin to differ. The whole would be too long to read. */
function difference(before: string, now: string): string {
  const at = [...before].findIndex((character, index) => now[index] !== character);
  return `${before.slice(Math.max(0, at - 100), at + 50)} is now ${now.slice(Math.max(0, at - 100), at + 50)}`;
}

/** A job of the stranger's, which calls with its own key. */
async function keyOfJob(): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const client = server.client(1);
  const script = `echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY"; ${WAITING}`;
  const { container } = await untilStatus(client, await submitScript(client, script), "RUNNING");
  const ask = rawRequestTo(server.url, server.keys[1]!);
  const input = { logGroupName: "/aws/batch/job", logStreamName: container!.logStreamName };
  const line = await until("the job has told its key", async () => {
    const { json } = await askJson(ask, "logs", "Logs_20140328.GetLogEvents", input);
    return (json as unknown as { events: { message: string }[] }).events[0]?.message;
  });
  const [accessKeyId = "", secretAccessKey = ""] = line.split(" ");
  return { accessKeyId, secretAccessKey };
}

const STRANGERS = [
  { who: "another account", key: server.keys[1]!, region: "us-east-1" },
  { who: "the same account in another region", key: server.keys[0]!, region: "eu-west-1" },
  { who: "a job of another account", key: await keyOfJob(), region: "us-east-1" },
];

test("all operations and routes are tried", () => {
  const operations = Object.keys(batch).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? []);
  assert.deepEqual([...batchAttempts(owned).map(([name]) => name), ...NOT_TRIED].sort(), operations.sort());
  const below = [
    ...Object.keys(LOGS_DEMANDS).map((name) => `logs:${name}`),
    ...Object.keys(ECS_DEMANDS).map((name) => `ecs:${name}`),
    ...Object.keys(ec2Service({} as never).handlers).map((name) => `ec2:${name}`),
    ...Object.keys(STS.handlers).map((name) => `sts:${name}`),
  ];
  // What the services share, and what tells everybody the same.
  const others = new Set(["/", "/v1/*", "/healthz", "/readyz", "/assets/*", "/icon.svg"]);
  const own = [...routes].filter((route) => !route.startsWith("HEAD ") && !others.has(route.split(" ")[1]!));
  assert.ok(own.length > 10, own.join());
  assert.deepEqual(Object.keys(lookups(owned)).sort(), [...below, ...own, "GET /as/:key/:proof"].sort());
});

function commandOf(operation: string, input: object): batch.DescribeJobsCommand {
  const commands = batch as unknown as Record<string, new (input: object) => batch.DescribeJobsCommand>;
  return new commands[`${operation}Command`]!(input);
}

for (const { who, key, region } of STRANGERS) {
  const client = clientWithKey({ after }, server.url, key, region);
  const ask = rawRequestTo(server.url, key, region);

  const said = async (operation: string, input: object): Promise<string> => {
    const answer = await client
      .send(commandOf(operation, input))
      .catch((error: Error) => `${error.name}: ${error.message}`);
    return JSON.stringify(answer, (name, value: unknown) => (name === "$metadata" ? undefined : value));
  };
  const answered = async ({ service, ...request }: Lookup): Promise<string> => {
    const { status, text } = await ask(service, request);
    return `${status} ${text}`;
  };

  test(`${who} learns nothing, and changes nothing, with any operation of AWS Batch`, async () => {
    const before = await everything();
    assert.ok(before.includes(SECRET));
    const nothing = batchAttempts(NOTHING);
    for (const [at, [operation, inputs]] of batchAttempts(owned).entries()) {
      for (const [index, input] of inputs.entries()) {
        const about = `${operation} ${JSON.stringify(input)}`;
        const text = await said(operation, input);
        assert.ok(!text.includes(SECRET), `${about} shows ${text}`);
        assert.doesNotMatch(text, /ServerException/, about);
        const other = nothing[at]![1][index]!;
        // What names nothing gives the stranger's own, which has both names in it by now.
        if (JSON.stringify(other) === JSON.stringify(input)) continue;
        assert.equal(anonymous(text, owned), anonymous(await said(operation, other), NOTHING), about);
      }
    }
    const now = await everything();
    assert.ok(now === before, `something has changed: ${difference(before, now)}`);
  });

  test(`${who} learns nothing, and changes nothing, with what is served beside it`, async () => {
    const before = await everything();
    const nothing = lookups(NOTHING);
    for (const [name, requests] of Object.entries(lookups(owned))) {
      for (const [index, request] of requests.entries()) {
        const about = `${name} ${request.path} ${String(request.body)}`;
        const text = await answered(request);
        assert.ok(!text.includes(SECRET), `${about} shows ${text}`);
        assert.doesNotMatch(text, /^5/, about);
        assert.equal(anonymous(text, owned), anonymous(await answered(nothing[name]![index]!), NOTHING), about);
      }
    }
    const now = await everything();
    assert.ok(now === before, `something has changed: ${difference(before, now)}`);
  });
}

test("the owner's own requests of the same form do find something", async () => {
  const found = async (name: string, index = 0): Promise<string> => {
    const { service, ...request } = lookups(owned)[name]![index]!;
    return (await askAsOwner(service, request)).text;
  };
  for (const name of [
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "logs:ListTagsForResource",
    "logs:DescribeLogGroups",
  ]) {
    assert.match(await found(name), new RegExp(`${SECRET}|${PREFIX}`), name);
  }
  for (const name of ["ecs:DescribeClusters", "ecs:DescribeTasks", "ecs:DescribeContainerInstances", "ecs:ListTasks"]) {
    assert.doesNotMatch(await found(name), /MISSING|Exception|Arns":\[\]/, name);
  }
  assert.match(await found("ec2:DescribeInstances"), new RegExp(owned.instanceId));
  assert.match(await found("GET /longshore/jobs/:jobId/explanation"), /RUNNING/);
  assert.match(await found("GET /longshore/cost", 4), new RegExp(SECRET));
});

test("the same names are theirs to use, and tokens of one are nothing to another", async () => {
  const pages: readonly [operation: string, input: object][] = [
    ["DescribeComputeEnvironments", {}],
    ["DescribeJobQueues", {}],
    ["DescribeJobDefinitions", {}],
    ["DescribeServiceEnvironments", {}],
    ["ListJobs", { jobQueue: `${PREFIX}-q`, filters: [{ name: "JOB_NAME", values: [`${PREFIX}*`] }] }],
  ];
  const logPages: readonly ["logs" | "ecs", string, object][] = [
    ["logs", "Logs_20140328.DescribeLogGroups", { limit: 1 }],
    ["logs", "Logs_20140328.DescribeLogStreams", { logGroupName: `${PREFIX}-g`, limit: 1 }],
    ["logs", "Logs_20140328.FilterLogEvents", { logGroupName: `${PREFIX}-g`, limit: 1 }],
    ["logs", "Logs_20140328.GetLogEvents", { logGroupName: `${PREFIX}-g`, logStreamName: "one", limit: 1 }],
    ["ecs", "AmazonEC2ContainerServiceV20141113.ListClusters", { maxResults: 1 }],
  ];
  const putTwo = async (ask: typeof askAsOwner): Promise<void> => {
    const put = (operation: string, input: object) => askJson(ask, "logs", `Logs_20140328.${operation}`, input);
    await put("CreateLogGroup", { logGroupName: `${PREFIX}-g` });
    const logEvents = [1, 2].map(() => ({ timestamp: Date.now(), message: "x" }));
    for (const logStreamName of ["one", "two"]) {
      await put("CreateLogStream", { logGroupName: `${PREFIX}-g`, logStreamName });
      await put("PutLogEvents", { logGroupName: `${PREFIX}-g`, logStreamName, logEvents });
    }
  };
  const once = (client: typeof owner): Promise<string> =>
    submitService(client, trainingRequest("true"), { jobQueue: `${PREFIX}-t`, clientToken: "the-same" });
  await putTwo(askAsOwner);
  const first = await once(owner);
  assert.equal(await once(owner), first);
  for (const { key, region } of STRANGERS.slice(0, 2)) {
    const client = clientWithKey({ after }, server.url, key, region);
    const ask = rawRequestTo(server.url, key, region);
    await createQueue(client, `${PREFIX}-q`);
    await register(client, `${PREFIX}-d`);
    await createServiceQueue(client, `${PREFIX}-t`);
    await putTwo(ask);
    const foreign = { jobName: "n", jobQueue: `${PREFIX}-q`, jobDefinition: arn(`job-definition/${PREFIX}-d`) };
    await assert.rejects(client.send(new batch.SubmitJobCommand(foreign)), {
      message: `JobDefinition ${foreign.jobDefinition} not found.`,
    });
    const { jobQueues } = await client.send(new batch.DescribeJobQueuesCommand({ jobQueues: [`${PREFIX}-q`] }));
    assert.equal(
      jobQueues?.[0]?.jobQueueArn,
      arn(`job-queue/${PREFIX}-q`, region).replace(OWNER, key === server.keys[1] ? STRANGER : OWNER),
    );
    for (const [operation, input] of pages) {
      const page = { ...input, maxResults: 1 };
      const { nextToken } = (await owner.send(commandOf(operation, page))) as { nextToken?: string };
      assert.ok(nextToken, operation);
      const error = { name: "ClientException" };
      await assert.rejects(client.send(commandOf(operation, { ...page, nextToken })), error, operation);
    }
    for (const [service, target, input] of logPages) {
      const answer = await askJson(askAsOwner, service, target, input);
      const { nextToken, nextForwardToken } = answer.json as Record<string, string>;
      const token = nextToken ?? nextForwardToken;
      assert.ok(token, target);
      const { text } = await askJson(ask, service, target, { ...input, nextToken: token });
      assert.match(text, /InvalidParameterException/, target);
    }
    assert.notEqual(await once(client), first);
  }
});

test("the owner's jobs have gone on all the time", async () => {
  writeFileSync(go, "");
  for (const id of [owned.jobId, owned.arrayId]) assert.equal((await ended(owner, id)).status, "SUCCEEDED");
});
