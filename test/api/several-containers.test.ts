import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { JobDetail, SubmitJobCommandInput, TaskContainerProperties } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import type { LogStream } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { ended, logLines } from "../support/jobs.ts";
import type { Definition } from "./definitions.ts";
import { nodes, pod, podContainer, task, taskContainer } from "./definitions.ts";
import { apiServer, createQueue, EKS, ON_EKS } from "./server.ts";

const { batch, logs } = await apiServer({ after });
await createQueue(batch, "pods", ON_EKS, EKS);

const sh = (script: string): string[] => ["sh", "-c", script];
/** Goes on whatever it is told; bounded, so that a forgotten one ends by itself. */
const STUBBORN = sh(
  "trap '' TERM; echo ready; n=0; while [ $n -lt 600 ]; do n=$((n + 1)); sleep 0.1; done 2>/dev/null",
);
let count = 0;

async function run(definition: Definition, job: Partial<SubmitJobCommandInput> = {}): Promise<string> {
  const jobDefinitionName = `several-${(count += 1)}`;
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, ...definition }));
  const request = { jobName: "job", jobQueue: "default", jobDefinition: jobDefinitionName, ...job };
  return (await batch.send(new SubmitJobCommand(request))).jobId!;
}

function several(...containers: TaskContainerProperties[]): Definition {
  return task({}, { containers: containers.map((one) => taskContainer(one)) });
}

/** Exit code and reason of each container of the last attempt, by name. */
function ends({ ecsProperties }: JobDetail) {
  const containers = ecsProperties!.taskProperties![0]!.containers!;
  return Object.fromEntries(containers.map(({ name, exitCode, reason }) => [name, exitCode ?? reason]));
}

test("a container whose dependency fails never starts: the task fails to start, and it says why", async () => {
  const job = await ended(
    batch,
    await run(
      several(
        {
          name: "main",
          image: "scratch",
          command: sh("true"),
          dependsOn: [{ containerName: "setup", condition: "SUCCESS" }],
        },
        { name: "setup", image: "scratch", essential: false, command: sh("exit 4") },
      ),
    ),
  );
  assert.deepEqual([job.status, job.statusReason, job.startedAt], ["FAILED", "Task failed to start", undefined]);
  const graph = "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency";
  assert.deepEqual(ends(job), {
    main: `${graph} [setup] for target [main] as dependency did not exit successfully.`,
    setup: 4,
  });
});

test("a container that is waited for longer than its startTimeout is given up", async () => {
  const job = await ended(
    batch,
    await run(
      several(
        {
          name: "main",
          image: "scratch",
          command: sh("true"),
          dependsOn: [{ containerName: "slow", condition: "COMPLETE" }],
        },
        {
          name: "slow",
          image: "scratch",
          essential: false,
          startTimeout: 2,
          stopTimeout: 2,
          command: sh("exec sleep 60"),
        },
      ),
    ),
  );
  assert.deepEqual([job.status, job.statusReason], ["FAILED", "Task failed to start"]);
  const graph = "CannotStartContainerError: dependency graph: container ordering dependency";
  assert.deepEqual(ends(job), { main: `${graph} [slow] for target [main] has timed out.`, slow: 143 });
});

test("a container that does not end when it is told to is killed after its own stopTimeout", async () => {
  const jobId = await run(
    several(
      {
        name: "main",
        image: "scratch",
        command: sh("sleep 0.3"),
        dependsOn: [{ containerName: "stubborn", condition: "START" }],
      },
      { name: "stubborn", image: "scratch", essential: false, stopTimeout: 2, command: STUBBORN },
    ),
  );
  const job = await ended(batch, jobId);
  assert.equal(job.status, "SUCCEEDED");
  assert.deepEqual(ends(job), { main: 0, stubborn: 137 });
  assert.ok(job.stoppedAt! - job.startedAt! >= 2_000, "it had its two seconds");
});

test("a volume without a place on the machine is shared by containers only: of plain processes the first that wants it says so", async () => {
  const mountPoints = [{ sourceVolume: "shared", containerPath: "/shared" }];
  const containers = ["main", "side"].map((name) =>
    taskContainer({ name, image: "scratch", command: sh("true"), mountPoints }),
  );
  const job = await ended(batch, await run(task({}, { containers, volumes: [{ name: "shared", host: {} }] })));
  assert.deepEqual([job.status, job.statusReason], ["FAILED", "Task failed to start"]);
  const reason =
    "ResourceInitializationError: the mount point /shared needs a container, and this is a plain process: it sees a host volume only, and only where sourcePath and containerPath are the same. Leave it out, or use a compute environment with containers";
  assert.ok(Object.values(ends(job)).includes(reason), JSON.stringify(ends(job)));
});

test("the children of an array each have all containers", async () => {
  const definition = several(
    { name: "main", image: "scratch", command: sh("exit $AWS_BATCH_JOB_ARRAY_INDEX") },
    { name: "side", image: "scratch", essential: false, command: sh("exec sleep 60") },
  );
  const jobId = await run(definition, { arrayProperties: { size: 2 } });
  await ended(batch, jobId);
  const children = await Promise.all([0, 1].map((index) => ended(batch, `${jobId}:${index}`)));
  assert.deepEqual(
    children.map((child) => [child.status, ends(child)["main"]]),
    [
      ["SUCCEEDED", 0],
      ["FAILED", 1],
    ],
  );
});

test("a retry looks at the container that failed, and begins with all of them", async () => {
  const definition = several(
    { name: "side", image: "scratch", essential: false, command: sh("exit 9") },
    { name: "main", image: "scratch", command: sh("exit $((6 + AWS_BATCH_JOB_ATTEMPT))") },
  );
  const evaluateOnExit = [
    { onExitCode: "7", action: "RETRY" as const },
    { onExitCode: "*", action: "EXIT" as const },
  ];
  const job = await ended(batch, await run(definition, { retryStrategy: { attempts: 5, evaluateOnExit } }));
  const codes = job.attempts!.map(({ taskProperties }) =>
    taskProperties![0]!.containers!.map(({ exitCode }) => exitCode),
  );
  assert.deepEqual(
    codes.map(([, main]) => main),
    [7, 8],
  );
});

test("nodes know who they are, how many they are, and, except the main one, where the main one is", async (t) => {
  const variables = [
    "JOB_ID",
    "JOB_NODE_INDEX",
    "JOB_NUM_NODES",
    "JOB_MAIN_NODE_INDEX",
    "JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS",
  ];
  const echo = `echo ${variables.map((name) => `\${AWS_BATCH_${name}-none}`).join(" ")}`;
  const directory = mkdtempSync(join(tmpdir(), "longshore-nodes-"));
  t.after(() => rmSync(directory, { recursive: true }));
  // The main node ends when the others have begun.
  const wait = `n=0; while [ $(ls ${directory} | wc -l) -lt 3 ] && [ $n -lt 600 ]; do n=$((n + 1)); sleep 0.1; done`;
  const together = `${echo}; touch ${directory}/$AWS_BATCH_JOB_NODE_INDEX; [ $AWS_BATCH_JOB_NODE_INDEX != 1 ] || { ${wait}; }`;
  const alone = { ...taskContainer(), command: sh(together) };
  const jobId = await run(nodes({ container: alone }, { numNodes: 3, mainNode: 1 }));
  assert.equal((await ended(batch, jobId)).status, "SUCCEEDED");
  const main = await ended(batch, `${jobId}#1`);
  const { privateIpv4Address } = main.container!.networkInterfaces![0]!;
  assert.match(privateIpv4Address!, /^127\./);
  for (const [node, address] of [privateIpv4Address, "none", privateIpv4Address].entries()) {
    const { container } = await ended(batch, `${jobId}#${node}`);
    const [line] = await logLines(logs, container!.logStreamName!, 1);
    assert.equal(line, `${jobId}#${node} ${node} 3 1 ${address}`);
  }
});

test("a pod: init containers one after the other, the entrypoint with its arguments, and variables in both", async () => {
  const jobId = await run(
    pod(
      {
        name: "app",
        command: ["sh", "-c", 'echo "$(GREETING)|$0|$1"'],
        args: ["$(GREETING) you", "$$(GREETING) $(NOBODY)"],
        env: [{ name: "GREETING", value: "hello" }],
      },
      { initContainers: ["first", "second"].map((name) => podContainer({ name, args: sh(`echo ${name}`) })) },
    ),
    { jobQueue: "pods" },
  );
  const job = await ended(batch, jobId);
  assert.equal(job.status, "SUCCEEDED", job.statusReason);
  const name = /\/([^:]+):/.exec(job.jobDefinition!)![1]!;
  const lines: string[] = [];
  const streams: number[] = [];
  for (const container of ["first", "second", "app"]) {
    const stream = await onlyStream(`${name}/${container}/`);
    streams.push(stream.creationTime!);
    lines.push(...(await logLines(logs, stream.logStreamName!, 1)));
  }
  assert.deepEqual(lines, ["first", "second", "hello|hello you|$(GREETING) $(NOBODY)"]);
  assert.deepEqual(
    streams,
    streams.toSorted((a, b) => a - b),
  );
});

async function onlyStream(logStreamNamePrefix: string): Promise<LogStream> {
  const command = new DescribeLogStreamsCommand({ logGroupName: "/aws/batch/job", logStreamNamePrefix });
  const { logStreams = [] } = await logs.send(command);
  assert.equal(logStreams.length, 1, logStreamNamePrefix);
  return logStreams[0]!;
}
