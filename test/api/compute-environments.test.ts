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
import { describeJob, ended, submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import {
  apiServer,
  createQueue,
  EC2,
  environmentRequest,
  FARGATE,
  refused,
  UNMANAGED,
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

test("an unmanaged environment is described with what was given, and always with the type of its machines", async () => {
  await create("unmanaged", EC2, { ...UNMANAGED, unmanagedvCpus: 12 });
  const { type, serviceRole, unmanagedvCpus, computeResources, ecsClusterArn } = await describe("unmanaged");
  assert.deepEqual(
    { type, serviceRole, unmanagedvCpus, computeResources },
    {
      type: "UNMANAGED",
      serviceRole: "batch-role",
      unmanagedvCpus: 12,
      computeResources: { type: "EC2", maxvCpus: 12 },
    },
  );
  assert.match(ecsClusterArn!, /cluster\/unmanaged_Batch_/);
  await create("unmanaged-told", EC2, { ...UNMANAGED, computeResources: { type: "EC2", maxvCpus: 8 } });
  assert.deepEqual((await describe("unmanaged-told")).computeResources, { type: "EC2", maxvCpus: 8 });
});

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
  for (const arn of [
    "arn:aws:batch:us-east-1:210987654321:compute-environment/deleted",
    "arn:aws:batch:eu-west-1:123456789012:compute-environment/deleted",
    "arn:aws:batch:us-east-1:123456789012:job-queue/deleted",
  ]) {
    await assert.rejects(remove(arn), refused(`ComputeEnvironment ${arn} not found.`));
  }
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

// Reference 6.2: AWS finds out later, and says so with the status.
const ROLE = "arn:aws:iam::123456789012:role/r";
const PROBLEMS: readonly [settings: object, resources: object, reason: RegExp][] = [
  [{ serviceRole: "no such role" }, {}, /^CLIENT_ERROR - Not authorized to perform sts:AssumeRole .*no such role/],
  [
    { serviceRole: "arn:aws:iam::123456789012:user/u" },
    {},
    /^CLIENT_ERROR - Not authorized to perform sts:AssumeRole /,
  ],
  [
    {},
    { type: "SPOT", spotIamFleetRole: "arn:aws:s3:::bucket" },
    /^CLIENT_ERROR - Parameter: SpotFleetRequestConfig\.IamFleetRole is invalid\./,
  ],
  [
    {},
    { subnets: ["vpc-1"], allocationStrategy: "BEST_FIT_PROGRESSIVE" },
    /^CLIENT_ERROR - The subnet ID 'vpc-1' does not exist$/,
  ],
  [{}, { instanceRole: ROLE }, /^CLIENT_ERROR - Instance profile arn:aws:iam::123456789012:role\/r does not exist/],
];

test("an environment with a name that no role or subnet can have becomes INVALID, takes no jobs, and is repaired by an update", async () => {
  for (const [index, [settings, resources, reason]] of PROBLEMS.entries()) {
    const name = `invalid-${index}`;
    await create(name, { ...EC2, ...resources }, settings);
    await untilEnvironment(batch, name, "INVALID");
    assert.match((await describe(name)).statusReason!, reason);
    const computeEnvironmentOrder = [{ order: 1, computeEnvironment: name }];
    await assert.rejects(
      batch.send(new CreateJobQueueCommand({ jobQueueName: "invalid", priority: 1, computeEnvironmentOrder })),
      refused("Compute Environments must be created and valid before attaching them to a job queue"),
    );
  }
  await update("invalid-0", { state: "DISABLED" });
  assert.equal((await describe("invalid-0")).status, "INVALID", "nothing was repaired");
  await update("invalid-0", { serviceRole: "/service-role/batch" });
  await untilEnvironment(batch, "invalid-0", "VALID");
  await update("invalid-3", { computeResources: { subnets: ["subnet-1"] } });
  await untilEnvironment(batch, "invalid-3", "VALID");
  await update("invalid-1", { state: "DISABLED" });
  await remove("invalid-1");
  await untilEnvironment(batch, "invalid-1", "gone");
});

test("a job waits while the environments of its queue are INVALID, and runs when one is repaired", async () => {
  await create("ailing", EC2, { serviceRole: ROLE });
  await create("spare", EC2, { serviceRole: ROLE });
  await untilEnvironment(batch, "ailing", "VALID");
  const computeEnvironmentOrder = ["ailing", "spare"].map((computeEnvironment, order) => ({
    order,
    computeEnvironment,
  }));
  await batch.send(new CreateJobQueueCommand({ jobQueueName: "ailing", priority: 1, computeEnvironmentOrder }));
  await update("ailing", { serviceRole: "not a role" });
  await untilEnvironment(batch, "ailing", "INVALID");
  const skipped = await ended(batch, await submit(batch, ["true"], { jobQueue: "ailing" }));
  assert.match(skipped.container?.taskArn ?? "", /\/spare_Batch_/, "the scheduler goes on to the next environment");
  await update("spare", { serviceRole: "not a role" });
  await untilEnvironment(batch, "spare", "INVALID");
  const waiting = await submit(batch, ["true"], { jobQueue: "ailing" });
  const invalid = "ACTION_REQUIRED - CE(s) associated with the job queue are invalid.";
  await until("it says why it waits", async () => (await describeJob(batch, waiting)).statusReason === invalid);
  await update("ailing", { serviceRole: ROLE });
  assert.equal((await ended(batch, waiting)).status, "SUCCEEDED");
});

test("jobs wait for the instances of an unmanaged environment, and say so; a managed one beside it runs them", async () => {
  await create("own-machines", EC2, { ...UNMANAGED });
  await untilEnvironment(batch, "own-machines", "VALID");
  const order = (...names: readonly string[]) =>
    names.map((computeEnvironment, n) => ({ order: n, computeEnvironment }));
  const queue = (jobQueueName: string, ...names: readonly string[]) =>
    batch.send(new CreateJobQueueCommand({ jobQueueName, priority: 1, computeEnvironmentOrder: order(...names) }));
  await queue("own-machines", "own-machines");
  const waiting = await submit(batch, ["true"], { jobQueue: "own-machines" });
  const reason =
    "Waiting for instances: the compute environment is unmanaged, and no container instance is registered in its cluster.";
  await until("it says why it waits", async () => (await describeJob(batch, waiting)).statusReason === reason);
  await create("beside", EC2);
  await queue("both", "own-machines", "beside");
  const job = await ended(batch, await submit(batch, ["true"], { jobQueue: "both" }));
  assert.match(job.container?.taskArn ?? "", /\/beside_Batch_/);
});
