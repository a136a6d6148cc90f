import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { RegisterJobDefinitionCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { DescribeTasksCommand } from "@aws-sdk/client-ecs";
import { batchClient, ecsClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import { describeJob, ended, logLines, submit, untilStatus } from "../support/jobs.ts";
import { nodeMounts } from "../support/node-in-container.ts";
import { findClient } from "./client-program.ts";
import type { ServerFlags } from "./server.ts";
import { spawnServer } from "./server.ts";

const PROGRAM = [process.execPath, "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "calls-back.ts")];
const RESOURCES: ContainerProperties["resourceRequirements"] = [
  { type: "VCPU", value: "1" },
  { type: "MEMORY", value: "1024" },
];

const noDocker = await dockerUnavailable();
const cli = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);

async function open(t: TestContext, flags: ServerFlags) {
  const { url } = await spawnServer(t, flags);
  const batch = batchClient(t, url);
  const logs = logsClient(t, url);
  const run = async (container: Partial<ContainerProperties>, command: readonly string[]) => {
    const containerProperties = { image: "scratch", command: ["true"], resourceRequirements: RESOURCES, ...container };
    const request = { jobDefinitionName: "calls", type: "container" as const, containerProperties };
    await batch.send(new RegisterJobDefinitionCommand(request));
    const jobId = await submit(batch, command, { jobDefinition: "calls" });
    const { status, container: ran } = await ended(batch, jobId);
    const lines = await logLines(logs, ran!.logStreamName!, 1);
    assert.equal(status, "SUCCEEDED", lines.join("\n"));
    return { jobId, lines };
  };
  return { url, batch, run };
}

function arnOfJob(jobId: string): string {
  return `arn:aws:sts::123456789012:assumed-role/longshore-job/${jobId}`;
}

test("a process asks the server about itself with what it finds in its environment", async (t) => {
  const { url, batch, run } = await open(t, {});
  const { jobId, lines } = await run({}, PROGRAM);
  assert.deepEqual(JSON.parse(lines.join("")), {
    own: `${jobId} RUNNING`,
    arn: arnOfJob(jobId),
    // On its own machine the server takes any key.
    ...{ anyKey: `${jobId} RUNNING`, unsigned: 200 },
    ...{ metadata: "default", endpoint: url },
  });
  const { container } = await describeJob(batch, jobId);
  assert.deepEqual(container?.environment, []);
});

test("the AWS CLI in a job needs no options", { skip: "missing" in cli && cli.missing }, async (t) => {
  const { run } = await open(t, {});
  assert.ok("program" in cli);
  const script = `"${cli.program}" batch describe-jobs --jobs "$AWS_BATCH_JOB_ID" --query 'jobs[0].[jobId,status]' --output text`;
  const { jobId, lines } = await run({}, ["sh", "-c", script]);
  assert.deepEqual(lines, [`${jobId}\tRUNNING`]);
});

test("so does a program in a container, where no other key is taken", { skip: noDocker }, async (t) => {
  const { url, run } = await open(t, { driver: "docker" });
  const container = { image: await ensureTestImage(), ...nodeMounts() };
  const { jobId, lines } = await run(container, PROGRAM);
  const { endpoint, ...rest } = JSON.parse(lines.join("")) as { endpoint: string };
  assert.deepEqual(rest, {
    own: `${jobId} RUNNING`,
    arn: arnOfJob(jobId),
    ...{ anyKey: "UnrecognizedClientException", unsigned: 403 },
    metadata: "default",
  });
  assert.notEqual(endpoint, url);
});

test("ECS names a running container as its engine knows it", { skip: noDocker }, async (t) => {
  const { url } = await spawnServer(t, { driver: "docker" });
  const batch = batchClient(t, url);
  const image = await ensureTestImage();
  const command = ["sh", "-c", "trap 'exit 0' TERM; sleep 60 & wait"];
  const containerProperties = { image, command, resourceRequirements: RESOURCES };
  await batch.send(
    new RegisterJobDefinitionCommand({ jobDefinitionName: "sleeps", type: "container", containerProperties }),
  );
  const jobId = await submit(batch, command, { jobDefinition: "sleeps" });
  const { container } = await untilStatus(batch, jobId, "RUNNING");
  const [, cluster] = container!.taskArn!.split("/");
  const query = new DescribeTasksCommand({ cluster, tasks: [container!.taskArn!] });
  const { tasks: [task] = [] } = await ecsClient(t, url).send(query);
  const { runtimeId } = task!.containers![0]!;
  const { State, Config } = await (await testEngine()).getContainer(runtimeId!).inspect();
  assert.deepEqual([State.Running, Config.Cmd], [true, command]);
  await batch.send(new TerminateJobCommand({ jobId, reason: "enough" }));
  await ended(batch, jobId);
});
