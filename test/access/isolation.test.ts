import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { after, test } from "node:test";
import * as batch from "@aws-sdk/client-batch";
import { createServiceQueue, submitService, trainingRequest, untilServiceStatus } from "../support/service-jobs.ts";
import { CONTAINER, createQueue, register } from "../api/server.ts";
import { ended, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import type { RawAnswer } from "../wire/harness.ts";
import { rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

/** Two accounts, two regions: nobody sees or touches what belongs to another of the three others, whatever it is called by. */

const OWNER = "111111111111";
const server = await keyedServer({ after }, [
  { account: OWNER, user: "owner" },
  { account: "222222222222", user: "stranger" },
]);
const owner = server.client(0);
/** In what only its owner may read. */
const SECRET = "s3cr3t-5f1e";
const TAGS = { note: SECRET };
const arn = (resource: string, region = "us-east-1"): string => `arn:aws:batch:${region}:${OWNER}:${resource}`;

const LIMITS = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }];

/** One of everything, and a job that runs until `go` is there. */
async function furnish() {
  const go = join(server.dataDir, "go");
  await createQueue(owner, "q");
  await register(owner, "d", { command: ["echo", SECRET] }, { tags: TAGS });
  await owner.send(
    new batch.CreateConsumableResourceCommand({ consumableResourceName: "c", totalQuantity: 3, tags: TAGS }),
  );
  await owner.send(
    new batch.CreateSchedulingPolicyCommand({
      name: "p",
      quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" },
      tags: TAGS,
    }),
  );
  await owner.send(
    new batch.CreateServiceEnvironmentCommand({
      serviceEnvironmentName: "s",
      serviceEnvironmentType: "SAGEMAKER_TRAINING",
      capacityLimits: LIMITS,
      tags: TAGS,
    }),
  );
  await owner.send(
    new batch.CreateJobQueueCommand({
      jobQueueName: "sq",
      priority: 1,
      serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: "s" }],
      schedulingPolicyArn: arn("scheduling-policy/p"),
      tags: TAGS,
    }),
  );
  await until("the service queue is VALID", async () => {
    const { jobQueues } = await owner.send(new batch.DescribeJobQueuesCommand({ jobQueues: ["sq"] }));
    return jobQueues?.[0]?.status === "VALID";
  });
  await owner.send(
    new batch.CreateQuotaShareCommand({
      quotaShareName: "x",
      jobQueue: "sq",
      capacityLimits: LIMITS,
      resourceSharingConfiguration: { strategy: "RESERVE" },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
      tags: TAGS,
    }),
  );
  const script = `echo ${SECRET}; while [ ! -e '${go}' ]; do sleep 0.05; done`;
  const jobId = await submitScript(owner, script, { jobName: "j", jobQueue: "q", jobDefinition: "d", tags: TAGS });
  const arrayId = await submitScript(owner, script, {
    jobName: "a",
    jobQueue: "q",
    jobDefinition: "d",
    arrayProperties: { size: 2 },
  });
  await createServiceQueue(owner, "training");
  const serviceJobId = await submitService(owner, trainingRequest(script), { jobName: "t", tags: TAGS });
  await untilServiceStatus(owner, serviceJobId, "RUNNING");
  const job = await untilStatus(owner, jobId, "RUNNING");
  await untilStatus(owner, `${arrayId}:1`, "RUNNING");
  return { jobId, arrayId, serviceJobId, job, finish: () => writeFileSync(go, "") };
}

const home = await furnish();
const { jobId, arrayId, serviceJobId, job } = home;
const stream = job.container!.logStreamName!;

/** All that the owner can see, but what changes by itself. */
async function everything(): Promise<string> {
  const answers = await Promise.all([
    owner.send(new batch.DescribeComputeEnvironmentsCommand({})),
    owner.send(new batch.DescribeJobQueuesCommand({})),
    owner.send(new batch.DescribeJobDefinitionsCommand({})),
    owner.send(new batch.DescribeJobsCommand({ jobs: [jobId, arrayId, `${arrayId}:0`, `${arrayId}:1`] })),
    owner.send(new batch.DescribeConsumableResourceCommand({ consumableResource: "c" })),
    owner.send(new batch.DescribeSchedulingPoliciesCommand({ arns: [arn("scheduling-policy/p")] })),
    owner.send(new batch.DescribeServiceEnvironmentsCommand({})),
    owner.send(new batch.DescribeQuotaShareCommand({ quotaShareArn: arn("job-queue/sq/quota-share/x") })),
    owner.send(new batch.ListJobsCommand({ jobQueue: "q" })),
    owner.send(new batch.DescribeServiceJobCommand({ jobId: serviceJobId })),
    owner.send(new batch.ListTagsForResourceCommand({ resourceArn: arn(`service-job/${serviceJobId}`) })),
  ]);
  return JSON.stringify(answers, (name, value: unknown) =>
    ["$metadata", "statusSummaryLastUpdatedAt"].includes(name) ? undefined : value,
  );
}

/** Where they begin to differ. The whole would be too long to read. */
function difference(before: string, now: string): string {
  const at = [...before].findIndex((character, index) => now[index] !== character);
  return `${before.slice(at - 100, at + 50)} is now ${now.slice(at - 100, at + 50)}`;
}

/** Every way to name a thing of the owner's. */
const ways = (type: string, name: string): string[] => [
  name,
  arn(`${type}/${name}`),
  arn(`${type}/${name}`, "eu-west-1"),
];
const QUEUES = ways("job-queue", "q");
const SERVICE_JOBS = [...ways("service-job", serviceJobId), ...ways("job", jobId)];
const JOBS = [...ways("job", jobId), ...ways("job", arrayId), ...ways("job", `${arrayId}:1`)];
const CONSUMABLES = ways("consumable-resource", "c");
const ENVIRONMENTS = ways("compute-environment", "q");
const SERVICE_ENVIRONMENTS = ways("service-environment", "s");
const SHARES = [arn("job-queue/sq/quota-share/x")];
const POLICIES = [arn("scheduling-policy/p")];
const TAGGED = [
  ...[
    "compute-environment/q",
    "job-queue/q",
    "job-definition/d:1",
    `job/${jobId}`,
    `service-job/${serviceJobId}`,
    "scheduling-policy/p",
  ],
  ...["service-environment/s", "consumable-resource/c", "job-queue/sq/quota-share/x"],
].map((resource) => arn(resource));

type Attempts = readonly [operation: string, inputs: object[]][];

const ATTEMPTS: Attempts = [
  ["CancelJob", JOBS.map((one) => ({ jobId: one, reason: "x" }))],
  ["CancelJobs", [{ jobs: JOBS, reason: "x" }]],
  ["TerminateJob", JOBS.map((one) => ({ jobId: one, reason: "x" }))],
  ["TerminateJobs", [{ jobs: JOBS, reason: "x" }]],
  ["DescribeJobs", [{ jobs: JOBS }]],
  [
    "ListJobs",
    [
      ...QUEUES.map((jobQueue) => ({ jobQueue })),
      { arrayJobId: arrayId, jobStatus: "RUNNING" },
      { arrayJobId: arn(`job/${arrayId}`), jobStatus: "RUNNING" },
    ],
  ],
  ["GetJobQueueSnapshot", QUEUES.map((jobQueue) => ({ jobQueue }))],
  [
    "SubmitJob",
    [
      ...QUEUES.map((jobQueue) => ({ jobName: "n", jobQueue, jobDefinition: "default" })),
      ...ways("job-definition", "d").map((jobDefinition) => ({ jobName: "n", jobQueue: "default", jobDefinition })),
      ...ways("job-definition", "d:1").map((jobDefinition) => ({ jobName: "n", jobQueue: "default", jobDefinition })),
      ...JOBS.map((one) => ({
        jobName: "n",
        jobQueue: "default",
        jobDefinition: "default",
        dependsOn: [{ jobId: one }],
      })),
      {
        jobName: "n",
        jobQueue: "default",
        jobDefinition: "default",
        consumableResourcePropertiesOverride: {
          consumableResourceList: [{ consumableResource: CONSUMABLES[1], quantity: 1 }],
        },
      },
    ],
  ],
  ["DescribeComputeEnvironments", [{}, { computeEnvironments: ENVIRONMENTS }]],
  ["UpdateComputeEnvironment", ENVIRONMENTS.map((computeEnvironment) => ({ computeEnvironment, state: "DISABLED" }))],
  ["DeleteComputeEnvironment", ENVIRONMENTS.map((computeEnvironment) => ({ computeEnvironment }))],
  ["DescribeJobQueues", [{}, { jobQueues: QUEUES }]],
  [
    "UpdateJobQueue",
    [
      ...QUEUES.map((jobQueue) => ({ jobQueue, state: "DISABLED" })),
      { jobQueue: "default", computeEnvironmentOrder: [{ order: 1, computeEnvironment: ENVIRONMENTS[1] }] },
    ],
  ],
  [
    "CreateJobQueue",
    [
      { jobQueueName: "n", priority: 1, computeEnvironmentOrder: [{ order: 1, computeEnvironment: ENVIRONMENTS[1] }] },
      {
        jobQueueName: "n",
        priority: 1,
        serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: SERVICE_ENVIRONMENTS[1] }],
        jobQueueType: "SAGEMAKER_TRAINING",
      },
      {
        jobQueueName: "n",
        priority: 1,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: "default" }],
        schedulingPolicyArn: POLICIES[0],
      },
    ],
  ],
  ["DeleteJobQueue", QUEUES.map((jobQueue) => ({ jobQueue }))],
  [
    "DescribeJobDefinitions",
    [
      {},
      { jobDefinitionName: "d" },
      { jobDefinitions: [...ways("job-definition", "d:1"), ...ways("job-definition", "d")] },
    ],
  ],
  ["DeregisterJobDefinition", ways("job-definition", "d:1").map((jobDefinition) => ({ jobDefinition }))],
  [
    "RegisterJobDefinition",
    [
      {
        jobDefinitionName: "n",
        type: "container",
        containerProperties: CONTAINER,
        consumableResourceProperties: { consumableResourceList: [{ consumableResource: CONSUMABLES[1], quantity: 1 }] },
      },
    ],
  ],
  ["DescribeConsumableResource", CONSUMABLES.map((consumableResource) => ({ consumableResource }))],
  [
    "UpdateConsumableResource",
    CONSUMABLES.map((consumableResource) => ({ consumableResource, operation: "SET", quantity: 0 })),
  ],
  ["DeleteConsumableResource", CONSUMABLES.map((consumableResource) => ({ consumableResource }))],
  ["ListConsumableResources", [{}]],
  ["ListJobsByConsumableResource", CONSUMABLES.map((consumableResource) => ({ consumableResource }))],
  ["ListSchedulingPolicies", [{}]],
  ["DescribeSchedulingPolicies", [{ arns: POLICIES }]],
  [
    "UpdateSchedulingPolicy",
    POLICIES.map((one) => ({ arn: one, quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } })),
  ],
  ["DeleteSchedulingPolicy", POLICIES.map((one) => ({ arn: one }))],
  ["DescribeServiceEnvironments", [{}, { serviceEnvironments: SERVICE_ENVIRONMENTS }]],
  [
    "UpdateServiceEnvironment",
    SERVICE_ENVIRONMENTS.map((serviceEnvironment) => ({ serviceEnvironment, state: "DISABLED" })),
  ],
  ["DeleteServiceEnvironment", SERVICE_ENVIRONMENTS.map((serviceEnvironment) => ({ serviceEnvironment }))],
  ["DescribeQuotaShare", SHARES.map((quotaShareArn) => ({ quotaShareArn }))],
  ["UpdateQuotaShare", SHARES.map((quotaShareArn) => ({ quotaShareArn, state: "DISABLED" }))],
  ["DeleteQuotaShare", SHARES.map((quotaShareArn) => ({ quotaShareArn }))],
  ["ListQuotaShares", ways("job-queue", "sq").map((jobQueue) => ({ jobQueue }))],
  [
    "CreateQuotaShare",
    ways("job-queue", "sq").map((jobQueue) => ({
      quotaShareName: "y",
      jobQueue,
      capacityLimits: LIMITS,
      resourceSharingConfiguration: { strategy: "RESERVE" },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
    })),
  ],
  [
    "SubmitServiceJob",
    ways("job-queue", "sq").map((jobQueue) => ({
      jobName: "n",
      jobQueue,
      serviceRequestPayload: "{}",
      serviceJobType: "SAGEMAKER_TRAINING",
    })),
  ],
  ["ListServiceJobs", ways("job-queue", "sq").map((jobQueue) => ({ jobQueue }))],
  ["DescribeServiceJob", SERVICE_JOBS.map((one) => ({ jobId: one }))],
  ["UpdateServiceJob", SERVICE_JOBS.map((one) => ({ jobId: one, schedulingPriority: 1 }))],
  ["TerminateServiceJob", SERVICE_JOBS.map((one) => ({ jobId: one, reason: "x" }))],
  ["TerminateServiceJobs", [{ jobs: SERVICE_JOBS, reason: "x" }]],
  ["TagResource", TAGGED.map((resourceArn) => ({ resourceArn, tags: { a: "b" } }))],
  ["UntagResource", TAGGED.map((resourceArn) => ({ resourceArn, tagKeys: ["note"] }))],
  ["ListTagsForResource", TAGGED.map((resourceArn) => ({ resourceArn }))],
];

/** These make something new of the caller's own. */
const NOT_TRIED = [
  "CreateComputeEnvironment",
  "CreateConsumableResource",
  "CreateSchedulingPolicy",
  "CreateServiceEnvironment",
];

const STRANGERS = [
  { who: "another account", key: 1, region: "us-east-1" },
  { who: "the same account in another region", key: 0, region: "eu-west-1" },
  { who: "another account in another region", key: 1, region: "eu-west-1" },
];

type AnyCommand = new (input: object) => batch.DescribeJobsCommand;

test("all operations are tried", () => {
  const names = Object.keys(batch).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? []);
  assert.deepEqual([...ATTEMPTS.map(([name]) => name), ...NOT_TRIED].sort(), names.sort());
});

for (const { who, key, region } of STRANGERS) {
  test(`${who} sees and changes nothing with any operation of AWS Batch`, async () => {
    const client = server.client(key, region);
    const before = await everything();
    assert.ok(before.includes(SECRET));
    for (const [operation, inputs] of ATTEMPTS) {
      const Command = (batch as unknown as Record<string, AnyCommand>)[`${operation}Command`]!;
      for (const input of inputs) {
        const said = await client.send(new Command(input)).catch((error: Error) => `${error.name}: ${error.message}`);
        const text = JSON.stringify(said);
        assert.ok(!text.includes(SECRET), `${operation} ${JSON.stringify(input)} shows ${text}`);
        assert.doesNotMatch(text, /ServerException/, `${operation} ${JSON.stringify(input)}`);
      }
      const now = await everything();
      assert.ok(now === before, `${operation} has changed something: ${difference(before, now)}`);
    }
  });

  test(`${who} reads no log and sees no task`, async () => {
    const call = rawRequestTo(server.url, server.keys[key]!, region);
    const json = (service: string, target: string, body: object): Promise<RawAnswer> => {
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
      return call(service, { path: "/", headers, body: JSON.stringify(body) });
    };
    const group = "/aws/batch/job";
    const groupArn = `arn:aws:logs:us-east-1:${OWNER}:log-group:${group}`;
    const { taskArn, containerInstanceArn } = job.container!;
    const { computeEnvironments } = await owner.send(
      new batch.DescribeComputeEnvironmentsCommand({ computeEnvironments: ["q"] }),
    );
    const cluster = computeEnvironments![0]!.ecsClusterArn!;
    const attempts: [service: string, target: string, body: object][] = [
      ["logs", "Logs_20140328.GetLogEvents", { logGroupName: group, logStreamName: stream }],
      ["logs", "Logs_20140328.GetLogEvents", { logGroupIdentifier: groupArn, logStreamName: stream }],
      ["logs", "Logs_20140328.FilterLogEvents", { logGroupName: group }],
      ["logs", "Logs_20140328.FilterLogEvents", { logGroupIdentifier: groupArn, logStreamNames: [stream] }],
      ["logs", "Logs_20140328.DescribeLogStreams", { logGroupName: group, logStreamNamePrefix: stream }],
      ["logs", "Logs_20140328.DescribeLogStreams", { logGroupIdentifier: groupArn }],
      ["ecs", "AmazonEC2ContainerServiceV20141113.DescribeTasks", { cluster, tasks: [taskArn] }],
      ["ecs", "AmazonEC2ContainerServiceV20141113.ListTasks", { cluster }],
      ["ecs", "AmazonEC2ContainerServiceV20141113.ListContainerInstances", { cluster }],
      [
        "ecs",
        "AmazonEC2ContainerServiceV20141113.DescribeContainerInstances",
        { cluster, containerInstances: [containerInstanceArn] },
      ],
      ["ecs", "AmazonEC2ContainerServiceV20141113.DescribeClusters", { clusters: [cluster] }],
    ];
    for (const [service, target, body] of attempts) {
      const { status, json: answer, text } = await json(service, target, body);
      assert.ok(!text.includes(SECRET), `${target} ${JSON.stringify(body)} shows ${text}`);
      assert.ok(status < 500, `${target}: ${answer.message}`);
      const found = Object.values(answer).filter((value) => Array.isArray(value) && value.length > 0);
      assert.deepEqual(
        found.filter((list) => !JSON.stringify(list).includes('"reason":"MISSING"')),
        [],
        `${target} shows ${text}`,
      );
    }
  });
}

test("the same names are theirs to use, and page tokens of one are nothing to another", async () => {
  for (const { key, region } of STRANGERS) {
    const client = server.client(key, region);
    await createQueue(client, "q");
    await register(client, "d");
    const foreign = { jobName: "n", jobQueue: "q", jobDefinition: arn("job-definition/d") };
    await assert.rejects(client.send(new batch.SubmitJobCommand(foreign)), {
      message: `JobDefinition ${arn("job-definition/d")} not found.`,
    });
    const { jobQueues } = await client.send(new batch.DescribeJobQueuesCommand({ jobQueues: ["q"] }));
    assert.equal(jobQueues?.[0]?.jobQueueArn, arn("job-queue/q", region).replace(OWNER, server.keys[key]!.account));
    const { nextToken } = await owner.send(new batch.DescribeJobQueuesCommand({ maxResults: 1 }));
    assert.ok(nextToken);
    await assert.rejects(client.send(new batch.DescribeJobQueuesCommand({ maxResults: 1, nextToken })), {
      name: "ClientException",
    });
  }
  home.finish();
  assert.equal((await ended(owner, jobId)).status, "SUCCEEDED");
  assert.equal((await ended(owner, arrayId)).status, "SUCCEEDED");
});
