import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ContainerProperties, JobDefinition, JobDetail } from "@aws-sdk/client-batch";
import {
  DescribeJobDefinitionsCommand,
  DescribeJobsCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import { describeJob, ended, submit, untilStatus } from "../support/jobs.ts";
import { container, nodeRange, sizes } from "./definitions.ts";
import { apiServer, register } from "./server.ts";

/** What real clients of AWS Batch send and look for, each as the client does it. */

const { batch } = await apiServer({ after });

async function describe(jobs: readonly string[]): Promise<JobDetail[]> {
  return (await batch.send(new DescribeJobsCommand({ jobs: [...jobs] }))).jobs!;
}

async function definition(name: string): Promise<JobDefinition> {
  const query = new DescribeJobDefinitionsCommand({ jobDefinitionName: name, status: "ACTIVE" });
  return (await batch.send(query)).jobDefinitions![0]!;
}

async function registerNodes(jobDefinitionName: string, numNodes: number, ...ranges: [string, ContainerProperties][]) {
  const nodeRangeProperties = ranges.map(([targetNodes, one]) => nodeRange(targetNodes, { container: one }));
  const nodeProperties = { numNodes, mainNode: 0, nodeRangeProperties };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, type: "multinode", nodeProperties }));
}

test("a hundred ids at once: jobs, children and nodes, each exactly once, right after their submission", async () => {
  await registerNodes("hundred", 30, ["0:", container().containerProperties!]);
  const gang = await batch.send(
    new SubmitJobCommand({ jobName: "gang", jobQueue: "default", jobDefinition: "hundred" }),
  );
  const array = await submit(batch, ["true"], { arrayProperties: { size: 50 } });
  const singles = await Promise.all(Array.from({ length: 18 }, () => submit(batch, ["true"])));
  const asked = [
    gang.jobId!,
    ...Array.from({ length: 30 }, (_, node) => `${gang.jobId}#${node}`),
    array,
    ...Array.from({ length: 50 }, (_, index) => `${array}:${index}`),
    ...singles,
  ];
  assert.equal(asked.length, 100);
  assert.deepEqual(
    (await describe(asked)).map(({ jobId }) => jobId),
    asked,
  );
});

/** Whether `proposal` is a recursive subset of `reply`: what redun asks before it registers a definition anew. */
function isSubset(proposal: unknown, reply: unknown): boolean {
  if (typeof proposal !== "object" || proposal === null) return proposal === reply;
  if (typeof reply !== "object" || reply === null) return false;
  return Object.entries(proposal).every(([key, value]) => isSubset(value, (reply as Record<string, unknown>)[key]));
}

test("redun finds its own definition again: every key that it gave, also empty ones, target nodes as written", async () => {
  const containerProperties = {
    command: ["ls"],
    image: "scratch",
    resourceRequirements: sizes("1", "64"),
    jobRoleArn: "arn:aws:iam::123456789012:role/r",
    environment: [],
    mountPoints: [],
    volumes: [],
    ulimits: [],
    privileged: false,
  };
  await register(batch, "redun", containerProperties);
  assert.ok(isSubset(containerProperties, (await definition("redun")).containerProperties));
  const ranges: [string, ContainerProperties][] = [
    ["0", containerProperties],
    ["1:", containerProperties],
  ];
  await registerNodes("redun-nodes", 2, ...ranges);
  const proposal = {
    numNodes: 2,
    mainNode: 0,
    nodeRangeProperties: ranges.map(([targetNodes, one]) => ({ targetNodes, container: one })),
  };
  assert.ok(isSubset(proposal, (await definition("redun-nodes")).nodeProperties));
});

test("Nextflow finds its token in the parameters, and its host mounts as they were given", async () => {
  const change = {
    volumes: [{ name: "vol-1", host: { sourcePath: "/tmp" } }],
    mountPoints: [{ sourceVolume: "vol-1", containerPath: "/tmp", readOnly: true }],
    privileged: true,
  };
  await register(batch, "nf", change, { parameters: { "nf-token": "abc" } });
  const found = await definition("nf");
  assert.deepEqual([found.parameters, found.status], [{ "nf-token": "abc" }, "ACTIVE"]);
  assert.ok(isSubset(change, found.containerProperties));
});

test("Metaflow: mount points without readOnly, a parameter name with a dot, all of the Linux parameters", async () => {
  const linuxParameters = {
    sharedMemorySize: 64,
    swappiness: 10,
    maxSwap: 10,
    tmpfs: [{ containerPath: "/t", size: 16, mountOptions: ["rw"] }],
  };
  const mountPoints = [{ sourceVolume: "v", containerPath: "/tmp" }];
  const volumes = [{ name: "v", host: { sourcePath: "/tmp" } }];
  await register(batch, "metaflow", { linuxParameters, mountPoints, volumes }, { propagateTags: true });
  assert.ok(isSubset({ linuxParameters, mountPoints, volumes }, (await definition("metaflow")).containerProperties));
  const jobId = await submit(batch, ["true"], { parameters: { "metaflow.user": "me" } });
  const job = await ended(batch, jobId);
  assert.equal(job.parameters?.["metaflow.user"], "me");
});

test("ParallelCluster: numNodes with target nodes 0:, the deprecated overrides, empty array properties", async () => {
  const legacy = { image: "scratch", command: ["false"], vcpus: 1, memory: 16 };
  await registerNodes("pcluster", 2, ["0:", legacy]);
  const containerOverrides = { command: ["true"], environment: [{ name: "A", value: "1" }], vcpus: 2, memory: 32 };
  const { jobId } = await batch.send(
    new SubmitJobCommand({
      jobName: "mpi",
      jobQueue: "default",
      jobDefinition: "pcluster",
      nodeOverrides: { numNodes: 3, nodePropertyOverrides: [{ targetNodes: "0:", containerOverrides }] },
    }),
  );
  const job = await ended(batch, jobId!);
  const [range] = job.nodeProperties!.nodeRangeProperties!;
  assert.deepEqual(
    [job.status, job.nodeProperties!.numNodes, range!.targetNodes, range!.container!.vcpus, range!.container!.memory],
    ["SUCCEEDED", 3, "0:", 2, 32],
  );
  const single = await ended(batch, await submit(batch, ["true"], { arrayProperties: {} }));
  assert.deepEqual([single.status, single.arrayProperties], ["SUCCEEDED", undefined]);
  const { jobSummaryList } = await batch.send(
    new ListJobsCommand({ multiNodeJobId: jobId!, jobStatus: "SUCCEEDED", nextToken: "" }),
  );
  assert.ok(jobSummaryList!.some((node) => node.jobId === `${jobId}#0`));
});

test("what has not happened is absent, not zero: startedAt, stoppedAt, exitCode, logStreamName", async () => {
  const blocker = await submit(batch, ["sleep", "60"]);
  await untilStatus(batch, blocker, "RUNNING");
  const waiting = await describeJob(batch, await submit(batch, ["true"], { dependsOn: [{ jobId: blocker }] }));
  for (const member of ["startedAt", "stoppedAt"]) assert.equal(member in waiting, false, member);
  for (const member of ["exitCode", "reason", "logStreamName", "taskArn"]) {
    assert.equal(member in waiting.container!, false, member);
  }
  assert.equal(waiting.container!.logConfiguration!.options!["awslogs-group"], undefined);
  const running = await describeJob(batch, blocker);
  assert.ok(running.startedAt! > 0 && running.container!.logStreamName!.length > 0);
  assert.deepEqual(["stoppedAt" in running, "exitCode" in running.container!], [false, false]);
});

test("a job that never started and failed says why, and has a container", async () => {
  const failing = await submit(batch, ["false"]);
  const job = await ended(batch, await submit(batch, ["true"], { dependsOn: [{ jobId: failing }] }));
  assert.deepEqual(
    [job.status, job.statusReason, job.container!.image, job.attempts],
    ["FAILED", "Dependent Job failed", "scratch", []],
  );
});
