import assert from "node:assert/strict";
import { test } from "node:test";
import { TerminateJobCommand, UpdateComputeEnvironmentCommand } from "@aws-sdk/client-batch";
import { describeJob, ended, submit, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, createQueue, EC2, untilEnvironment } from "./server.ts";

const needs = (type: "VCPU" | "MEMORY" | "GPU", value: string) => ({
  containerOverrides: { resourceRequirements: [{ type, value }] },
});

// Reference 8.4: clients match what is before " - ", while the job is still RUNNABLE (clients.md 0, row 8).
const NEVER: readonly [string, object, string][] = [
  [
    "more vCPUs than the environment's maxvCpus",
    needs("VCPU", "5"),
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet the CPU requirement of the job.",
  ],
  [
    "more memory than the machine has",
    needs("MEMORY", "100000"),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue.",
  ],
  [
    "a GPU",
    needs("GPU", "1"),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached to the job queue.",
  ],
];

for (const [what, job, reason] of NEVER) {
  test(`a job that asks for ${what} is RUNNABLE and says why it does not start`, async (t) => {
    const { batch } = await apiServer(t, { vcpus: 8, memoryMiB: 1024 });
    await createQueue(batch, "small", { ...EC2, maxvCpus: 4 });
    const jobId = await submit(batch, ["true"], { jobQueue: "small", ...job });
    const waiting = await until("a reason", async () => {
      const found = await describeJob(batch, jobId);
      return found.statusReason !== undefined && found;
    });
    assert.equal(waiting.status, "RUNNABLE");
    assert.ok(waiting.statusReason?.startsWith(reason), waiting.statusReason);
    const other = await submit(batch, ["true"]);
    assert.equal((await ended(batch, other)).status, "SUCCEEDED", "other queues go on");
    await batch.send(new TerminateJobCommand({ jobId, reason: "never" }));
    const over = await ended(batch, jobId);
    assert.deepEqual([over.status, over.statusReason], ["FAILED", "never"]);
  });
}

test("jobs of a queue start in the order of submission, the first one that does not fit holds up the others", async (t) => {
  const { batch } = await apiServer(t, { vcpus: 2 });
  const running = await submit(batch, ["sleep", "60"]);
  await untilStatus(batch, running, "RUNNING");
  const large = await submit(batch, ["true"], needs("VCPU", "2"));
  const small = await submit(batch, ["true"]);
  const head = await until("a reason", async () => {
    const found = await describeJob(batch, large);
    return found.statusReason !== undefined && found;
  });
  assert.match(
    head.statusReason!,
    /^Waiting for capacity: it asks for 2 vCPU and 64 MiB; 1 vCPU and \d+ MiB are free\.$/,
  );
  const behind = await describeJob(batch, small);
  assert.deepEqual(
    [behind.status, behind.statusReason],
    ["RUNNABLE", `Waiting for job ${large}, which is before it in the queue and does not fit yet.`],
  );
  await batch.send(new TerminateJobCommand({ jobId: running, reason: "make room" }));
  const [first, second] = await Promise.all([large, small].map((jobId) => untilStatus(batch, jobId, "SUCCEEDED")));
  assert.ok(first!.stoppedAt! <= second!.startedAt!);
});

test("a DISABLED environment starts nothing and says so; what runs goes on; ENABLED again, it starts what waits", async (t) => {
  const { batch } = await apiServer(t);
  const running = await submit(batch, ["sleep", "60"]);
  await untilStatus(batch, running, "RUNNING");
  const set = async (state: "ENABLED" | "DISABLED") => {
    await batch.send(new UpdateComputeEnvironmentCommand({ computeEnvironment: "default", state }));
    await untilEnvironment(batch, "default", "VALID");
  };
  await set("DISABLED");
  const jobId = await submit(batch, ["true"]);
  const waiting = await until("a reason", async () => {
    const found = await describeJob(batch, jobId);
    return found.statusReason !== undefined && found;
  });
  assert.deepEqual([waiting.status, (await describeJob(batch, running)).status], ["RUNNABLE", "RUNNING"]);
  assert.match(waiting.statusReason!, /^ACTION_REQUIRED - /);
  await set("ENABLED");
  assert.equal((await ended(batch, jobId)).status, "SUCCEEDED");
  await batch.send(new TerminateJobCommand({ jobId: running, reason: "over" }));
});
