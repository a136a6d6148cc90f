import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { BatchClient, FairsharePolicy } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  GetJobQueueSnapshotCommand,
  TagResourceCommand,
  TerminateJobCommand,
  UntagResourceCommand,
  UpdateSchedulingPolicyCommand,
} from "@aws-sdk/client-batch";
import { describeJob, ended, submit, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, EC2, environmentRequest, prefixed, refused, register } from "./server.ts";

const POLICY_ARN = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/fair";
const MAX_RUNNING = "longshore:max-running-jobs";

/** A server with so many vCPUs, and a queue `fair` whose environment may have all of them. */
async function fairServer(t: TestContext, vcpus: number, fairsharePolicy: FairsharePolicy): Promise<BatchClient> {
  const { batch } = await apiServer(t, { vcpus });
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest("fair", { ...EC2, maxvCpus: vcpus })));
  await batch.send(new CreateSchedulingPolicyCommand({ name: "fair", fairsharePolicy }));
  await batch.send(
    new CreateJobQueueCommand({
      ...{ jobQueueName: "fair", priority: 1, schedulingPolicyArn: POLICY_ARN },
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: "fair" }],
    }),
  );
  await register(batch, "work", { command: ["true"] }, { schedulingPriority: 1 });
  return batch;
}

function submitOf(batch: BatchClient, shareIdentifier: string, seconds: number, priority?: number): Promise<string> {
  return submit(batch, ["sleep", String(seconds)], {
    ...{ jobQueue: "fair", jobDefinition: "work", shareIdentifier },
    ...(priority !== undefined && { schedulingPriorityOverride: priority }),
  });
}

/** Once the scheduler has seen so many. */
function front(batch: BatchClient, count: number): Promise<(string | undefined)[]> {
  return until(`${count} jobs wait`, async () => {
    const { frontOfQueue } = await batch.send(new GetJobQueueSnapshotCommand({ jobQueue: "fair" }));
    const ids = frontOfQueue!.jobs!.map(({ jobArn }) => jobArn?.split("/").at(-1));
    return ids.length === count && ids;
  });
}

async function terminate(batch: BatchClient, jobId: string): Promise<void> {
  await batch.send(new TerminateJobCommand({ jobId, reason: "enough" }));
  await ended(batch, jobId);
}

test("who has used less is next; another weight turns that round at once, and the jobs start so", async (t) => {
  const batch = await fairServer(t, 1, {});
  await ended(batch, await submitOf(batch, "greedy", 1));
  await ended(batch, await submitOf(batch, "modest", 0.2));
  const running = await submitOf(batch, "other", 600);
  await untilStatus(batch, running, "RUNNING");
  const greedy = await submitOf(batch, "greedy", 0.1);
  const modest = await submitOf(batch, "modest", 0.1);
  await untilStatus(batch, modest, "RUNNABLE");
  assert.deepEqual(await front(batch, 2), [modest, greedy]);
  const shareDistribution = [
    { shareIdentifier: "greedy", weightFactor: 0.01 },
    { shareIdentifier: "mod*", weightFactor: 10 },
  ];
  await batch.send(new UpdateSchedulingPolicyCommand({ arn: POLICY_ARN, fairsharePolicy: { shareDistribution } }));
  assert.deepEqual(await front(batch, 2), [greedy, modest]);
  await terminate(batch, running);
  const [first, second] = [await ended(batch, greedy), await ended(batch, modest)];
  assert.ok(first.stoppedAt! <= second.startedAt!, `${first.stoppedAt} and ${second.startedAt}`);
});

test("within a share the higher schedulingPriority is first, between shares it says nothing", async (t) => {
  const batch = await fairServer(t, 1, {});
  const running = await submitOf(batch, "a", 600);
  await untilStatus(batch, running, "RUNNING");
  const low = await submitOf(batch, "a", 0.1, 1);
  const high = await submitOf(batch, "a", 0.1, 9);
  const other = await submitOf(batch, "b", 0.1, 0);
  await untilStatus(batch, other, "RUNNABLE");
  assert.deepEqual(await front(batch, 3), [other, high, low]);
  await terminate(batch, running);
  const [first, second, third] = await Promise.all([other, high, low].map((id) => ended(batch, id)));
  assert.ok(first!.stoppedAt! <= second!.startedAt! && second!.stoppedAt! <= third!.startedAt!);
});

test("a half is kept for a share that is not active yet", async (t) => {
  const batch = await fairServer(t, 4, { computeReservation: 50 });
  const jobs = [await submitOf(batch, "a", 600), await submitOf(batch, "a", 600), await submitOf(batch, "a", 600)];
  for (const id of jobs.slice(0, 2)) await untilStatus(batch, id, "RUNNING");
  assert.equal(
    (await describeJob(batch, jobs[2]!)).statusReason,
    "Waiting for capacity: 2 vCPU are kept free for shares that are not active yet (computeReservation, with 1 active).",
  );
  // With two active, a quarter is kept, and the new one is first.
  const late = await submitOf(batch, "b", 600);
  await untilStatus(batch, late, "RUNNING");
  assert.equal((await describeJob(batch, jobs[2]!)).status, "RUNNABLE");
  await batch.send(new UpdateSchedulingPolicyCommand({ arn: POLICY_ARN, fairsharePolicy: { computeReservation: 0 } }));
  await untilStatus(batch, jobs[2]!, "RUNNING");
  for (const id of [...jobs, late]) await terminate(batch, id);
});

test("a queue's tag says how many of its jobs run at a time, as soon as it says so", async (t) => {
  const { batch } = await apiServer(t);
  const queue = (jobQueueName: string, limit: string) =>
    new CreateJobQueueCommand({
      ...{ jobQueueName, priority: 1, tags: { [MAX_RUNNING]: limit } },
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: "default" }],
    });
  for (const value of ["0", "-1", "1.5", "many", "", "1000001"]) {
    const message = `The tag ${MAX_RUNNING} must be a whole number from 1 to 1000000, not ${value}.`;
    await assert.rejects(batch.send(queue("refused", value)), refused(prefixed(message)));
  }
  const { jobQueueArn: resourceArn } = await batch.send(queue("narrow", "1"));
  const running = await submit(batch, ["sleep", "600"], { jobQueue: "narrow" });
  const array = await submit(batch, ["sleep", "600"], { jobQueue: "narrow", arrayProperties: { size: 3 } });
  await untilStatus(batch, running, "RUNNING");
  const child = await untilStatus(batch, `${array}:0`, "RUNNABLE");
  assert.equal(
    child.statusReason,
    `Waiting for jobs of its queue to end: 1 of them run, and not more may at a time (tag ${MAX_RUNNING}).`,
  );
  await assert.rejects(
    batch.send(new TagResourceCommand({ resourceArn: resourceArn!, tags: { [MAX_RUNNING]: "none" } })),
    refused(prefixed(`The tag ${MAX_RUNNING} must be a whole number from 1 to 1000000, not none.`)),
  );
  await batch.send(new TagResourceCommand({ resourceArn: resourceArn!, tags: { [MAX_RUNNING]: "2" } }));
  await untilStatus(batch, `${array}:0`, "RUNNING");
  assert.equal((await describeJob(batch, `${array}:1`)).status, "RUNNABLE", "children count one by one");
  await batch.send(new UntagResourceCommand({ resourceArn: resourceArn!, tagKeys: [MAX_RUNNING] }));
  await untilStatus(batch, `${array}:2`, "RUNNING");
  await terminate(batch, running);
  await terminate(batch, array);
});
