import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CreateJobQueueCommandInput } from "@aws-sdk/client-batch";
import {
  CancelJobCommand,
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  CreateQuotaShareCommand,
  CreateSchedulingPolicyCommand,
  DescribeQuotaShareCommand,
  GetJobQueueSnapshotCommand,
  TerminateJobCommand,
  TerminateServiceJobsCommand,
} from "@aws-sdk/client-batch";
import type { SharesAnswer } from "../../src/ports/share-report.ts";
import { describeJob, ended, submit, untilStatus } from "../support/jobs.ts";
import {
  createServiceQueue,
  serviceEnded,
  submitService,
  trainingRequest,
  untilServiceStatus,
} from "../support/service-jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, EC2, EKS, environmentRequest, ON_EKS, refused, register } from "./server.ts";

const { batch, url } = await apiServer({ after }, { vcpus: 4 });
const PREFIX = "arn:aws:batch:us-east-1:123456789012";

async function createQueue(jobQueueName: string, more: Partial<CreateJobQueueCommandInput> = {}, on = "here") {
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: on }];
  await batch.send(new CreateJobQueueCommand({ jobQueueName, priority: 1, computeEnvironmentOrder, ...more }));
}
await batch.send(new CreateComputeEnvironmentCommand(environmentRequest("here", EC2)));

async function snapshot(jobQueue: string) {
  const { $metadata: _, ...found } = await batch.send(new GetJobQueueSnapshotCommand({ jobQueue }));
  return found;
}

const sharesUrl = (queue: string): string => `${url}/longshore/queues/${encodeURIComponent(queue)}/shares`;

async function sharesOf(queue: string): Promise<SharesAnswer> {
  const answer = await fetch(sharesUrl(queue));
  assert.equal(answer.status, 200);
  return (await answer.json()) as SharesAnswer;
}

type Snapshot = Awaited<ReturnType<typeof snapshot>>;
const arnsOf = ({ frontOfQueue }: Snapshot) => (frontOfQueue?.jobs ?? []).map(({ jobArn }) => jobArn);
const timesOf = ({ frontOfQueue }: Snapshot) =>
  (frontOfQueue?.jobs ?? []).map(({ earliestTimeAtPosition = 0 }) => earliestTimeAtPosition);

test("a queue in which nothing happens, and one that is not there", async () => {
  await createQueue("idle");
  const { frontOfQueue, queueUtilization, frontOfQuotaShares } = await snapshot("idle");
  assert.deepEqual(frontOfQueue?.jobs, []);
  assert.deepEqual(queueUtilization?.totalCapacityUsage, [{ capacityUnit: "VCPU", quantity: 0 }]);
  assert.deepEqual([queueUtilization?.fairshareUtilization, frontOfQuotaShares], [undefined, undefined]);
  const { lastUpdatedAt = 0 } = frontOfQueue ?? {};
  assert.ok(Math.abs(lastUpdatedAt - Date.now()) < 60_000);
  await assert.rejects(snapshot("nowhere"), refused("JobQueue nowhere not found."));
});

test("the jobs that are next, children one by one, since when they are there, and what runs", async () => {
  await createQueue("busy");
  const before = Date.now();
  const running = await submit(batch, ["sleep", "60"], {
    jobQueue: "busy",
    containerOverrides: { resourceRequirements: [{ type: "VCPU", value: "4" }] },
  });
  await untilStatus(batch, running, "RUNNING");
  const first = await submit(batch, ["true"], { jobQueue: "busy" });
  const array = await submit(batch, ["true"], { jobQueue: "busy", arrayProperties: { size: 120 } });
  await untilStatus(batch, `${array}:0`, "RUNNABLE");
  const queueArn = `${PREFIX}:job-queue/busy`;
  const arns = (...ids: readonly string[]) => ids.map((id) => `${PREFIX}:job/${id}`);
  const children = Array.from({ length: 120 }, (_, index) => `${array}:${index}`);
  const full = await snapshot(queueArn);
  assert.deepEqual(arnsOf(full), arns(first, ...children.slice(0, 99)));
  assert.deepEqual(full.queueUtilization?.totalCapacityUsage, [{ capacityUnit: "VCPU", quantity: 4 }]);
  assert.ok(timesOf(full).every((at) => at >= before && at <= Date.now()));
  assert.deepEqual((await snapshot("busy")).frontOfQueue?.jobs, full.frontOfQueue?.jobs, "nobody has moved");

  await batch.send(new CancelJobCommand({ jobId: first, reason: "make room" }));
  const { stoppedAt } = await describeJob(batch, first);
  const moved = await snapshot("busy");
  assert.deepEqual(arnsOf(moved), arns(...children.slice(0, 100)));
  assert.ok(
    timesOf(moved).every((at) => at >= stoppedAt!),
    "all have moved up by one",
  );
  await batch.send(new TerminateJobCommand({ jobId: running, reason: "enough" }));
  await ended(batch, array);
  assert.deepEqual((await snapshot("busy")).frontOfQueue?.jobs, []);
});

test("of a queue with a fair-share policy, what each share holds, the largest first", async () => {
  await batch.send(new CreateSchedulingPolicyCommand({ name: "fair", fairsharePolicy: {} }));
  await createQueue("fair", { schedulingPolicyArn: `${PREFIX}:scheduling-policy/fair` });
  await register(batch, "prioritised", { command: ["sleep", "60"] }, { schedulingPriority: 1 });
  const share = (shareIdentifier: string, more = {}) =>
    submit(batch, ["sleep", "60"], { jobQueue: "fair", jobDefinition: "prioritised", shareIdentifier, ...more });
  const jobs = [await share("blue"), await share("green", { arrayProperties: { size: 2 } }), await share("blue")];
  for (const id of [jobs[0]!, jobs[2]!, `${jobs[1]}:0`, `${jobs[1]}:1`]) await untilStatus(batch, id, "RUNNING");
  jobs.push(await share("red"));
  const fair = await until("the last one waits", async () => {
    const now = await snapshot("fair");
    return now.frontOfQueue?.jobs?.length === 1 && now;
  });
  const { lastUpdatedAt: _, ...utilization } = fair.queueUtilization!;
  const usage = (quantity: number) => [{ capacityUnit: "VCPU", quantity }];
  assert.deepEqual(utilization, {
    totalCapacityUsage: usage(4),
    fairshareUtilization: {
      activeShareCount: 2,
      topCapacityUtilization: [
        { shareIdentifier: "blue", capacityUsage: usage(2) },
        { shareIdentifier: "green", capacityUsage: usage(2) },
      ],
    },
  });
  assert.deepEqual(arnsOf(fair), [`${PREFIX}:job/${jobs[3]}`]);
  const { fairShare } = await sharesOf("fair");
  assert.equal(fairShare?.windowSeconds, 600);
  assert.deepEqual(
    fairShare.shares.map(({ share, weight, vcpusInUse, openJobs, nextJob }) => ({
      share,
      weight,
      vcpusInUse,
      openJobs,
      ...(nextJob && { nextJob }),
    })),
    [
      { share: "red", weight: 1, vcpusInUse: 0, openJobs: 1, nextJob: jobs[3] },
      { share: "blue", weight: 1, vcpusInUse: 2, openJobs: 2 },
      { share: "green", weight: 1, vcpusInUse: 2, openJobs: 1 },
    ],
  );
  assert.equal(fairShare.shares[0]!.standing, 0, "who has used nothing is next");
  // Each of two attempts counts as a tenth of the window from its first moment.
  assert.ok(fairShare.shares[1]!.standing >= 2 * 60, JSON.stringify(fairShare));
  assert.deepEqual(await sharesOf(`${PREFIX}:job-queue/busy`), {}, "a queue without a policy has no shares");
  assert.match((await fetch(sharesUrl("nowhere"))).headers.get("x-amzn-errortype")!, /ClientException/);
  await Promise.all(jobs.map((jobId) => batch.send(new TerminateJobCommand({ jobId, reason: "enough" }))));
  await Promise.all(jobs.map((jobId) => ended(batch, jobId)));
});

test("queues of pods count in cpu", async () => {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest("pods", ON_EKS, EKS)));
  await createQueue("pods", {}, "pods");
  const { queueUtilization } = await snapshot("pods");
  assert.deepEqual(queueUtilization?.totalCapacityUsage, [{ capacityUnit: "cpu", quantity: 0 }]);
});

test("a queue under quota management: the first job of each share, and the instances that each share holds", async () => {
  await batch.send(
    new CreateSchedulingPolicyCommand({ name: "quota", quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } }),
  );
  const limits = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 3 }];
  await createServiceQueue(batch, "training", limits, { schedulingPolicyArn: `${PREFIX}:scheduling-policy/quota` });
  for (const quotaShareName of ["red", "blue"]) {
    await batch.send(
      new CreateQuotaShareCommand({
        quotaShareName,
        jobQueue: "training",
        capacityLimits: limits,
        resourceSharingConfiguration: { strategy: "LEND_AND_BORROW" },
        preemptionConfiguration: { inSharePreemption: "DISABLED" },
      }),
    );
    await until(`${quotaShareName} is VALID`, async () => {
      const quotaShareArn = `${PREFIX}:job-queue/training/quota-share/${quotaShareName}`;
      return (await batch.send(new DescribeQuotaShareCommand({ quotaShareArn }))).status === "VALID";
    });
  }
  const train = (quotaShareName: string, InstanceCount: number) =>
    submitService(
      batch,
      trainingRequest("sleep 60", { ResourceConfig: { InstanceType: "ml.g6.xlarge", InstanceCount } }),
      { quotaShareName },
    );
  const running = [await train("red", 1), await train("blue", 2)];
  for (const jobId of running) await untilServiceStatus(batch, jobId, "RUNNING");
  const waiting = [await train("blue", 1), await train("blue", 1), await train("red", 1)];
  for (const jobId of waiting) await untilServiceStatus(batch, jobId, "RUNNABLE");
  const found = await snapshot("training");
  const arns = waiting.map((jobId) => `${PREFIX}:service-job/${jobId}`);
  assert.deepEqual(arnsOf(found), [arns[0], arns[2], arns[1]], "share by share");
  const { quotaShares = {} } = found.frontOfQuotaShares ?? {};
  const firstOf = (share: string) => quotaShares[share]?.map(({ jobArn }) => jobArn);
  assert.deepEqual([Object.keys(quotaShares).length, firstOf("blue"), firstOf("red")], [2, [arns[0]], [arns[2]]]);
  assert.ok(Object.values(quotaShares).every(([first]) => first!.earliestTimeAtPosition! <= Date.now()));
  const { lastUpdatedAt: _, ...utilization } = found.queueUtilization!;
  const usage = (quantity: number) => [{ capacityUnit: "ml.g6.xlarge", quantity }];
  assert.deepEqual(utilization, {
    totalCapacityUsage: usage(3),
    quotaShareUtilization: {
      topCapacityUtilization: [
        { quotaShareName: "blue", capacityUsage: usage(2) },
        { quotaShareName: "red", capacityUsage: usage(1) },
      ],
    },
  });
  await batch.send(new TerminateServiceJobsCommand({ jobs: [...waiting, ...running], reason: "enough" }));
  for (const jobId of running) await serviceEnded(batch, jobId);
  assert.deepEqual((await snapshot("training")).frontOfQuotaShares?.quotaShares, {});
});
