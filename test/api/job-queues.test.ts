import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CreateJobQueueCommandInput, JobQueueDetail, UpdateJobQueueCommandInput } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DeleteJobQueueCommand,
  DescribeJobQueuesCommand,
  UpdateJobQueueCommand,
} from "@aws-sdk/client-batch";
import { ended, submit, untilStatus } from "../support/jobs.ts";
import { apiServer, createQueue, EC2, environmentRequest, FARGATE, refused, untilQueue } from "./server.ts";

const { batch } = await apiServer({ after });

for (const [name, resources] of Object.entries({
  "ec2-1": EC2,
  "ec2-2": EC2,
  "ec2-3": EC2,
  "ec2-4": EC2,
  fargate: FARGATE,
})) {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest(name, resources)));
}
const order = (...names: readonly string[]) =>
  names.map((computeEnvironment, index) => ({ order: index + 1, computeEnvironment }));
const create = (jobQueueName: string, more: Partial<CreateJobQueueCommandInput> = {}) =>
  batch.send(
    new CreateJobQueueCommand({ jobQueueName, priority: 1, computeEnvironmentOrder: order("ec2-1"), ...more }),
  );
const update = (jobQueue: string, input: Partial<UpdateJobQueueCommandInput>) =>
  batch.send(new UpdateJobQueueCommand({ jobQueue, ...input }));
const remove = (jobQueue: string) => batch.send(new DeleteJobQueueCommand({ jobQueue }));
async function describe(name: string): Promise<JobQueueDetail> {
  return (await batch.send(new DescribeJobQueuesCommand({ jobQueues: [name] }))).jobQueues![0]!;
}
const environmentArn = (name: string) => `arn:aws:batch:us-east-1:123456789012:compute-environment/${name}`;

test("only environments that are there and VALID", async () => {
  const elsewhere = "arn:aws:batch:eu-west-1:123456789012:compute-environment/ec2-1";
  for (const name of ["nowhere", elsewhere]) {
    await assert.rejects(
      create("refused", { computeEnvironmentOrder: order("ec2-1", name) }),
      refused("Compute Environments must be created and valid before attaching them to a job queue"),
    );
  }
  assert.equal(await describe("refused"), undefined);
});

test("a queue becomes VALID and names its environments by ARN", async () => {
  const created = await create("plain", {
    priority: 7,
    computeEnvironmentOrder: order("ec2-2", environmentArn("ec2-1")),
    tags: { a: "b" },
  });
  assert.deepEqual(
    [created.jobQueueName, created.jobQueueArn],
    ["plain", "arn:aws:batch:us-east-1:123456789012:job-queue/plain"],
  );
  await untilQueue(batch, "plain", "VALID");
  const found = await describe("plain");
  const { state, status, statusReason, priority, tags, jobQueueType, computeEnvironmentOrder } = found;
  assert.deepEqual(
    { state, status, statusReason, priority, tags, jobQueueType, computeEnvironmentOrder },
    {
      state: "ENABLED",
      status: "VALID",
      statusReason: "JobQueue Healthy",
      priority: 7,
      tags: { a: "b" },
      jobQueueType: "ECS",
      computeEnvironmentOrder: order(environmentArn("ec2-2"), environmentArn("ec2-1")),
    },
  );
  assert.deepEqual(await describe(created.jobQueueArn!), found, "by ARN");
});

test("a queue of Fargate environments is of type ECS_FARGATE", async () => {
  await create("on-fargate", { computeEnvironmentOrder: order("fargate") });
  assert.equal((await describe("on-fargate")).jobQueueType, "ECS_FARGATE");
});

test("a name that is taken", async () => {
  await create("taken");
  await assert.rejects(create("taken"), refused("Object already exists"));
});

test("UpdateJobQueue changes only what is sent", async () => {
  await create("updated", { priority: 3, tags: { a: "b" } });
  await untilQueue(batch, "updated", "VALID");
  const answer = await update("updated", { priority: 9 });
  assert.deepEqual([answer.jobQueueName, answer.jobQueueArn?.endsWith("/updated")], ["updated", true]);
  await untilQueue(batch, "updated", "VALID");
  await update("updated", { computeEnvironmentOrder: order("ec2-3") });
  await untilQueue(batch, "updated", "VALID");
  const { priority, state, tags, computeEnvironmentOrder } = await describe("updated");
  assert.deepEqual(
    [priority, state, tags, computeEnvironmentOrder],
    [9, "ENABLED", { a: "b" }, order(environmentArn("ec2-3"))],
  );
  await assert.rejects(update("nowhere", { priority: 1 }), refused("JobQueue nowhere not found."));
});

test("a DISABLED queue takes no new jobs; those in it go on", async () => {
  await createQueue(batch, "disabled");
  const before = await submit(
    batch,
    ["sh", "-c", "while [ ! -e stop ] && [ $((n += 1)) -lt 10 ]; do sleep 0.01; done"],
    { jobQueue: "disabled" },
  );
  await update("disabled", { state: "DISABLED" });
  await untilQueue(batch, "disabled", "VALID");
  await assert.rejects(
    submit(batch, ["true"], { jobQueue: "disabled" }),
    refused("JobQueue disabled is not in ENABLED state."),
  );
  assert.equal((await ended(batch, before)).status, "SUCCEEDED");
});

test("DeleteJobQueue: disabled only; its jobs end FAILED, it is gone, and again is no error", async () => {
  await createQueue(batch, "deleted");
  const running = await submit(batch, ["sleep", "60"], { jobQueue: "deleted" });
  const waiting = await submit(batch, ["true"], { jobQueue: "deleted", dependsOn: [{ jobId: running }] });
  await untilStatus(batch, running, "RUNNING");
  await assert.rejects(remove("deleted"), refused("Cannot delete, resource must be DISABLED."));
  await update("deleted", { state: "DISABLED" });
  await untilQueue(batch, "deleted", "VALID");
  await remove("deleted");
  for (const jobId of [running, waiting]) {
    const job = await ended(batch, jobId);
    assert.deepEqual([job.status, job.statusReason], ["FAILED", "JobQueue deleted"]);
  }
  await untilQueue(batch, "deleted", "gone");
  await remove("deleted");
  await assert.rejects(submit(batch, ["true"], { jobQueue: "deleted" }), refused("JobQueue deleted not found."));
  for (const arn of [
    "arn:aws:batch:us-east-1:210987654321:job-queue/deleted",
    "arn:aws:batch:us-east-1:123456789012:compute-environment/deleted",
  ]) {
    await assert.rejects(remove(arn), refused(`JobQueue ${arn} not found.`));
  }
});

test("DescribeJobQueues: unknown names are left out, pages, an empty token is the first page", async () => {
  for (const name of ["page-a", "page-b", "page-c"]) await create(name);
  const names = async (input: object): Promise<string[]> => {
    const { jobQueues = [] } = await batch.send(new DescribeJobQueuesCommand(input));
    return jobQueues.map(({ jobQueueName }) => jobQueueName!);
  };
  assert.deepEqual(await names({ jobQueues: ["page-b", "nowhere", "page-a"] }), ["page-b", "page-a"]);
  assert.deepEqual(await names({ nextToken: "" }), await names({}));
  const first = await batch.send(new DescribeJobQueuesCommand({ maxResults: 1 }));
  assert.equal(first.jobQueues?.length, 1);
  const second = await batch.send(new DescribeJobQueuesCommand({ maxResults: 1, nextToken: first.nextToken }));
  assert.notEqual(second.jobQueues?.[0]?.jobQueueName, first.jobQueues?.[0]?.jobQueueName);
  await assert.rejects(names({ maxResults: 0 }), refused("maxResults must be between 1 and 100."));
  await assert.rejects(names({ nextToken: "made up" }), refused("The nextToken is not valid for this request."));
});

test("CREATING and UPDATING can be seen by nobody longer than a tick: a queue is usable at once after its creation", async () => {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest("at-once")));
  await create("at-once", { computeEnvironmentOrder: order("at-once") });
  assert.equal((await ended(batch, await submit(batch, ["true"], { jobQueue: "at-once" }))).status, "SUCCEEDED");
});
