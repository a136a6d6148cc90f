import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDetail } from "@aws-sdk/client-batch";
import { SubmitJobCommand } from "@aws-sdk/client-batch";
import { ended, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, createQueue, EC2, FARGATE, register } from "./server.ts";

/** What runs is taken away: Spot instances, tasks on Fargate Spot, by hand and by the tags of environments. With real processes. */

const { url, batch } = await apiServer({ after }, { vcpus: 32 });
const SPOT = { ...EC2, type: "SPOT", allocationStrategy: "SPOT_CAPACITY_OPTIMIZED" };
const retryStrategy = { attempts: 2, evaluateOnExit: [{ action: "RETRY" as const, onStatusReason: "Host EC2*" }] };
const ONCE = '[ "$AWS_BATCH_JOB_ATTEMPT" = 2 ] || exec sleep 60';
const HOST_GONE = /^Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$/;

function reasons({ attempts = [] }: JobDetail): (string | undefined)[] {
  return attempts.map(({ statusReason }) => statusReason);
}

async function interrupt(jobId: string): Promise<{ status: number; answer: Record<string, unknown> }> {
  const answer = await fetch(`${url}/longshore/jobs/${encodeURIComponent(jobId)}/interruption`, { method: "POST" });
  return { status: answer.status, answer: (await answer.json()) as Record<string, unknown> };
}

test("a Spot instance that is taken back ends the job on it as AWS does, and the job is retried elsewhere", async () => {
  await createQueue(batch, "spot", SPOT, { tags: { "longshore:interrupt-after-seconds": "1" } });
  const job = await submitScript(batch, ONCE, { jobQueue: "spot", retryStrategy });
  const done = await ended(batch, job);
  assert.equal(done.status, "SUCCEEDED");
  assert.match(reasons(done)[0]!, HOST_GONE);
  const [first, second] = done.attempts!.map(({ container }) => container?.containerInstanceArn);
  assert.notEqual(first, second, "another instance");
});

test("a task on Fargate Spot is interrupted in AWS's words, and its environment goes on", async () => {
  await createQueue(
    batch,
    "fargate-spot",
    { ...FARGATE, type: "FARGATE_SPOT" },
    { tags: { "longshore:interrupt-after-seconds": "1" } },
  );
  const container = {
    command: ["sh", "-c", ONCE],
    executionRoleArn: "arn:aws:iam::123456789012:role/execution",
    resourceRequirements: [
      { type: "VCPU" as const, value: "0.25" },
      { type: "MEMORY" as const, value: "512" },
    ],
  };
  await register(batch, "on-fargate", container, { platformCapabilities: ["FARGATE"] });
  const { jobId } = await batch.send(
    new SubmitJobCommand({
      jobName: "far",
      jobQueue: "fargate-spot",
      jobDefinition: "on-fargate",
      retryStrategy: { attempts: 2 },
    }),
  );
  const done = await ended(batch, jobId!);
  assert.deepEqual([done.status, reasons(done)[0]], ["SUCCEEDED", "Your Spot Task was interrupted."]);
});

test("by hand: a job on an instance, an array's running children, and nothing that does not run", async () => {
  await createQueue(batch, "by-hand", EC2);
  const job = await submitScript(batch, "sleep 60", { jobQueue: "by-hand" });
  await untilStatus(batch, job, "RUNNING");
  assert.deepEqual(await interrupt(job), { status: 200, answer: { jobId: job } });
  const done = await ended(batch, job);
  assert.equal(done.status, "FAILED");
  assert.match(done.statusReason!, HOST_GONE);
  assert.deepEqual([done.isCancelled, done.isTerminated], [false, false]);
  const again = await interrupt(job);
  assert.deepEqual(
    [again.status, again.answer["message"]],
    [400, `Job ${job} is FAILED: only what runs can be interrupted.`],
  );
  const array = await submitScript(batch, ONCE, { jobQueue: "by-hand", retryStrategy, arrayProperties: { size: 2 } });
  await untilStatus(batch, `${array}:0`, "RUNNING");
  await untilStatus(batch, `${array}:1`, "RUNNING");
  await interrupt(array);
  assert.equal((await ended(batch, array)).status, "SUCCEEDED");
  const unknown = await interrupt("00000000-0000-4000-8000-000000000000");
  assert.equal(unknown.status, 404);
});

test("an environment whose instances cannot be launched says so", async () => {
  const failure = "InsufficientInstanceCapacity: none left";
  await createQueue(
    batch,
    "sold-out",
    { ...EC2, instanceTypes: ["m6i.large"] },
    { tags: { "longshore:launch-failure": failure } },
  );
  const job = await submitScript(batch, "true", { jobQueue: "sold-out" });
  const reason =
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [m6i.large]";
  await until("it says why it waits", async () => {
    const { statusReason } = await untilStatus(batch, job, "RUNNABLE");
    return statusReason === reason;
  });
});

test("an instance that takes its time to boot is waited for", async () => {
  await createQueue(batch, "slow", EC2, { tags: { "longshore:boot-seconds": "2" } });
  const job = await submitScript(batch, "true", { jobQueue: "slow" });
  await until("it says that instances are launching", async () => {
    const { statusReason = "" } = await untilStatus(batch, job, "RUNNABLE");
    return statusReason.endsWith("instances are launching: 1.");
  });
  assert.equal((await ended(batch, job)).status, "SUCCEEDED");
});

test("a job that asks for more than the machine has is clamped or fails, where the server is told so", async (t) => {
  const more = (oversizedJobs: "clamp" | "fail") => apiServer(t, { vcpus: 2, memoryMiB: 4096, oversizedJobs });
  const large = { resourceRequirements: [{ type: "VCPU" as const, value: "16" }] };
  const [clamps, fails] = [await more("clamp"), await more("fail")];
  const run = (server: Awaited<ReturnType<typeof more>>) =>
    submit(server.batch, ["true"], { containerOverrides: { command: ["true"], ...large } });
  const clamped = await ended(clamps.batch, await run(clamps));
  assert.equal(clamped.status, "SUCCEEDED");
  assert.equal(clamped.container?.resourceRequirements?.find(({ type }) => type === "VCPU")?.value, "16");
  const failed = await ended(fails.batch, await run(fails));
  assert.deepEqual(
    [failed.status, failed.statusReason],
    [
      "FAILED",
      "The job resource requirement (vCPU/memory/GPU) is higher than that this machine has. It asks for 16 vCPU and 64 MiB; the machine has 2 vCPU and 4096 MiB.",
    ],
  );
});
