import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { BatchClient, SubmitServiceJobCommandInput } from "@aws-sdk/client-batch";
import {
  CreateQuotaShareCommand,
  CreateSchedulingPolicyCommand,
  GetJobQueueSnapshotCommand,
  ListServiceJobsCommand,
  UpdateQuotaShareCommand,
  UpdateServiceJobCommand,
} from "@aws-sdk/client-batch";
import type { RunningServer } from "../../src/compose.ts";
import { startServer } from "../../src/compose.ts";
import { batchClient } from "../support/clients.ts";
import { removeDataDir } from "../support/leftovers.ts";
import {
  createServiceQueue,
  describeService,
  serviceEnded,
  submitService,
  trainingRequest,
  untilServiceStatus,
  whyServiceWaits,
} from "../support/service-jobs.ts";
import { until } from "../support/until.ts";
import { apiServer } from "./server.ts";

const PREFIX = "arn:aws:batch:us-east-1:123456789012";
const TYPE = "ml.g6.xlarge";
const CROSS_SHARE = "Cross-share preemption triggered to reclaim borrowed capacity";

const { batch } = await apiServer({ after });
const files = mkdtempSync(join(tmpdir(), "longshore-quota-"));
after(() => rmSync(files, { recursive: true }));

type Strategy = "RESERVE" | "LEND" | "LEND_AND_BORROW";

/** A queue with two instances: `owner` lends both of its own, `guest` has none of that type to itself. */
async function createQueue(client: BatchClient, name: string): Promise<void> {
  const policy = { name, quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" } } as const;
  await client.send(new CreateSchedulingPolicyCommand(policy));
  const limits = [
    { capacityUnit: TYPE, maxCapacity: 2 },
    { capacityUnit: "ml.m5.large", maxCapacity: 1 },
  ];
  await createServiceQueue(client, name, limits, { schedulingPolicyArn: `${PREFIX}:scheduling-policy/${name}` });
  await createShare(client, name, "owner", "LEND", TYPE, 2);
  await createShare(client, name, "guest", "LEND_AND_BORROW", "ml.m5.large", 1);
}

async function createShare(
  client: BatchClient,
  jobQueue: string,
  quotaShareName: string,
  strategy: Strategy,
  capacityUnit: string,
  maxCapacity: number,
): Promise<void> {
  await client.send(
    new CreateQuotaShareCommand({
      ...{ quotaShareName, jobQueue, capacityLimits: [{ capacityUnit, maxCapacity }] },
      resourceSharingConfiguration: { strategy },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
    }),
  );
}

const shareArn = (queue: string, share: string) => `${PREFIX}:job-queue/${queue}/quota-share/${share}`;

function submit(
  queue: string,
  quotaShareName: string,
  script: string,
  { count = 2, ...more }: Partial<SubmitServiceJobCommandInput> & { count?: number } = {},
): Promise<string> {
  const request = trainingRequest(script, { ResourceConfig: { InstanceType: TYPE, InstanceCount: count } });
  return submitService(batch, request, { jobQueue: queue, quotaShareName, ...more });
}

test("a preempted job gives back what it borrowed, runs again, and has as many attempts as before", async () => {
  await createQueue(batch, "again");
  const mark = join(files, "again");
  const guest = await submit("again", "guest", `test -e ${mark} && exit 0; touch ${mark}; exec sleep 600`);
  await untilServiceStatus(batch, guest, "RUNNING");
  await until("it has begun", () => existsSync(mark));
  const owner = await submit("again", "owner", "true");
  assert.equal((await serviceEnded(batch, owner)).status, "SUCCEEDED");
  const done = await serviceEnded(batch, guest);
  assert.deepEqual([done.status, done.attempts?.length], ["SUCCEEDED", 1]);
  const { preemptedAttemptCount, recentPreemptedAttempts: [preempted] = [] } = done.preemptionSummary!;
  assert.deepEqual([preemptedAttemptCount, preempted!.statusReason], [1, CROSS_SHARE]);
  assert.ok(preempted!.startedAt! <= preempted!.stoppedAt! && preempted!.stoppedAt! <= done.attempts![0]!.startedAt!);
  assert.notEqual(preempted!.serviceResourceId!.value, done.latestAttempt!.serviceResourceId!.value);
  assert.equal((await describeService(batch, owner)).preemptionSummary, undefined);
});

for (const preemptionRetriesBeforeTermination of [0, 1]) {
  test(`preemptionRetriesBeforeTermination ${preemptionRetriesBeforeTermination}`, async () => {
    const queue = `retries-${preemptionRetriesBeforeTermination}`;
    await createQueue(batch, queue);
    const preemptionConfiguration = { preemptionRetriesBeforeTermination };
    const guest = await submit(queue, "guest", "exec sleep 600", { preemptionConfiguration });
    for (let times = 0; times <= preemptionRetriesBeforeTermination; times += 1) {
      await untilServiceStatus(batch, guest, "RUNNING");
      await serviceEnded(batch, await submit(queue, "owner", "true"));
    }
    const { status, statusReason, attempts, preemptionSummary } = await serviceEnded(batch, guest);
    assert.deepEqual([status, statusReason, attempts], ["FAILED", CROSS_SHARE, []]);
    assert.equal(preemptionSummary!.preemptedAttemptCount, preemptionRetriesBeforeTermination + 1);
  });
}

test("UpdateQuotaShare takes effect at once; a share that is DISABLED finishes what it has", async () => {
  await createQueue(batch, "updates");
  await createShare(batch, "updates", "small", "RESERVE", TYPE, 1);
  const job = await submit("updates", "small", "true");
  assert.equal(
    await whyServiceWaits(batch, job),
    "MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - Job requirements exceed quota share capacity limits.",
  );
  await batch.send(
    new UpdateQuotaShareCommand({
      quotaShareArn: shareArn("updates", "small"),
      resourceSharingConfiguration: { strategy: "LEND_AND_BORROW", borrowLimit: 100 },
      state: "DISABLED",
    }),
  );
  assert.equal((await serviceEnded(batch, job)).status, "SUCCEEDED");
});

test("UpdateServiceJob decides at once who comes first, and who makes room", async () => {
  await createQueue(batch, "priorities");
  await batch.send(
    new UpdateQuotaShareCommand({
      quotaShareArn: shareArn("priorities", "owner"),
      preemptionConfiguration: { inSharePreemption: "ENABLED" },
    }),
  );
  const running = await submit("priorities", "owner", "exec sleep 600", { schedulingPriority: 3 });
  await untilServiceStatus(batch, running, "RUNNING");
  const first = await submit("priorities", "owner", "exec sleep 600", { schedulingPriority: 2 });
  const second = await submit("priorities", "owner", "exec sleep 600", { schedulingPriority: 1 });
  await batch.send(new UpdateServiceJobCommand({ jobId: second, schedulingPriority: 3 }));
  assert.match((await describeService(batch, second)).statusReason!, /^Waiting for 2 /);
  await batch.send(new UpdateServiceJobCommand({ jobId: second, schedulingPriority: 4 }));
  await untilServiceStatus(batch, second, "RUNNING");
  const { recentPreemptedAttempts } = (await describeService(batch, running)).preemptionSummary!;
  assert.deepEqual(
    recentPreemptedAttempts!.map(({ statusReason }) => statusReason),
    ["In-share preemption triggered to run a job of higher priority"],
  );
  assert.equal((await describeService(batch, first)).status, "RUNNABLE");
});

test("what the shares wait for and hold", async () => {
  await createQueue(batch, "snapshot");
  const running = await submit("snapshot", "guest", "exec sleep 600", { count: 1 });
  await untilServiceStatus(batch, running, "RUNNING");
  const large = await submit("snapshot", "guest", "true");
  await submit("snapshot", "guest", "true", { count: 1 });
  const urgent = await submit("snapshot", "guest", "true", { schedulingPriority: 5 });
  const text = `Waiting for 2 ${TYPE}: its quota share uses 0 of its own 0 and borrows 1; the others borrow 0 and have 1 more to lend.`;
  await until(text, async () => (await describeService(batch, urgent)).statusReason === text);
  assert.equal(
    (await describeService(batch, large)).statusReason,
    `Waiting for job ${urgent}, which is before it in the queue and does not fit yet.`,
  );
  const { frontOfQuotaShares, queueUtilization } = await batch.send(
    new GetJobQueueSnapshotCommand({ jobQueue: "snapshot" }),
  );
  const front = Object.entries(frontOfQuotaShares!.quotaShares!).map(([share, jobs]) => [share, jobs[0]!.jobArn]);
  assert.deepEqual(front, [["guest", `${PREFIX}:service-job/${urgent}`]]);
  assert.deepEqual(queueUtilization!.quotaShareUtilization, {
    topCapacityUtilization: [{ quotaShareName: "guest", capacityUsage: [{ capacityUnit: TYPE, quantity: 1 }] }],
  });
  const { jobSummaryList } = await batch.send(new ListServiceJobsCommand({ jobQueue: "snapshot" }));
  assert.deepEqual(
    jobSummaryList!.map(({ jobId, quotaShareName }) => [jobId, quotaShareName]),
    [[running, "guest"]],
  );
});

test("a restart in the middle of a preemption changes nothing about it", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "longshore-quota-restart-"));
  const start = (): Promise<RunningServer> =>
    startServer({
      ...{ host: "127.0.0.1", port: 0, dataDir, driver: "process", vcpus: 8, memoryMiB: 8192 },
      ...{ strict: false, logLevel: "silent" },
    });
  let running = await start();
  after(async () => {
    await running.close();
    removeDataDir(dataDir);
  });
  const client = batchClient({ after }, running.url);
  await createQueue(client, "restart");
  const [mark, mayEnd] = [join(files, "restart"), join(files, "may-end")];
  const script = `test -e ${mark} && exit 0; trap 'until test -e ${mayEnd}; do sleep 0.02; done; exit 1' TERM; touch ${mark}; while :; do sleep 0.02; done`;
  const ofTwo = { ResourceConfig: { InstanceType: TYPE, InstanceCount: 2 } };
  const queued = { jobQueue: "restart" };
  const guest = await submitService(client, trainingRequest(script, ofTwo), { ...queued, quotaShareName: "guest" });
  await until("it has begun", () => existsSync(mark));
  const owner = await submitService(client, trainingRequest("true", ofTwo), { ...queued, quotaShareName: "owner" });
  const isPreempted = async (asked: BatchClient) =>
    (await describeService(asked, guest)).statusReason === `PREEMPTION_IN_PROGRESS: ${CROSS_SHARE}`;
  await until("it is preempted", () => isPreempted(client));
  await running.close();
  running = await start();
  const again = batchClient({ after }, running.url);
  assert.ok(await isPreempted(again));
  assert.equal((await describeService(again, owner)).status, "RUNNABLE");
  writeFileSync(mayEnd, "");
  assert.equal((await serviceEnded(again, owner)).status, "SUCCEEDED");
  const { status, attempts, preemptionSummary } = await serviceEnded(again, guest);
  assert.deepEqual([status, attempts?.length, preemptionSummary?.preemptedAttemptCount], ["SUCCEEDED", 1, 1]);
});
