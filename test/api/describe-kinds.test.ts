import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDetail, JobSummary, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import {
  DescribeJobsCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { describeJob, ended, logLines, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import type { Definition } from "./definitions.ts";
import { container, nodeRange, nodes, pod, podContainer, sizes, task, taskContainer } from "./definitions.ts";
import { apiServer, createQueue, EKS, ON_EKS } from "./server.ts";

const { batch, logs } = await apiServer({ after });
await createQueue(batch, "pods", ON_EKS, EKS);

const ACCOUNT = "123456789012";
const TASK_ARN = /^arn:aws:ecs:us-east-1:123456789012:task\/default_Batch_[0-9a-f-]{36}\/[0-9a-f]{32}$/;
const INSTANCE_ARN =
  /^arn:aws:ecs:us-east-1:123456789012:container-instance\/default_Batch_[0-9a-f-]{36}\/[0-9a-f]{32}$/;
const EXITED = "Essential container in task exited";
const sh = (script: string): string[] => ["sh", "-c", script];
let count = 0;

/** Registers the definition and submits a job of it. */
async function run(definition: Definition, job: Partial<SubmitJobCommandInput> = {}): Promise<string> {
  const jobDefinitionName = `kind-${(count += 1)}`;
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, ...definition }));
  const request = { jobName: "job", jobQueue: "default", jobDefinition: jobDefinitionName, ...job };
  return (await batch.send(new SubmitJobCommand(request))).jobId!;
}

async function list(input: object): Promise<JobSummary[]> {
  return (await batch.send(new ListJobsCommand(input))).jobSummaryList!;
}

async function described(...jobs: string[]): Promise<JobDetail[]> {
  return (await batch.send(new DescribeJobsCommand({ jobs }))).jobs!;
}

const LISTS = { environment: [], mountPoints: [], networkInterfaces: [], secrets: [], ulimits: [] };
const LOGS = { logDriver: "awslogs", options: {}, secretOptions: [] };

test("a job of several containers: each container's own outcome and log, nothing in `container`", async () => {
  const dependsOn = [{ containerName: "side", condition: "COMPLETE" }];
  const jobId = await run(
    task(
      {},
      {
        containers: [
          taskContainer({ name: "main", command: sh("echo from main; exit 3"), dependsOn }),
          taskContainer({ name: "side", essential: false, command: sh("echo from side") }),
        ],
        volumes: [{ name: "v", host: { sourcePath: "/tmp" } }],
      },
    ),
    { retryStrategy: { attempts: 1 } },
  );
  const job = await ended(batch, jobId);
  assert.deepEqual([job.status, job.statusReason, job.container, job.eksAttempts], ["FAILED", EXITED, {}, []]);
  const [{ containers, taskArn, containerInstanceArn, ...rest } = {}] = job.ecsProperties!.taskProperties!;
  assert.match(taskArn!, TASK_ARN);
  assert.match(containerInstanceArn!, INSTANCE_ARN);
  assert.deepEqual(rest, { volumes: [{ name: "v", host: { sourcePath: "/tmp" } }] });
  const [main, side] = containers!;
  const { logStreamName, ...mainRest } = main!;
  assert.deepEqual(mainRest, {
    ...LISTS,
    dependsOn,
    name: "main",
    image: "scratch",
    essential: true,
    command: sh("echo from main; exit 3"),
    resourceRequirements: sizes("1", "64"),
    logConfiguration: LOGS,
    exitCode: 3,
  });
  const taskId = taskArn!.split("/").at(-1)!;
  assert.match(logStreamName!, new RegExp(`^kind-\\d+/main/${taskId}$`));
  assert.deepEqual(await logLines(logs, logStreamName!, 1), ["from main"]);
  assert.deepEqual(await logLines(logs, side!.logStreamName!, 1), ["from side"]);
  const [attempt, ...others] = job.attempts!;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [attempt!.statusReason, attempt!.startedAt, attempt!.stoppedAt, attempt!.container],
    [EXITED, job.startedAt, job.stoppedAt, { networkInterfaces: [] }],
  );
  assert.deepEqual(attempt!.taskProperties, [
    {
      taskArn,
      containerInstanceArn,
      containers: [
        { name: "main", exitCode: 3, logStreamName, networkInterfaces: [] },
        { name: "side", exitCode: 0, logStreamName: side!.logStreamName, networkInterfaces: [] },
      ],
    },
  ]);
});

test("a job of several containers that waits: no task, no logs, no exit codes yet", async () => {
  const blocker = await run(container({ command: ["sleep", "60"] }));
  const job = await describeJob(batch, await run(task(), { dependsOn: [{ jobId: blocker }] }));
  const [{ containers, ...rest } = {}] = job.ecsProperties!.taskProperties!;
  assert.deepEqual([job.container, job.attempts, rest], [{}, [], { volumes: [] }]);
  for (const one of containers!) {
    assert.deepEqual([one.exitCode, one.logStreamName, one.networkInterfaces], [undefined, undefined, []]);
  }
});

test("a pod: podName and nodeName, outcomes of its containers, eksAttempts instead of attempts", async () => {
  const jobId = await run(
    pod(
      {
        name: "main",
        command: sh("echo $0 $(GREETING) '$$(X)' $(AWS_BATCH_JOB_KUBERNETES_NODE_UID); exit 4"),
        args: ["Ref::who"],
        env: [{ name: "GREETING", value: "hello" }],
      },
      { initContainers: [podContainer({ name: "first", command: ["true"] })] },
    ),
    { jobQueue: "pods", parameters: { who: "world" } },
  );
  const job = await ended(batch, jobId);
  const { podName, nodeName, containers, initContainers, ...rest } = job.eksProperties!.podProperties!;
  assert.deepEqual([job.status, job.attempts, "container" in job, rest], ["FAILED", [], false, { volumes: [] }]);
  assert.match(podName!, /^aws-batch\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(nodeName!.length > 0);
  assert.deepEqual(
    [
      containers!.map(({ name, exitCode }) => [name, exitCode]),
      initContainers!.map(({ name, exitCode }) => [name, exitCode]),
    ],
    [[["main", 4]], [["first", 0]]],
  );
  assert.deepEqual(containers![0]!.args, ["world"]);
  const [{ containers: ran, initContainers: ranFirst, ...attempt } = {}, ...others] = job.eksAttempts!;
  assert.deepEqual(others, []);
  assert.deepEqual(attempt, {
    eksClusterArn: EKS.eksConfiguration.eksClusterArn,
    podName,
    podNamespace: "batch",
    nodeName,
    startedAt: job.startedAt,
    stoppedAt: job.stoppedAt,
    statusReason: EXITED,
  });
  for (const [one, name, exitCode] of [
    [ran![0]!, "main", 4],
    [ranFirst![0]!, "first", 0],
  ] as const) {
    assert.match(one.containerID!, /^process:\/\/[0-9a-f]{32}$/);
    assert.deepEqual({ ...one, containerID: "" }, { name, exitCode, containerID: "" });
  }
  const logStreamNamePrefix = `${job.jobDefinition!.split("/")[1]!.replace(/:1$/, "")}/main/`;
  const query = new DescribeLogStreamsCommand({ logGroupName: "/aws/batch/job", logStreamNamePrefix });
  const [stream] = (await logs.send(query)).logStreams!;
  const [line] = await logLines(logs, stream!.logStreamName!, 1);
  assert.match(line!, /^world hello \$\(X\) [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const [summary] = await list({ jobQueue: "pods", jobStatus: "FAILED" });
  assert.deepEqual(summary?.capacityUsage, [{ capacityUnit: "cpu", quantity: 1 }]);
});

test("the pod of a job that waits has no name yet", async () => {
  const blocker = await run(container({ command: ["sleep", "60"] }));
  const job = await describeJob(batch, await run(pod(), { jobQueue: "pods", dependsOn: [{ jobId: blocker }] }));
  const { podName, nodeName, containers } = job.eksProperties!.podProperties!;
  assert.deepEqual(
    [job.eksAttempts, podName, nodeName, containers![0]!.exitCode],
    [[], undefined, undefined, undefined],
  );
});

const command = (script: string) => ({ container: { ...container().containerProperties!, command: sh(script) } });

test("a multi-node parallel job: the parent has nodeProperties, its nodes are jobs with nodeDetails and a container", async () => {
  const definition = nodes(
    {},
    {
      numNodes: 3,
      mainNode: 1,
      nodeRangeProperties: [
        nodeRange("0:", command("echo node $AWS_BATCH_JOB_NODE_INDEX of $AWS_BATCH_JOB_NUM_NODES; exit 5")),
        nodeRange("1", command("echo main; sleep 1")),
      ],
    },
  );
  const jobId = await run(definition, { tags: { a: "b" } });
  const job = await ended(batch, jobId);
  assert.deepEqual(
    [job.status, job.statusReason, "container" in job, job.nodeProperties!.numNodes, job.nodeProperties!.mainNode],
    ["SUCCEEDED", EXITED, false, 3, 1],
  );
  const [main, first, byArn, ...unknown] = await described(
    `${jobId}#1`,
    `${jobId}#0`,
    `arn:aws:batch:us-east-1:${ACCOUNT}:job/${jobId}#2`,
    `${jobId}#3`,
    `${jobId}#01`,
  );
  assert.deepEqual(unknown, []);
  assert.deepEqual(
    [main, first, byArn].map((node) => [node!.jobId, node!.status, node!.nodeDetails, node!.container!.exitCode]),
    [
      [`${jobId}#1`, "SUCCEEDED", { nodeIndex: 1, isMainNode: true }, 0],
      [`${jobId}#0`, "FAILED", { nodeIndex: 0, isMainNode: false }, 5],
      [`${jobId}#2`, "FAILED", { nodeIndex: 2, isMainNode: false }, 5],
    ],
  );
  assert.deepEqual([first!.jobArn, first!.tags, "nodeProperties" in first!], [`${job.jobArn}#0`, {}, false]);
  const streams = [main!, first!].map((node) => node.container!.logStreamName!);
  assert.equal(new Set(streams).size, 2);
  assert.deepEqual(await logLines(logs, streams[1]!, 1), ["node 0 of 3"]);
  assert.deepEqual(first!.attempts, [
    {
      container: {
        exitCode: 5,
        logStreamName: streams[1],
        taskArn: first!.container!.taskArn,
        containerInstanceArn: first!.container!.containerInstanceArn,
        networkInterfaces: first!.container!.networkInterfaces,
      },
      startedAt: first!.startedAt,
      stoppedAt: first!.stoppedAt,
      statusReason: EXITED,
      taskProperties: [],
    },
  ]);
  assert.notEqual(first!.container!.taskArn, main!.container!.taskArn);
  assert.deepEqual(job.attempts![0]!.container, main!.attempts![0]!.container);
  assert.deepEqual([job.startedAt, job.stoppedAt !== undefined], [main!.startedAt, true]);
});

test("nodes are listed by their status, by index, in pages; the parent alone is in its queue's list", async () => {
  const definition = nodes({}, { numNodes: 3, nodeRangeProperties: [nodeRange("0:", command("sleep 60"))] });
  const jobId = await run(definition, { jobName: "gang" });
  await until("all nodes run", async () => (await list({ multiNodeJobId: jobId })).length === 3);
  const { jobSummaryList: page, nextToken } = await batch.send(
    new ListJobsCommand({ multiNodeJobId: jobId, maxResults: 2 }),
  );
  assert.deepEqual(
    page!.map((node) => [node.jobId, node.jobName, node.status, node.nodeProperties, node.capacityUsage]),
    [0, 1].map((index) => [
      `${jobId}#${index}`,
      "gang",
      "RUNNING",
      { isMainNode: index === 0, numNodes: 3, nodeIndex: index },
      [{ capacityUnit: "VCPU", quantity: 1 }],
    ]),
  );
  const rest = await list({ multiNodeJobId: jobId, maxResults: 2, nextToken });
  assert.deepEqual(
    rest.map((node) => node.jobId),
    [`${jobId}#2`],
  );
  assert.deepEqual(await list({ multiNodeJobId: jobId, jobStatus: "FAILED" }), []);
  assert.deepEqual(await list({ multiNodeJobId: "unknown" }), []);
  const inQueue = (await list({ jobQueue: "default" })).filter((one) => one.jobName === "gang");
  assert.deepEqual(
    inQueue.map((one) => [one.jobId, one.nodeProperties, one.capacityUsage]),
    [[jobId, { numNodes: 3 }, [{ capacityUnit: "VCPU", quantity: 3 }]]],
  );
  await batch.send(new TerminateJobCommand({ jobId: `${jobId}#2`, reason: "one node" }));
  const node = await untilStatus(batch, `${jobId}#2`, "FAILED");
  assert.deepEqual([node.statusReason, node.isTerminated], ["one node", true]);
  assert.equal((await describeJob(batch, jobId)).status, "RUNNING");
  await batch.send(
    new TerminateJobCommand({ jobId: `arn:aws:batch:us-east-1:${ACCOUNT}:job/${jobId}`, reason: "all" }),
  );
  const job = await ended(batch, jobId);
  assert.deepEqual([job.status, job.statusReason, job.isTerminated], ["FAILED", "all", true]);
  const [main, other] = await described(`${jobId}#0`, `${jobId}#1`, `${jobId}#2`);
  assert.deepEqual([main?.statusReason, other?.statusReason], ["all", "all"]);
});

test("nodes of a job that waits are what their job is", async () => {
  const blocker = await run(container({ command: ["sleep", "60"] }));
  const jobId = await run(nodes(), { dependsOn: [{ jobId: blocker }] });
  const waiting = await untilStatus(batch, jobId, "PENDING");
  const [node] = await described(`${jobId}#1`);
  assert.deepEqual([waiting.attempts, node?.status, node?.attempts], [[], "PENDING", []]);
  assert.deepEqual(
    (await list({ multiNodeJobId: jobId, jobStatus: "PENDING" })).map((one) => one.jobId),
    [`${jobId}#0`, `${jobId}#1`],
  );
  await batch.send(new TerminateJobCommand({ jobId, reason: "no more" }));
  const [ended] = await described(`${jobId}#1`);
  assert.deepEqual([ended?.status, ended?.statusReason, ended?.isTerminated], ["FAILED", "no more", true]);
});

test("nodes of several containers, and of pods", async () => {
  const inTask = { ecsProperties: task({ command: ["true"] }).ecsProperties! };
  const ofTasks = await run(nodes(inTask));
  await ended(batch, ofTasks);
  const [node] = await described(`${ofTasks}#0`);
  assert.deepEqual(
    [node!.container, node!.ecsProperties!.taskProperties![0]!.containers!.map(({ name }) => name)],
    [{}, ["a", "b"]],
  );
  assert.deepEqual(
    node!.attempts![0]!.taskProperties![0]!.containers!.map(({ name }) => name),
    ["a", "b"],
  );
  const ofPods = await run(nodes({ eksProperties: pod({ command: ["true"] }).eksProperties! }), { jobQueue: "pods" });
  const job = await ended(batch, ofPods);
  const [podNode] = await described(`${ofPods}#0`);
  assert.deepEqual(
    [job.status, job.attempts, job.eksAttempts!.length, podNode!.eksAttempts!.length],
    ["SUCCEEDED", [], 1, 1],
  );
  assert.equal(podNode!.eksProperties!.podProperties!.containers![0]!.exitCode, 0);
});

test("retries: every attempt of a node is told", async () => {
  const jobId = await run(nodes({}, { nodeRangeProperties: [nodeRange("0:", command("exit 1"))] }), {
    retryStrategy: { attempts: 2 },
  });
  const job = await ended(batch, jobId);
  const [main] = await described(`${jobId}#0`);
  assert.deepEqual([job.status, job.attempts!.length, main!.attempts!.length], ["FAILED", 2, 2]);
  const streams = main!.attempts!.map((attempt) => attempt.container!.logStreamName);
  assert.equal(new Set(streams).size, 2);
  assert.equal(main!.container!.logStreamName, streams[1]);
});
