import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDetail } from "@aws-sdk/client-batch";
import { DescribeJobsCommand, RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { describeJob, ended, submit, untilStatus } from "../support/jobs.ts";
import { apiServer, CONTAINER, prefixed, refused, register } from "./server.ts";

const { batch, url } = await apiServer({ after });

async function describe(jobs: readonly string[]): Promise<JobDetail[]> {
  return (await batch.send(new DescribeJobsCommand({ jobs: [...jobs] }))).jobs!;
}
const idsOf = async (jobs: readonly string[]) => (await describe(jobs)).map(({ jobId }) => jobId);

test("a job can be described as soon as SubmitJob has answered, every one of a hundred exactly once, in order", async () => {
  const jobIds = await Promise.all(Array.from({ length: 50 }, () => submit(batch, ["true"])));
  const array = await submit(batch, ["true"], { arrayProperties: { size: 49 } });
  const asked = [...jobIds, array, ...Array.from({ length: 49 }, (_, index) => `${array}:${index}`)];
  assert.deepEqual(await idsOf(asked), asked);
});

test("unknown ids are left out, repeated ones told once, ARNs taken", async () => {
  const jobId = await submit(batch, ["true"]);
  const arn = `arn:aws:batch:us-east-1:123456789012:job/${jobId}`;
  assert.deepEqual(await idsOf(["unknown", jobId, `${jobId}:0`, jobId]), [jobId]);
  assert.deepEqual(await idsOf([arn]), [jobId]);
  assert.deepEqual(await idsOf([]), []);
  const array = await submit(batch, ["true"], { arrayProperties: { size: 2 } });
  assert.deepEqual(await idsOf([`${array}:1`, `${array}:2`, `${array}:01`, `${array}:x`]), [`${array}:1`]);
});

test("more than 100 ids", async () => {
  const ids = Array.from({ length: 101 }, (_, n) => `job-${n}`);
  await assert.rejects(describe(ids), refused(prefixed("Maximum number of jobs supported is  100")));
  assert.deepEqual(await describe(ids.slice(1)), []);
});

// Reference 2.6: what is always there.
test("a job that waits has every member that clients rely on, and none that it cannot have yet", async () => {
  const blocker = await submit(batch, ["sleep", "60"]);
  const jobId = await submit(batch, ["true"], {
    jobName: "complete",
    dependsOn: [{ jobId: blocker }],
    tags: { a: "b" },
  });
  const { container, createdAt, jobDefinition, ...job } = await describeJob(batch, jobId);
  assert.match(jobDefinition!, /^arn:aws:batch:us-east-1:123456789012:job-definition\/default:\d+$/);
  assert.ok(Math.abs(createdAt! - Date.now()) < 60_000);
  assert.ok(["SUBMITTED", "PENDING"].includes(job.status!));
  assert.deepEqual(job, {
    jobArn: `arn:aws:batch:us-east-1:123456789012:job/${jobId}`,
    jobId,
    jobName: "complete",
    jobQueue: "arn:aws:batch:us-east-1:123456789012:job-queue/default",
    status: job.status,
    attempts: [],
    eksAttempts: [],
    dependsOn: [{ jobId: blocker }],
    parameters: {},
    retryStrategy: { attempts: 1, evaluateOnExit: [] },
    tags: { a: "b" },
    propagateTags: false,
    platformCapabilities: [],
    isCancelled: false,
    isTerminated: false,
  });
  assert.deepEqual(container, {
    image: "scratch",
    command: ["true"],
    environment: [],
    mountPoints: [],
    networkInterfaces: [],
    resourceRequirements: CONTAINER.resourceRequirements,
    secrets: [],
    ulimits: [],
    volumes: [],
    logConfiguration: { logDriver: "awslogs", options: {}, secretOptions: [] },
  });
});

test("the region of ARNs is that for which the request was signed, and regions do not see each other's jobs", async (t) => {
  const tokyo = batchClient(t, url, "ap-northeast-1");
  const jobId = await submit(tokyo, ["true"]);
  const job = await ended(tokyo, jobId);
  assert.match(job.jobArn!, /^arn:aws:batch:ap-northeast-1:123456789012:job\//);
  assert.match(job.jobQueue!, /^arn:aws:batch:ap-northeast-1:/);
  assert.deepEqual(await describe([jobId]), []);
});

test("the log options that were registered come back, and the stream has their prefix", async () => {
  const logConfiguration = {
    logDriver: "awslogs" as const,
    options: { "awslogs-group": "mine", "awslogs-stream-prefix": "p" },
  };
  await register(batch, "logging", { logConfiguration });
  const job = await ended(batch, await submit(batch, ["true"], { jobDefinition: "logging" }));
  assert.deepEqual(job.container?.logConfiguration?.options, logConfiguration.options);
  assert.match(job.container.logStreamName!, /^p\/default\/[0-9a-f]{32}$/);
});

test("a definition is seen by the next request after its registration", async () => {
  for (let n = 0; n < 10; n += 1) {
    const jobDefinitionName = `fresh-${n}`;
    const { jobDefinitionArn } = await batch.send(
      new RegisterJobDefinitionCommand({ jobDefinitionName, type: "container", containerProperties: CONTAINER }),
    );
    const request = { jobName: "fresh", jobQueue: "default", jobDefinition: jobDefinitionName };
    const { jobId } = await batch.send(new SubmitJobCommand(request));
    assert.equal((await describeJob(batch, jobId!)).jobDefinition, jobDefinitionArn);
  }
});

test("children: their parent's members, their own index, no tags; the parent never starts itself", async () => {
  const parent = await submit(batch, ["true"], {
    jobName: "family",
    arrayProperties: { size: 2 },
    tags: { a: "b" },
    timeout: { attemptDurationSeconds: 60 },
  });
  await untilStatus(batch, parent, "SUCCEEDED");
  const [family, child] = await describe([parent, `${parent}:1`]);
  assert.deepEqual([family?.tags, family?.attempts, family?.arrayProperties?.size], [{ a: "b" }, [], 2]);
  assert.deepEqual(
    [
      child?.jobArn,
      child?.jobName,
      child?.tags,
      child?.arrayProperties?.index,
      child?.timeout,
      child?.attempts?.length,
    ],
    [`${family?.jobArn}:1`, "family", {}, 1, { attemptDurationSeconds: 60 }, 1],
  );
});
