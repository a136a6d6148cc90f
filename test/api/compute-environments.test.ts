import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ComputeEnvironmentDetail, UpdateComputeEnvironmentCommandInput } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DeleteComputeEnvironmentCommand,
  DescribeComputeEnvironmentsCommand,
  UpdateComputeEnvironmentCommand,
} from "@aws-sdk/client-batch";
import {
  apiServer,
  createQueue,
  EC2,
  environmentRequest,
  FARGATE,
  prefixed,
  refused,
  untilEnvironment,
} from "./server.ts";

const { batch } = await apiServer({ after });

const create = (name: string, resources: object = EC2, more = {}) =>
  batch.send(new CreateComputeEnvironmentCommand(environmentRequest(name, resources, more)));
const update = (computeEnvironment: string, input: Partial<UpdateComputeEnvironmentCommandInput>) =>
  batch.send(new UpdateComputeEnvironmentCommand({ computeEnvironment, ...input }));
const remove = (computeEnvironment: string) => batch.send(new DeleteComputeEnvironmentCommand({ computeEnvironment }));
async function describe(name: string): Promise<ComputeEnvironmentDetail> {
  const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: [name] });
  const { computeEnvironments } = await batch.send(query);
  return computeEnvironments![0]!;
}

const without = (...members: readonly string[]): object =>
  Object.fromEntries(Object.entries(EC2).filter(([name]) => !members.includes(name)));

// Reference 6.3.
const REFUSED_CREATIONS: readonly [string, object, object, string | RegExp][] = [
  [
    "a bad name",
    EC2,
    { computeEnvironmentName: "a b" },
    prefixed("Compute environment name should match a valid pattern."),
  ],
  [
    "a name that is too long",
    EC2,
    { computeEnvironmentName: "a".repeat(129) },
    prefixed("Compute environment name should match a valid pattern."),
  ],
  ["DISABLED at first", EC2, { state: "DISABLED" }, prefixed("Compute Environment must be created in ENABLED state.")],
  [
    "unmanagedvCpus",
    EC2,
    { unmanagedvCpus: 4 },
    prefixed("unmanagedvCpus is not applicable for managed Compute Environments"),
  ],
  [
    "no computeResources",
    EC2,
    { computeResources: undefined },
    prefixed("computeResources is required for managed Compute Environments."),
  ],
  ["no instance role", without("instanceRole"), {}, prefixed("Instance role is required.")],
  ["no minvCpus", without("minvCpus"), {}, prefixed("Resource minvCpus is required.")],
  ["negative minvCpus", { ...EC2, minvCpus: -1 }, {}, prefixed("minvCpus should be greater than or equal to 0.")],
  [
    "maxvCpus below minvCpus",
    { ...EC2, minvCpus: 8, maxvCpus: 4 },
    {},
    prefixed("maxvCpus should be greater than or equal to minvCpus."),
  ],
  [
    "desiredvCpus outside",
    { ...EC2, desiredvCpus: 17 },
    {},
    prefixed("desiredvCpus should be between minvCpus and maxvCpus."),
  ],
  ["no subnets", { ...EC2, subnets: [] }, {}, prefixed("Subnets are required.")],
  ["no security groups", { ...EC2, securityGroupIds: [] }, {}, prefixed("Security group ids are required.")],
  [
    "an unknown type",
    { ...EC2, type: "LAPTOP" },
    {},
    /^Error executing request, Exception : Compute resource type LAPTOP is not valid\./,
  ],
  [
    "a bid of 101 percent",
    { ...EC2, type: "SPOT", bidPercentage: 101, spotIamFleetRole: "r" },
    {},
    prefixed("Bid percentage must be between 0 to 100."),
  ],
  [
    "SPOT with BEST_FIT without fleet role",
    { ...EC2, type: "SPOT" },
    {},
    prefixed("compute resource spotIamFleetRole is required."),
  ],
  [
    "17 Fargate subnets",
    { ...FARGATE, subnets: Array.from({ length: 17 }, (_, n) => `subnet-${n}`) },
    {},
    prefixed("Fargate supports a maximum of 16 subnets."),
  ],
  [
    "6 Fargate security groups",
    { ...FARGATE, securityGroupIds: ["1", "2", "3", "4", "5", "6"] },
    {},
    prefixed("Fargate supports a maximum of 5 security groups."),
  ],
  ...Object.entries({
    allocationStrategy: "BEST_FIT",
    bidPercentage: 50,
    desiredvCpus: 1,
    ec2KeyPair: "key",
    imageId: "ami-1",
    instanceRole: "role",
    instanceTypes: ["m5"],
    launchTemplate: { launchTemplateId: "lt-1" },
    minvCpus: 0,
    placementGroup: "group",
    spotIamFleetRole: "role",
    tags: { a: "b" },
  }).map(([member, value]): [string, object, object, RegExp] => [
    `${member} on Fargate`,
    { ...FARGATE, [member]: value },
    {},
    prefixed(`${member} is not applicable for Fargate.`),
  ]),
  ["a tag that begins with aws:", EC2, { tags: { "AWS:x": "y" } }, /tag/i],
  [
    "51 tags",
    EC2,
    { tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ""])) },
    /at most 50 tags/,
  ],
  [
    "a driver that there is none of",
    EC2,
    { tags: { "longshore:driver": "lambda" } },
    /longshore:driver must be process or docker/,
  ],
  [
    "UNMANAGED, which comes later",
    EC2,
    { type: "UNMANAGED", serviceRole: "r" },
    /^An unmanaged compute environment is not available yet in Longshore /,
  ],
];

for (const [index, [what, resources, more, message]] of REFUSED_CREATIONS.entries()) {
  test(`CreateComputeEnvironment refuses ${what}`, async () => {
    const name = `refused-${index}`;
    await assert.rejects(create(name, resources, more), refused(message));
    assert.equal(await describe(name), undefined);
  });
}

test("an environment becomes VALID, with AWS's defaults and every member that was given", async () => {
  const arn = "arn:aws:batch:us-east-1:123456789012:compute-environment/plain";
  const created = await create("plain", EC2, { tags: { team: "blue" } });
  assert.deepEqual([created.computeEnvironmentName, created.computeEnvironmentArn], ["plain", arn]);
  await untilEnvironment(batch, "plain", "VALID");
  const found = await describe("plain");
  assert.match(found.ecsClusterArn!, /^arn:aws:ecs:us-east-1:123456789012:cluster\/plain_Batch_[0-9a-f-]{36}$/);
  assert.match(found.uuid!, /^[0-9a-f-]{36}$/);
  const { type, state, status, statusReason, tags, containerOrchestrationType, computeResources, serviceRole } = found;
  assert.deepEqual(
    { type, state, status, statusReason, tags, containerOrchestrationType },
    {
      type: "MANAGED",
      state: "ENABLED",
      status: "VALID",
      statusReason: "ComputeEnvironment Healthy",
      tags: { team: "blue" },
      containerOrchestrationType: "ECS",
    },
  );
  assert.match(serviceRole!, /AWSServiceRoleForBatch$/);
  assert.deepEqual(computeResources, { ...EC2, allocationStrategy: "BEST_FIT", desiredvCpus: 0 });
  assert.deepEqual(await describe(arn), found, "by ARN");
});

test("a Fargate environment takes neither minvCpus nor an instance role, and gives its type back", async () => {
  await create("fargate", FARGATE);
  assert.deepEqual((await describe("fargate")).computeResources, FARGATE);
});

test("an empty serviceRole means none", async () => {
  await create("empty-role", EC2, { serviceRole: "" });
  assert.match((await describe("empty-role")).serviceRole!, /AWSServiceRoleForBatch$/);
});

test("a name that is taken", async () => {
  await create("taken");
  await assert.rejects(create("taken"), refused("Object already exists"));
});

test("UpdateComputeEnvironment merges what is sent into what is there", async () => {
  await create("updated", { ...EC2, minvCpus: 2 });
  await untilEnvironment(batch, "updated", "VALID");
  const answer = await update("updated", { state: "DISABLED", computeResources: { maxvCpus: 32 } });
  assert.equal(answer.computeEnvironmentName, "updated");
  await untilEnvironment(batch, "updated", "VALID");
  const { state, computeResources } = await describe("updated");
  assert.deepEqual(
    [state, computeResources?.minvCpus, computeResources?.maxvCpus, computeResources?.instanceRole],
    ["DISABLED", 2, 32, "ecsInstanceRole"],
  );
  await update("updated", { computeResources: { desiredvCpus: 4 } });
  await assert.rejects(
    update("updated", { computeResources: { desiredvCpus: 3 } }),
    refused(/^Manually scaling down compute environment is not supported\./),
  );
  await assert.rejects(
    update("updated", { computeResources: { maxvCpus: 1 } }),
    refused(prefixed("maxvCpus should be greater than or equal to minvCpus.")),
  );
  await assert.rejects(update("updated", { computeResources: { type: "FARGATE" } }), refused(/Fargate/));
  await update("updated", { updatePolicy: { terminateJobsOnUpdate: true, jobExecutionTimeoutMinutes: 5 } });
  assert.deepEqual((await describe("updated")).updatePolicy, {
    terminateJobsOnUpdate: true,
    jobExecutionTimeoutMinutes: 5,
  });
});

test("UpdateComputeEnvironment of one that is not there", async () => {
  await assert.rejects(update("nowhere", { state: "DISABLED" }), refused("ComputeEnvironment nowhere not found."));
});

test("DeleteComputeEnvironment: disabled and without queues only; then it is gone, and again is no error", async () => {
  await createQueue(batch, "in-use");
  await assert.rejects(remove("in-use"), refused("Cannot delete, resource must be DISABLED."));
  await update("in-use", { state: "DISABLED" });
  await untilEnvironment(batch, "in-use", "VALID");
  await assert.rejects(remove("in-use"), refused("Cannot delete, found existing JobQueue relationship"));

  await create("deleted");
  await update("deleted", { state: "DISABLED" });
  await untilEnvironment(batch, "deleted", "VALID");
  await remove("deleted");
  await untilEnvironment(batch, "deleted", "gone");
  await remove("deleted");
  await create("deleted");
  await untilEnvironment(batch, "deleted", "VALID");
});

test("DescribeComputeEnvironments: unknown names are left out, pages, an empty token is the first page", async () => {
  for (const name of ["page-a", "page-b", "page-c"]) await create(name);
  const names = async (input: object): Promise<string[]> => {
    const { computeEnvironments = [] } = await batch.send(new DescribeComputeEnvironmentsCommand(input));
    return computeEnvironments.map(({ computeEnvironmentName }) => computeEnvironmentName!);
  };
  assert.deepEqual(await names({ computeEnvironments: ["page-b", "nowhere", "page-a"] }), ["page-b", "page-a"]);
  assert.deepEqual(await names({ computeEnvironments: [] }), await names({}));
  assert.deepEqual(await names({ nextToken: "" }), await names({}));
  const all: string[] = [];
  for (let nextToken: string | undefined, pages = 0; pages === 0 || nextToken !== undefined; pages += 1) {
    assert.ok(pages < 100);
    const page = await batch.send(new DescribeComputeEnvironmentsCommand({ maxResults: 2, nextToken }));
    assert.ok(page.computeEnvironments!.length <= 2);
    all.push(...page.computeEnvironments!.map(({ computeEnvironmentName }) => computeEnvironmentName!));
    nextToken = page.nextToken;
  }
  assert.deepEqual(all.toSorted(), (await names({})).toSorted());
  for (const maxResults of [0, 101]) {
    await assert.rejects(names({ maxResults }), refused("maxResults must be between 1 and 100."));
  }
  await assert.rejects(names({ nextToken: "made up" }), refused("The nextToken is not valid for this request."));
  const tooMany = Array.from({ length: 101 }, (_, n) => `e${n}`);
  await assert.rejects(
    names({ computeEnvironments: tooMany }),
    refused("computeEnvironments can have at most 100 entries."),
  );
});

test("a queue may not use an environment that is being deleted", async () => {
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "never-there" }];
  await assert.rejects(
    batch.send(new CreateJobQueueCommand({ jobQueueName: "q", priority: 1, computeEnvironmentOrder })),
    refused("Compute Environments must be created and valid before attaching them to a job queue"),
  );
});
