import assert from "node:assert/strict";
import { after, test } from "node:test";
import { TerminateJobCommand } from "@aws-sdk/client-batch";
import { GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { describeJob, ended, logLines, submit, submitScript, untilStatus } from "../support/jobs.ts";
import { apiServer, createQueue, FARGATE, register } from "./server.ts";

const { url, batch, logs } = await apiServer({ after });

/** The job's own view of its environment. */
async function environmentOf(jobId: string): Promise<Record<string, string>> {
  const job = await untilStatus(batch, jobId, "SUCCEEDED");
  const lines = await logLines(logs, job.container!.logStreamName!, 5);
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

test("what AWS Batch sets, and nothing of the server's own", async () => {
  process.env["SECRET_OF_THE_SERVER"] = "x";
  const jobId = await submit(batch, ["env"]);
  const environment = await environmentOf(jobId);
  const ours = Object.entries(environment).filter(([name]) => /^(AWS|ECS)_/.test(name));
  const { taskArn, environment: shown } = (await describeJob(batch, jobId)).container!;
  assert.deepEqual(Object.fromEntries(ours), {
    AWS_BATCH_JOB_ID: jobId,
    AWS_BATCH_JOB_ATTEMPT: "1",
    AWS_BATCH_JQ_NAME: "default",
    AWS_BATCH_CE_NAME: "default",
    AWS_EXECUTION_ENV: "AWS_ECS_EC2",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ENDPOINT_URL_BATCH: url,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: url,
    AWS_ENDPOINT_URL_STS: url,
    AWS_ENDPOINT_URL_ECS: url,
    AWS_ENDPOINT_URL_EC2: url,
    AWS_ACCESS_KEY_ID: `LSJOB${jobId.replaceAll("-", "").toUpperCase()}`,
    AWS_SECRET_ACCESS_KEY: environment["AWS_SECRET_ACCESS_KEY"],
    ECS_CONTAINER_METADATA_URI_V4: `${url}/ecs/v4/${taskArn!.split("/").at(-1)}`,
  });
  assert.match(environment["AWS_SECRET_ACCESS_KEY"]!, /^[\w-]{40}$/);
  assert.deepEqual(shown, []);
  assert.equal(environment["SECRET_OF_THE_SERVER"], undefined);
});

test("children have their index and the array's size", async () => {
  const parent = await submit(batch, ["env"], { arrayProperties: { size: 2 } });
  const environment = await environmentOf(`${parent}:1`);
  const { AWS_BATCH_JOB_ID, AWS_BATCH_JOB_ARRAY_INDEX, AWS_BATCH_JOB_ARRAY_SIZE } = environment;
  assert.deepEqual([AWS_BATCH_JOB_ID, AWS_BATCH_JOB_ARRAY_INDEX, AWS_BATCH_JOB_ARRAY_SIZE], [`${parent}:1`, "1", "2"]);
});

test("on Fargate the execution environment says so; queue and environment have their names", async () => {
  await createQueue(batch, "far", FARGATE);
  const executionRoleArn = "arn:aws:iam::123456789012:role/r";
  const resourceRequirements = [
    { type: "VCPU" as const, value: "0.25" },
    { type: "MEMORY" as const, value: "512" },
  ];
  await register(batch, "far", { executionRoleArn, resourceRequirements }, { platformCapabilities: ["FARGATE"] });
  const jobId = await submit(batch, ["env"], { jobQueue: "far", jobDefinition: "far" });
  const environment = await environmentOf(jobId);
  const { AWS_EXECUTION_ENV, AWS_BATCH_JQ_NAME, AWS_BATCH_CE_NAME } = environment;
  assert.deepEqual([AWS_EXECUTION_ENV, AWS_BATCH_JQ_NAME, AWS_BATCH_CE_NAME], ["AWS_ECS_FARGATE", "far", "far"]);
  const { container, attempts } = await describeJob(batch, jobId);
  for (const one of [container, attempts?.[0]?.container]) {
    assert.match(
      one?.taskArn ?? "",
      /^arn:aws:ecs:us-east-1:123456789012:task\/far_Batch_[0-9a-f-]{36}\/[0-9a-f]{32}$/,
    );
    assert.equal(one?.containerInstanceArn, undefined);
  }
});

test("variables: the definition's, overridden by name, a blank one stays blank; odd values arrive as they are", async () => {
  const odd = `a "quoted" 'word' $HOME \\ ü 日本`;
  await register(batch, "variables", {
    environment: [
      { name: "KEPT", value: "1" },
      { name: "CHANGED", value: "1" },
      { name: "BLANKED", value: "1" },
    ],
  });
  const environment = await environmentOf(
    await submit(batch, ["env"], {
      jobDefinition: "variables",
      containerOverrides: {
        command: ["env"],
        environment: [
          { name: "CHANGED", value: "2" },
          { name: "BLANKED", value: "" },
          { name: "ODD", value: odd },
        ],
      },
    }),
  );
  const { KEPT, CHANGED, BLANKED, ODD } = environment;
  assert.deepEqual({ KEPT, CHANGED, BLANKED, ODD }, { KEPT: "1", CHANGED: "2", BLANKED: "", ODD: odd });
});

test("arguments arrive as they are; no shell looks at them", async () => {
  const odd = ["$HOME", "*", "a b", `"'`, "\\n", "ü", "-n", ";", "Ref:x"];
  const job = await ended(batch, await submit(batch, ["printf", "%s\\n", ...odd]));
  assert.deepEqual(await logLines(logs, job.container!.logStreamName!, odd.length), odd);
});

test("each job has a fresh working directory of its own", async () => {
  const script = `ls -A | wc -l; pwd; touch mine`;
  const jobs = await Promise.all([1, 2].map(async () => ended(batch, await submitScript(batch, script))));
  const outputs = await Promise.all(jobs.map(({ container }) => logLines(logs, container!.logStreamName!, 2)));
  assert.deepEqual(
    outputs.map(([count]) => Number(count)),
    [0, 0],
  );
  assert.notEqual(outputs[0]![1], outputs[1]![1]);
});

test("a program is found with the job's own PATH", async () => {
  const PATH = [{ name: "PATH", value: "/nowhere" }];
  const job = await ended(
    batch,
    await submit(batch, ["env"], { containerOverrides: { command: ["env"], environment: PATH } }),
  );
  assert.equal(job.container?.reason, 'CannotStartContainerError: exec: "env": executable file not found in $PATH');
});

test("the output of a running job can be read live, and the token comes back at the end", async () => {
  const jobId = await submitScript(batch, "echo first; exec sleep 60");
  const { container } = await untilStatus(batch, jobId, "RUNNING");
  const logStreamName = container!.logStreamName!;
  assert.deepEqual(await logLines(logs, logStreamName, 1), ["first"]);
  const stream = { logGroupName: "/aws/batch/job", logStreamName };
  const { nextForwardToken } = await logs.send(new GetLogEventsCommand({ ...stream, startFromHead: true }));
  const end = await logs.send(new GetLogEventsCommand({ ...stream, nextToken: nextForwardToken }));
  assert.deepEqual([end.events, end.nextForwardToken], [[], nextForwardToken]);
  const back = await logs.send(new GetLogEventsCommand({ ...stream, nextToken: end.nextBackwardToken }));
  assert.deepEqual(
    back.events?.map(({ message }) => message),
    ["first"],
  );
  assert.ok(Number.isInteger(back.events[0]!.timestamp));
  await batch.send(new TerminateJobCommand({ jobId, reason: "over" }));
});
