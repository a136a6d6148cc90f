import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as batch from "@aws-sdk/client-batch";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as ecs from "@aws-sdk/client-ecs";
import { ECS_DEMANDS } from "../../src/api/ecs/demands.ts";
import { LOGS_DEMANDS } from "../../src/api/logs/demands.ts";
import type { Shape } from "../../src/api/wire/schema.ts";
import { operationsOf } from "../../src/api/wire/schema.ts";
import { rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

const own = (resource: string): string => `arn:aws:batch:us-east-1:123456789012:${resource}`;
const UUID = "01234567-89ab-4cde-8f01-23456789abcd";

const server = await keyedServer({ after }, [
  { user: "root-like" },
  { user: "nobody", statements: [{ Effect: "Deny", Action: "*", Resource: "*" }] },
  {
    user: "submitter",
    statements: [
      { Effect: "Allow", Action: "batch:SubmitJob", Resource: [own("job-queue/default"), own("job-definition/*")] },
      { Effect: "Allow", Action: ["batch:Describe*", "batch:ListJobs", "batch:TerminateJob"], Resource: "*" },
      { Effect: "Deny", Action: "batch:SubmitJob", Resource: own("job-definition/default") },
    ],
  },
  {
    user: "reader",
    statements: [{ Effect: "Allow", Action: "logs:*", Resource: "arn:aws:logs:*:*:log-group:/mine:*" }],
  },
]);
const [OWNER, NOBODY, SUBMITTER, READER] = [0, 1, 2, 3];

/** The least that the decoder lets through. */
function leastOf(shape: Shape): unknown {
  switch (shape.kind) {
    case "string":
      return UUID;
    case "boolean":
      return true;
    case "integer":
    case "long":
    case "double":
      return 1;
    case "list":
      return [leastOf(shape.item)];
    case "map":
      return { key: leastOf(shape.value) };
    case "structure":
      return Object.fromEntries(
        shape.members().flatMap(({ name, required, shape: member }) => (required ? [[name, leastOf(member)]] : [])),
      );
  }
}

interface Failed {
  readonly name: string;
  readonly message: string;
}

/** What AWS's client throws; undefined if the operation was done. */
async function failureOf(call: Promise<unknown>): Promise<Failed | undefined> {
  return call.then(
    () => undefined,
    (error: Failed) => error,
  );
}

type AnyCommand = new (input: object) => batch.DescribeJobsCommand;

test("whoever may do nothing can do none of AWS Batch's operations", async () => {
  const client = server.client(NOBODY);
  const perJob = new Set(["CancelJobs", "TerminateJobs", "TerminateServiceJobs"]);
  for (const { name, input } of operationsOf(batch)) {
    const Command = (batch as unknown as Record<string, AnyCommand>)[`${name}Command`]!;
    const sent = client.send(new Command(leastOf(input) as object));
    if (perJob.has(name) && !(await isMissing(sent))) {
      const { errors } = (await sent) as unknown as { errors: { code: string; message: string }[] };
      assert.deepEqual(
        errors.map(({ code }) => code),
        ["AccessDenied"],
        name,
      );
      assert.match(
        errors[0]!.message,
        new RegExp(`not authorized to perform: batch:${name.replace(/s$/, "")} on resource`),
      );
      continue;
    }
    const failure = await failureOf(sent);
    if (failure !== undefined && /is not available yet/.test(failure.message)) continue;
    assert.equal(failure?.name, "AccessDeniedException", `${name}: ${failure?.message}`);
    const prefix = `User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: batch:${name} on resource: `;
    assert.ok(failure.message.startsWith(prefix), failure.message);
    assert.match(failure.message, / with an explicit deny in an identity-based policy$/);
  }
});

async function isMissing(sent: Promise<unknown>): Promise<boolean> {
  return /is not available yet/.test((await failureOf(sent))?.message ?? "");
}

test("nor any operation of the services beside it, but to ask who it is", async () => {
  const json = [
    { sdk: logs, service: "logs", target: "Logs_20140328", names: Object.keys(LOGS_DEMANDS) },
    { sdk: ecs, service: "ecs", target: "AmazonEC2ContainerServiceV20141113", names: Object.keys(ECS_DEMANDS) },
  ];
  const call = rawRequestTo(server.url, server.keys[NOBODY]!);
  for (const { sdk, service, target, names } of json) {
    const operations = operationsOf(sdk).filter(({ name }) => names.includes(name));
    assert.equal(operations.length, names.length);
    for (const { name, input } of operations) {
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${target}.${name}` };
      const body = JSON.stringify(leastOf(input));
      const { status, json: answer } = await call(service, { path: "/", headers, body });
      assert.deepEqual([status, answer.__type], [403, "AccessDeniedException"], `${name}: ${answer.message}`);
    }
  }
  const form = (service: string, body: string) =>
    call(service, { path: "/", headers: { "content-type": "application/x-www-form-urlencoded" }, body });
  const instances = await form("ec2", "Action=DescribeInstances&Version=2016-11-15");
  assert.deepEqual([instances.status, /<Code>(\w+)</.exec(instances.text)?.[1]], [403, "UnauthorizedOperation"]);
  const ids = "InstanceId.1=i-0123456789abcdef0";
  const ended = await form("ec2", `Action=TerminateInstances&Version=2016-11-15&${ids}`);
  assert.equal(ended.status, 403);
  const resource = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0";
  assert.match(ended.text, new RegExp(`not authorized to perform: ec2:TerminateInstances on resource: ${resource} `));
  const identity = await form("sts", "Action=GetCallerIdentity&Version=2011-06-15");
  assert.match(identity.text, /<Arn>arn:aws:iam::123456789012:user\/nobody<\/Arn>/);
});

test("SubmitJob needs the queue and the definition; a Deny of one definition holds however it is named", async () => {
  const definition = (jobDefinitionName: string) =>
    server.client(OWNER).send(
      new batch.RegisterJobDefinitionCommand({
        jobDefinitionName,
        type: "container",
        containerProperties: { image: "scratch", command: ["true"], vcpus: 1, memory: 64 },
      }),
    );
  await definition("other");
  const submit = (jobDefinition: string, more: object = {}) =>
    failureOf(
      server
        .client(SUBMITTER)
        .send(new batch.SubmitJobCommand({ jobName: "a", jobQueue: "default", jobDefinition, ...more })),
    );
  assert.equal(await submit("other"), undefined);
  assert.equal(await submit("other:1"), undefined);
  assert.equal(await submit(own("job-definition/other:1"), { jobQueue: own("job-queue/default") }), undefined);
  const denied = [
    "default",
    own("job-definition/default"),
    "arn:aws:batch:eu-west-1:210987654321:job-definition/default",
    "arn:aws:batch:us-east-1:123456789012:job-queue/default",
  ];
  for (const name of denied) {
    const failure = await submit(name);
    assert.equal(failure?.name, "AccessDeniedException", name);
    assert.match(
      failure.message,
      /batch:SubmitJob on resource: arn:aws:batch:us-east-1:123456789012:job-definition\/default with an explicit deny/,
    );
  }
  const elsewhere = await submit("other", { jobQueue: "another" });
  assert.match(
    elsewhere?.message ?? "",
    /on resource: arn:aws:batch:us-east-1:123456789012:job-queue\/another because no identity-based policy allows the batch:SubmitJob action$/,
  );
  const tagged = await submit("other", { tags: { team: "a" } });
  assert.match(
    tagged?.message ?? "",
    /perform: batch:TagResource on resource: arn:aws:batch:us-east-1:123456789012:job\/\* because/,
  );
});

test("a refusal changes nothing", async () => {
  const before = await server.client(OWNER).send(new batch.DescribeJobQueuesCommand({}));
  const remove = new batch.UpdateJobQueueCommand({ jobQueue: "default", state: "DISABLED" });
  assert.equal((await failureOf(server.client(SUBMITTER).send(remove)))?.name, "AccessDeniedException");
  const afterwards = await server.client(OWNER).send(new batch.DescribeJobQueuesCommand({}));
  assert.deepEqual(afterwards.jobQueues, before.jobQueues);
});

test("in bulk each job is decided for itself", async () => {
  const submitted = await server
    .client(OWNER)
    .send(new batch.SubmitJobCommand({ jobName: "a", jobQueue: "default", jobDefinition: "other" }));
  const jobs = [submitted.jobId!, UUID];
  const terminated = await server.client(SUBMITTER).send(new batch.TerminateJobsCommand({ jobs, reason: "x" }));
  assert.deepEqual([terminated.successful, terminated.errors], [jobs, []]);
  const cancelled = await server.client(SUBMITTER).send(new batch.CancelJobsCommand({ jobs, reason: "x" }));
  assert.deepEqual(cancelled.successful, []);
  assert.deepEqual(
    cancelled.errors?.map(({ job, code }) => [job, code]),
    [
      [jobs[0], "AccessDenied"],
      [UUID, "AccessDenied"],
    ],
  );
});

test("logs: by group", async () => {
  const call = rawRequestTo(server.url, server.keys[READER]!);
  const read = async (logGroupName: string): Promise<string | undefined> => {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.GetLogEvents" };
    const body = JSON.stringify({ logGroupName, logStreamName: "s" });
    return (await call("logs", { path: "/", headers, body })).json.__type;
  };
  assert.equal(await read("/mine"), "ResourceNotFoundException");
  for (const group of ["/aws/batch/job", "/minefield", "/mine2"])
    assert.equal(await read(group), "AccessDeniedException");
});
