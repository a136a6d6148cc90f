import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CreateConsumableResourceCommand,
  CreateJobQueueCommand,
  CreateQuotaShareCommand,
  CreateSchedulingPolicyCommand,
  CreateServiceEnvironmentCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeConsumableResourceCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  DescribeQuotaShareCommand,
  DescribeSchedulingPoliciesCommand,
  DescribeServiceEnvironmentsCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateComputeEnvironmentCommand,
} from "@aws-sdk/client-batch";
import { TEXTS } from "../../src/api/batch/texts.ts";
import { TAG_RESOURCE_RULES, UNTAG_RESOURCE_RULES } from "../../src/api/batch/tags/tag-operations.ts";
import { describeJob, ended, submit } from "../support/jobs.ts";
import {
  createServiceQueue,
  describeService,
  serviceEnded,
  submitService,
  trainingRequest,
} from "../support/service-jobs.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import { until } from "../support/until.ts";
import { apiServer, createQueue, prefixed, refused, register } from "./server.ts";

const { batch, url } = await apiServer({ after });
await createQueue(batch, "tagged");
const PREFIX = "arn:aws:batch:us-east-1:123456789012";
const QUEUE = `${PREFIX}:job-queue/tagged`;
const ENVIRONMENT = `${PREFIX}:compute-environment/tagged`;

type Tags = Record<string, string>;
const tag = (resourceArn: string, tags: Tags) => batch.send(new TagResourceCommand({ resourceArn, tags }));
const untag = (resourceArn: string, ...tagKeys: string[]) =>
  batch.send(new UntagResourceCommand({ resourceArn, tagKeys }));
const list = async (resourceArn: string): Promise<Tags | undefined> =>
  (await batch.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
const many = (count: number, prefix = "k"): Tags =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}${n}`, ""]));

const describeEnvironment = async () =>
  (await batch.send(new DescribeComputeEnvironmentsCommand({ computeEnvironments: ["tagged"] })))
    .computeEnvironments![0]!;

await createServiceQueue(batch, "service");
const serviceJobId = await submitService(batch, trainingRequest("true"), { jobQueue: "service" });
await serviceEnded(batch, serviceJobId);
const SHARE = `${PREFIX}:job-queue/training/quota-share/tagged`;
const CAPACITY_LIMITS = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }];
await batch.send(
  new CreateSchedulingPolicyCommand({ name: "tagged", quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } }),
);
await batch.send(
  new CreateServiceEnvironmentCommand({
    serviceEnvironmentName: "tagged",
    serviceEnvironmentType: "SAGEMAKER_TRAINING",
    capacityLimits: CAPACITY_LIMITS,
  }),
);
await batch.send(
  new CreateJobQueueCommand({
    jobQueueName: "training",
    priority: 1,
    serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: "tagged" }],
    schedulingPolicyArn: `${PREFIX}:scheduling-policy/tagged`,
  }),
);
await batch.send(
  new CreateQuotaShareCommand({
    quotaShareName: "tagged",
    jobQueue: "training",
    capacityLimits: CAPACITY_LIMITS,
    resourceSharingConfiguration: { strategy: "RESERVE" },
    preemptionConfiguration: { inSharePreemption: "DISABLED" },
  }),
);
await batch.send(new CreateConsumableResourceCommand({ consumableResourceName: "tagged", totalQuantity: 1 }));

/** Everything that can have tags, with the tags that its description shows. */
const definition = await register(batch, "tagged");
const jobId = await submit(batch, ["true"], { tags: {} });
await ended(batch, jobId);
const arrayId = await submit(batch, ["true"], { arrayProperties: { size: 2 } });
await ended(batch, arrayId);
const KINDS: readonly [what: string, arn: string, shown: () => Promise<Tags | undefined>][] = [
  ["a compute environment", ENVIRONMENT, async () => (await describeEnvironment()).tags],
  [
    "a job queue",
    QUEUE,
    async () => (await batch.send(new DescribeJobQueuesCommand({ jobQueues: ["tagged"] }))).jobQueues![0]!.tags,
  ],
  [
    "a revision of a job definition",
    definition,
    async () =>
      (await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitions: [definition] }))).jobDefinitions![0]!.tags,
  ],
  [
    "a scheduling policy",
    `${PREFIX}:scheduling-policy/tagged`,
    async () =>
      (await batch.send(new DescribeSchedulingPoliciesCommand({ arns: [`${PREFIX}:scheduling-policy/tagged`] })))
        .schedulingPolicies![0]!.tags,
  ],
  [
    "a quota share",
    SHARE,
    async () => (await batch.send(new DescribeQuotaShareCommand({ quotaShareArn: SHARE }))).tags,
  ],
  [
    "a service environment",
    `${PREFIX}:service-environment/tagged`,
    async () =>
      (await batch.send(new DescribeServiceEnvironmentsCommand({ serviceEnvironments: ["tagged"] })))
        .serviceEnvironments![0]!.tags,
  ],
  [
    "a consumable resource",
    `${PREFIX}:consumable-resource/tagged`,
    async () => (await batch.send(new DescribeConsumableResourceCommand({ consumableResource: "tagged" }))).tags,
  ],
  ["a job, also when it is over", `${PREFIX}:job/${jobId}`, async () => (await describeJob(batch, jobId)).tags],
  [
    "a service job",
    `${PREFIX}:service-job/${serviceJobId}`,
    async () => (await describeService(batch, serviceJobId)).tags,
  ],
  ["an array", `${PREFIX}:job/${arrayId}`, async () => (await describeJob(batch, arrayId)).tags],
];

for (const [what, arn, shown] of KINDS) {
  test(`${what}: tags are added, replaced, removed, listed, and shown where it is described`, async () => {
    assert.deepEqual(await list(arn), {});
    await tag(arn, { team: "blue", "cost centre": "42" });
    await tag(arn, { team: "green", Team: "", "a.b:c/d=e+f-g@h_ü": "日本" });
    const tags = { team: "green", "cost centre": "42", Team: "", "a.b:c/d=e+f-g@h_ü": "日本" };
    assert.deepEqual(await list(arn), tags);
    assert.deepEqual(await shown(), tags);
    await untag(arn, "cost centre", "Team", "not there", "a.b:c/d=e+f-g@h_ü");
    assert.deepEqual(await list(arn), { team: "green" });
    assert.deepEqual(await shown(), { team: "green" });
    await tag(arn, many(49));
    await assert.rejects(
      tag(arn, { team: "red", another: "" }),
      refused(prefixed("A resource can have at most 50 tags.")),
    );
    assert.equal((await list(arn))?.["team"], "green", "nothing was changed");
    await untag(arn, ...Object.keys(many(49)), "team");
    assert.deepEqual(await list(arn), {});
  });
}

const REFUSED: readonly [text: string, () => Promise<unknown>, RegExp | string][] = [
  ["noTags", () => tag(QUEUE, {}), prefixed("tags must have 1 to 50 entries.")],
  ["tooManyTags", () => tag(QUEUE, many(51)), prefixed("A resource can have at most 50 tags.")],
  ["tagReserved", () => tag(QUEUE, { "AWS:x": "y" }), prefixed("Tag keys and values must not start with aws:.")],
  ["tagReserved", () => tag(QUEUE, { x: "aws:y" }), prefixed("Tag keys and values must not start with aws:.")],
  ...["", "x".repeat(129), "a\nb", "a*b"].map((key): (typeof REFUSED)[number] => [
    "tagKey",
    () => tag(QUEUE, { [key]: "v" }),
    prefixed(`Tag key ${JSON.stringify(key)} is not valid: 1 to 128 letters, digits, spaces and + - = . _ : / @.`),
  ]),
  ...["x".repeat(257), "semi;colon"].map((value): (typeof REFUSED)[number] => [
    "tagValue",
    () => tag(QUEUE, { k: value }),
    prefixed("The value of tag k is not valid: at most 256 letters, digits, spaces and + - = . _ : / @."),
  ]),
  [
    "unknownDriver",
    () => tag(ENVIRONMENT, { "longshore:driver": "lambda" }),
    prefixed("The tag longshore:driver must be process, docker, kubernetes or kubernetes@CLUSTER, not lambda."),
  ],
  [
    "unknownCapacity",
    () => tag(ENVIRONMENT, { "longshore:capacity": "endless" }),
    prefixed("The tag longshore:capacity must be instances or shared, not endless."),
  ],
  [
    "ownTag",
    () => tag(ENVIRONMENT, { "longshore:boot-seconds": "soon" }),
    prefixed("The tag longshore:boot-seconds must be a whole number from 1 to 86400, not soon."),
  ],
  [
    "ownFlag",
    () => tag(ENVIRONMENT, { "longshore:never-joins": "perhaps" }),
    prefixed("The tag longshore:never-joins must be true or false, not perhaps."),
  ],
  [
    "ownTag",
    () => tag(definition, { "longshore:array-concurrency": "none" }),
    prefixed("The tag longshore:array-concurrency must be a whole number from 1 to 1000000, not none."),
  ],
  [
    "memoryLadder",
    () => tag(definition, { "longshore:memory-ladder": "2 1" }),
    prefixed(TEXTS.memoryLadder("longshore:memory-ladder", "2 1")),
  ],
  [
    "arrayIndexes",
    () => tag(definition, { "longshore:array-indexes": "7 3" }),
    prefixed(TEXTS.arrayIndexes("longshore:array-indexes", "7 3")),
  ],
  ...["yes", "", "TRUE"].map((value): (typeof REFUSED)[number] => [
    "ownFlag",
    () => tag(QUEUE, { "longshore:backfill": value }),
    prefixed(`The tag longshore:backfill must be true or false, not ${value}.`),
  ]),
];

test("what TagResource refuses", async () => {
  for (const [text, call, message] of REFUSED) await assert.rejects(call(), refused(message), text);
  assertEachRuleBroken(
    [TAG_RESOURCE_RULES],
    REFUSED.map(([text]) => text),
  );
  assert.deepEqual(await list(QUEUE), {});
  await tag(QUEUE, { ["𝒜".repeat(128)]: "𝒜".repeat(256) });
  await untag(QUEUE, "𝒜".repeat(128));
});

test("what UntagResource refuses", async () => {
  const refusals: typeof REFUSED = [
    ["tagReserved", () => untag(QUEUE, "aws:x"), prefixed("Tag keys and values must not start with aws:.")],
    [
      "tagKey",
      () => untag(QUEUE, "x".repeat(129)),
      /^Error executing request, Exception : Tag key "x{129}" is not valid: /,
    ],
    ["tagKeyCount", () => untag(QUEUE, ...Object.keys(many(51))), prefixed("tagKeys must have 1 to 50 entries.")],
  ];
  for (const [text, call, message] of refusals) await assert.rejects(call(), refused(message), text);
  assertEachRuleBroken(
    [UNTAG_RESOURCE_RULES],
    refusals.map(([text]) => text),
  );
});

test("ARNs of nothing, of others, of children", async () => {
  const unknown = [
    `${PREFIX}:job-queue/nowhere`,
    `${PREFIX}:compute-environment/nowhere`,
    `${PREFIX}:job-definition/tagged`,
    `${PREFIX}:job-definition/tagged:2`,
    `${PREFIX}:job/01234567-89ab-4cde-8f01-23456789abcd`,
    `${PREFIX}:job-queue/tagged/quota-share/nowhere`,
    `${PREFIX}:scheduling-policy/nowhere`,
    `${PREFIX}:job/${serviceJobId}`,
    `${PREFIX}:service-job/${jobId}`,
    QUEUE.replace("us-east-1", "eu-west-1"),
    QUEUE.replace("123456789012", "210987654321"),
  ];
  for (const arn of unknown) {
    const expected = refused(`Resource ${arn} not found.`);
    await assert.rejects(list(arn), expected);
    await assert.rejects(tag(arn, { a: "b" }), expected);
    await assert.rejects(untag(arn, "a"), expected);
  }
  for (const arn of ["tagged", "arn:aws:s3:::bucket", `${PREFIX}:constructor/x`, `${PREFIX}:job-queue`, "arn:%zz"]) {
    const expected = refused(
      prefixed(`resourceArn ${arn} is not the ARN of a resource of AWS Batch that can have tags.`),
    );
    await assert.rejects(list(arn), expected);
  }
  for (const arn of [`${PREFIX}:job/${arrayId}:0`, `${PREFIX}:job/${jobId}#0`]) {
    const text = "is that of a child: the children of array and multi-node parallel jobs have no tags of their own.";
    await assert.rejects(tag(arn, { a: "b" }), refused(prefixed(`resourceArn ${arn} ${text}`)));
  }
});

test("an ARN may come encoded, half encoded, or as it is", async () => {
  const headers = { "content-type": "application/json" };
  const wholly = encodeURIComponent(QUEUE);
  const half = QUEUE.replaceAll(":", "%3A");
  for (const [index, label] of [wholly, half, QUEUE].entries()) {
    const body = JSON.stringify({ tags: { [`k${index}`]: "v" } });
    const answer = await fetch(`${url}/v1/tags/${label}`, { method: "POST", headers, body });
    assert.equal(answer.status, 200);
    const listed = await fetch(`${url}/v1/tags/${label}`);
    assert.deepEqual(((await listed.json()) as { tags: Tags }).tags, { [`k${index}`]: "v" });
    const removed = await fetch(`${url}/v1/tags/${label}?tagKeys=k${index}&tagKeys=b%20c`, { method: "DELETE" });
    assert.equal(removed.status, 200);
  }
  assert.deepEqual(await list(QUEUE), {});
});

test("tagging is no update: the status stays; and an update at the same time undoes no tag", async () => {
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      await tag(ENVIRONMENT, { [`t${n}`]: String(n) });
      const { status, statusReason } = await describeEnvironment();
      assert.deepEqual([status, statusReason], ["VALID", "ComputeEnvironment Healthy"]);
    }),
  );
  const updates = Array.from({ length: 5 }, async (_, n) => {
    const computeResources = { maxvCpus: 20 + n };
    await batch
      .send(new UpdateComputeEnvironmentCommand({ computeEnvironment: "tagged", computeResources }))
      .catch((error: unknown) => assert.match(String(error), /changed by another request|being updated/));
  });
  await Promise.all([...updates, ...Array.from({ length: 10 }, (_, n) => untag(ENVIRONMENT, `t${n}`))]);
  const kept = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`t${n + 10}`, String(n + 10)]));
  assert.deepEqual(await list(ENVIRONMENT), kept);
  assert.ok((await describeEnvironment()).computeResources!.maxvCpus! >= 20);
  await untag(ENVIRONMENT, ...Object.keys(kept));
});

test("the tag longshore:driver takes effect when it is set, and when it is removed", async () => {
  await createQueue(batch, "picky");
  const arn = `${PREFIX}:compute-environment/picky`;
  // Only a process of this machine finds the file: in a container it is not there, and without an engine nothing runs.
  const submitted = () => submit(batch, ["test", "-e", import.meta.filename], { jobQueue: "picky" });
  await tag(arn, { "longshore:driver": "docker" });
  const first = await submitted();
  await until("it does not run as a process", async () => {
    const { status, statusReason } = await describeJob(batch, first);
    assert.notEqual(status, "SUCCEEDED");
    return status === "FAILED" || statusReason?.startsWith("ACTION_REQUIRED - The compute environment runs containers");
  });
  await untag(arn, "longshore:driver");
  assert.equal((await ended(batch, await submitted())).status, "SUCCEEDED");
});
