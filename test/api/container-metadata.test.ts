import assert from "node:assert/strict";
import { after, test } from "node:test";
import { RegisterJobDefinitionCommand, SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { describeJob, ended, logLines, submit, untilStatus } from "../support/jobs.ts";
import { apiServer, register } from "./server.ts";

const { url, batch, logs } = await apiServer({ after });

/** A job's program: prints what the metadata endpoint answers to it, as one line of JSON. */
function askMetadata(path = ""): string[] {
  const program = `const answer = await fetch(process.env.ECS_CONTAINER_METADATA_URI_V4 + ${JSON.stringify(path)});
    console.log(JSON.stringify(await answer.json()));`;
  return [process.execPath, "--input-type=module", "--eval", program];
}

async function answerIn(logStreamName: string): Promise<Record<string, unknown>> {
  return JSON.parse((await logLines(logs, logStreamName, 1))[0]!) as Record<string, unknown>;
}

test("a job asks for its own container: names, limits, and where its output goes", async () => {
  const command = askMetadata();
  await register(batch, "asks", {
    command,
    logConfiguration: { logDriver: "awslogs", options: { "awslogs-stream-prefix": "mine" } },
  });
  const jobId = await submit(batch, command, { jobDefinition: "asks" });
  const { container, startedAt } = await ended(batch, jobId);
  const { taskArn, logStreamName } = container!;
  const answer = await answerIn(logStreamName!);
  const { ContainerARN, Labels, CreatedAt, StartedAt, KnownStatus, ...rest } = answer;
  assert.match(String(ContainerARN), /^arn:aws:ecs:us-east-1:123456789012:container\/default_Batch_/);
  const cluster = taskArn!.split("/")[1]!;
  assert.deepEqual(Labels, {
    "com.amazonaws.ecs.cluster": `arn:aws:ecs:us-east-1:123456789012:cluster/${cluster}`,
    "com.amazonaws.ecs.container-name": "default",
    "com.amazonaws.ecs.task-arn": taskArn,
    "com.amazonaws.ecs.task-definition-family": "asks",
    "com.amazonaws.ecs.task-definition-version": "1",
  });
  assert.deepEqual(rest, {
    DockerId: taskArn!.split("/").at(-1),
    Name: "default",
    Image: "scratch",
    DesiredStatus: "RUNNING",
    Limits: { CPU: 1024, Memory: 64 },
    Type: "NORMAL",
    LogDriver: "awslogs",
    LogOptions: { "awslogs-group": "/aws/batch/job", "awslogs-region": "us-east-1", "awslogs-stream": logStreamName },
  });
  // The program may ask before the news of its own start has been written.
  assert.ok(KnownStatus === "RUNNING" || KnownStatus === "CREATED");
  if (KnownStatus === "RUNNING") {
    assert.deepEqual([CreatedAt, StartedAt], Array(2).fill(new Date(startedAt!).toISOString()));
  }
});

test("the task of several containers; each container has an address of its own", async () => {
  const container = (name: string, command: string[], essential: boolean) => ({
    ...{ name, image: "scratch", command, essential },
    resourceRequirements: [
      { type: "VCPU" as const, value: "0.5" },
      { type: "MEMORY" as const, value: "128" },
    ],
  });
  const containers = [container("one", askMetadata("/task"), true), container("two", ["sleep", "60"], false)];
  const ecsProperties = { taskProperties: [{ containers }] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "two", type: "container", ecsProperties }));
  const { jobId } = await batch.send(
    new SubmitJobCommand({ jobName: "two", jobQueue: "default", jobDefinition: "two" }),
  );
  await ended(batch, jobId!);
  const query = { logGroupName: "/aws/batch/job", logStreamNamePrefix: "two/one/" };
  const { logStreams: [stream] = [] } = await logs.send(new DescribeLogStreamsCommand(query));
  const { logStreamName } = stream!;
  const answer = await answerIn(logStreamName!);
  assert.deepEqual(
    [answer["Family"], answer["Revision"], answer["Limits"], answer["LaunchType"]],
    [...["two", "1", { CPU: 1, Memory: 256 }, "EC2"]],
  );
  const inside = answer["Containers"] as { Name: string; DockerId: string; LogOptions: Record<string, string> }[];
  assert.deepEqual(
    inside.map(({ Name }) => Name),
    ["one", "two"],
  );
  assert.equal(inside[0]!.LogOptions["awslogs-stream"], logStreamName);
  const two = await fetch(`${url}/ecs/v4/${inside[1]!.DockerId}`);
  assert.equal(((await two.json()) as { Name: string }).Name, "two");
});

test("what has ended still has its metadata; an unknown container has none, and only GET is answered", async () => {
  const jobId = await submit(batch, ["sleep", "60"]);
  await untilStatus(batch, jobId, "RUNNING");
  await batch.send(new TerminateJobCommand({ jobId, reason: "enough" }));
  await ended(batch, jobId);
  const id = (await describeJob(batch, jobId)).container!.taskArn!.split("/").at(-1)!;
  const answer = (await (await fetch(`${url}/ecs/v4/${id}`)).json()) as Record<string, unknown>;
  assert.deepEqual([answer["DesiredStatus"], answer["KnownStatus"], answer["ExitCode"]], ["STOPPED", "STOPPED", 143]);
  assert.equal(typeof answer["FinishedAt"], "string");
  for (const other of ["x", "0".repeat(32), `${id}-0`, `${id.slice(0, -1)}1`, `0${id.slice(1)}`]) {
    if (other === id) continue;
    assert.equal((await fetch(`${url}/ecs/v4/${other}`)).status, 404, other);
  }
  assert.equal((await fetch(`${url}/ecs/v4/${id}`, { method: "POST" })).status, 404);
  const foreign = await fetch(`${url}/ecs/v4/${id}`, { headers: { origin: "https://example.org" } });
  assert.equal(foreign.status, 403);
});
