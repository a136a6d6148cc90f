import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { EksContainer, EksPodProperties } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { signedCall } from "../../src/cli/signed-call.ts";
import type { Explanation } from "../../src/core/explain/explanation.ts";
import type { InstancesAnswer } from "../../src/ports/capacity-reports.ts";
import { environmentRequest, untilEnvironment } from "../api/server.ts";
import { batchClient, logsClient } from "../support/clients.ts";
import { describeJob, ended, logLines, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { clusterBench, createEksQueue, NAMESPACE } from "./cluster-bench.ts";
import { spawnServer } from "./server.ts";

const PENDING = 3;
const bench = await clusterBench(
  { after },
  { nodes: [{ name: "node-1", cpu: "4", memory: "8Gi" }] },
  { pendingPods: PENDING },
);
const { cluster, directory } = bench;
const server = await spawnServer({ after }, { more: bench.flags });
await createEksQueue(client(), "pods");

/** The server's address changes when it is started anew. */
function client() {
  return batchClient({ after }, server.url);
}

function admin<Answer>(path: string): Promise<Answer> {
  const credentials = { accessKeyId: "any", secretAccessKey: "any" };
  return signedCall<Answer>(new URL(path, server.url), "GET", { credentials, region: "us-east-1" }, undefined);
}

function container(script: string, more: Partial<EksContainer> = {}): EksContainer {
  return {
    image: "busybox",
    command: ["sh", "-c", script],
    resources: { requests: { cpu: "1", memory: "64Mi" }, limits: { memory: "64Mi" } },
    ...more,
  };
}

let definitions = 0;

/** Submits a pod. */
async function submitPod(podProperties: EksPodProperties, more: object = {}): Promise<string> {
  definitions += 1;
  const jobDefinitionName = `pod-${definitions}`;
  await client().send(
    new RegisterJobDefinitionCommand({ jobDefinitionName, type: "container", eksProperties: { podProperties } }),
  );
  const request = { jobName: "pod", jobQueue: "pods", jobDefinition: jobDefinitionName, ...more };
  const { jobId } = await client().send(new SubmitJobCommand(request));
  return jobId!;
}

const go = (name: string): string => join(directory, name);
const waitFor = (name: string): string => `until [ -e ${go(name)} ]; do sleep 0.05; done`;

/** All that was made for jobs is gone. */
async function untilEmpty(): Promise<void> {
  await until("no pod is left", () => cluster.pods(NAMESPACE).length === 0);
  assert.deepEqual(cluster.store.list("secrets", NAMESPACE), []);
}

test("a pod with init containers: its outcome, its place and its output, as EKS jobs tell them", async () => {
  const jobId = await submitPod({
    initContainers: [container("echo prepared", { name: "init" })],
    containers: [
      container(`echo "job $AWS_BATCH_JOB_ID" 'attempt $(AWS_BATCH_JOB_ATTEMPT) $$(X) $(X) $Y'; exit 3`, {
        name: "main",
      }),
      container("echo beside", { name: "side" }),
    ],
    metadata: { labels: { team: "blue" } },
  });
  const job = await ended(client(), jobId);
  const [attempt] = job.eksAttempts!;
  assert.deepEqual(
    [job.status, job.statusReason, attempt!.podNamespace, attempt!.nodeName],
    ["FAILED", "Essential container in task exited", NAMESPACE, "node-1"],
  );
  assert.match(attempt!.podName!, /^aws-batch\.[0-9a-f-]{36}$/);
  assert.deepEqual(
    [...attempt!.initContainers!, ...attempt!.containers!].map(({ name, exitCode }) => [name, exitCode]),
    [
      ["init", 0],
      ["main", 3],
      ["side", 0],
    ],
  );
  assert.equal(job.eksProperties!.podProperties!.nodeName, "node-1");
  const logs = logsClient({ after }, server.url);
  const streams = await until("all have a stream", async () => {
    const told = await admin<{ logs?: readonly { container?: string; logStreamName: string }[] }>(
      `/longshore/jobs/${jobId}/logs`,
    );
    return (told.logs?.length ?? 0) >= 3 ? told.logs : undefined;
  });
  const text = (name: string) => logLines(logs, streams.find(({ container: one }) => one === name)!.logStreamName, 1);
  assert.deepEqual([await text("init"), await text("side")], [["prepared"], ["beside"]]);
  assert.deepEqual(await text("main"), [`job ${jobId} attempt 1 $(X) $(X) $Y`]);
  await untilEmpty();
});

test("a killed server's pods go on, and the next one knows how they ended; none runs twice", async () => {
  const note = join(directory, "note");
  const script = (name: string) => `echo $AWS_BATCH_JOB_ID >> ${note}; echo before; ${waitFor(name)}; echo after`;
  const [during, later] = [
    await submitPod({ containers: [container(script("a"))] }),
    await submitPod({ containers: [container(script("b"))] }),
  ];
  await untilStatus(client(), during, "RUNNING");
  await untilStatus(client(), later, "RUNNING");
  await server.kill();
  writeFileSync(go("a"), "");
  await until("its pod is over", () => cluster.pods(NAMESPACE).some(({ status }) => status.phase === "Succeeded"));
  await server.start();
  assert.equal((await ended(client(), during)).status, "SUCCEEDED");
  assert.equal((await describeJob(client(), later)).status, "RUNNING");
  writeFileSync(go("b"), "");
  assert.equal((await ended(client(), later)).status, "SUCCEEDED");
  const notes = readFileSync(note, "utf8").trim().split("\n");
  assert.deepEqual(notes.toSorted(), [during, later].toSorted());
  await untilEmpty();
});

test("why a pod waits, in the cluster's words; so many wait there and no more; a new node lets them run", async () => {
  const jobIds: string[] = [];
  const large = container("true", {
    resources: { requests: { cpu: "6", memory: "64Mi" }, limits: { memory: "64Mi" } },
  });
  for (let index = 0; index <= PENDING; index += 1) jobIds.push(await submitPod({ containers: [large] }));
  const told = await until("the cluster tells", async () => {
    const explanation = await admin<Explanation>(`/longshore/jobs/${jobIds[0]}/explanation`);
    return explanation.waitsFor?.some((word) => word.includes("Insufficient cpu")) ? explanation : undefined;
  });
  assert.equal(told.status, "STARTING");
  const behind = await admin<Explanation>(`/longshore/jobs/${jobIds.at(-1)}/explanation`);
  assert.equal(behind.status, "RUNNABLE");
  assert.match(behind.answer, new RegExp(`${PENDING} pods wait there for a place already`));
  assert.ok(
    behind.waitsFor?.some((word) => word.includes("Insufficient cpu")),
    JSON.stringify(behind.waitsFor),
  );
  assert.equal(cluster.pods(NAMESPACE).length, PENDING);
  cluster.addNode({ name: "node-2", cpu: "8", memory: "8Gi" });
  for (const jobId of jobIds) {
    const job = await ended(client(), jobId);
    assert.deepEqual([job.status, job.eksAttempts![0]!.nodeName], ["SUCCEEDED", "node-2"]);
  }
  await untilEmpty();
});

test("its nodes are shown as instances, with the jobs on them", async () => {
  const jobId = await submitPod({ containers: [container(waitFor("seen"))] });
  await untilStatus(client(), jobId, "RUNNING");
  const { instances } = await admin<InstancesAnswer>("/longshore/instances");
  const shown = instances.filter(({ computeEnvironment }) => computeEnvironment === "pods");
  assert.deepEqual(
    shown.map(({ instanceType, total, state }) => [instanceType, total.vcpus, state]),
    [
      ["m5.large", 4, "running"],
      ["m5.large", 8, "running"],
    ],
  );
  assert.deepEqual(
    shown.flatMap(({ jobs }) => jobs),
    [jobId],
  );
  writeFileSync(go("seen"), "");
  assert.equal((await ended(client(), jobId)).status, "SUCCEEDED");
});

test("a job that is told to end gets SIGTERM; its output stays", async () => {
  const jobId = await submitPod({
    containers: [container(`trap 'echo ending; exit 9' TERM; touch ${go("trapped")}; while :; do sleep 0.05; done`)],
  });
  await until("it has begun", () => existsSync(go("trapped")));
  await client().send(new TerminateJobCommand({ jobId, reason: "enough" }));
  const job = await ended(client(), jobId);
  assert.deepEqual(
    [job.status, job.statusReason, job.eksAttempts![0]!.containers![0]!.exitCode],
    ["FAILED", "enough", 9],
  );
  await untilEmpty();
});

test("the tag longshore:driver puts any environment into the cluster: containers are pods; what a pod cannot say is refused", async () => {
  const FARGATE = {
    type: "FARGATE",
    maxvCpus: 16,
    subnets: ["subnet-0123456789abcdef0"],
    securityGroupIds: ["sg-0123456789abcdef0"],
  };
  const create = async (name: string, driver: string) => {
    const tags = { "longshore:driver": driver };
    await client().send(new CreateComputeEnvironmentCommand(environmentRequest(name, FARGATE, { tags })));
  };
  await create("tagged", "kubernetes");
  await untilEnvironment(client(), "tagged", "VALID");
  await create("nowhere", "kubernetes@none");
  await untilEnvironment(client(), "nowhere", "INVALID");
  const { computeEnvironments } = await client().send(
    new DescribeComputeEnvironmentsCommand({ computeEnvironments: ["nowhere"] }),
  );
  assert.match(computeEnvironments![0]!.statusReason!, /^CLIENT_ERROR - No Kubernetes cluster none is configured/);
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "tagged" }];
  await client().send(new CreateJobQueueCommand({ jobQueueName: "tagged", priority: 1, computeEnvironmentOrder }));
  const submit = async (more: object): Promise<string> => {
    definitions += 1;
    const jobDefinitionName = `container-${definitions}`;
    const resourceRequirements = [
      { type: "VCPU" as const, value: "0.25" },
      { type: "MEMORY" as const, value: "512" },
    ];
    await client().send(
      new RegisterJobDefinitionCommand({
        ...{ jobDefinitionName, type: "container", platformCapabilities: ["FARGATE"] },
        containerProperties: {
          ...{ image: "busybox", command: ["sh", "-c", "echo $AWS_BATCH_CE_NAME"], resourceRequirements },
          ...{ executionRoleArn: "arn:aws:iam::123456789012:role/execution", ...more },
        },
      }),
    );
    const { jobId } = await client().send(
      new SubmitJobCommand({ jobName: "tagged", jobQueue: "tagged", jobDefinition: jobDefinitionName }),
    );
    return jobId!;
  };
  const job = await ended(client(), await submit({}));
  assert.equal(job.status, "SUCCEEDED");
  assert.deepEqual(await logLines(logsClient({ after }, server.url), job.container!.logStreamName!, 1), ["tagged"]);
  const refused = await ended(client(), await submit({ logConfiguration: { logDriver: "splunk" } }));
  assert.equal(refused.status, "FAILED");
  assert.match(refused.container!.reason!, /^CannotStartContainerError: .*splunk/);
  await untilEmpty();
});

test("an array of 200: each child once, with few requests to the API server", async () => {
  const note = join(directory, "children");
  const script = `echo $AWS_BATCH_JOB_ARRAY_INDEX >> ${note}`;
  const small = { resources: { requests: { cpu: "0.25", memory: "64Mi" }, limits: { memory: "64Mi" } } };
  cluster.api.counts.clear();
  const jobId = await submitPod({ containers: [container(script, small)] }, { arrayProperties: { size: 200 } });
  assert.equal((await ended(client(), jobId)).status, "SUCCEEDED");
  const notes = readFileSync(note, "utf8").trim().split("\n").map(Number);
  assert.deepEqual(
    notes.toSorted((a, b) => a - b),
    Array.from({ length: 200 }, (_, index) => index),
  );
  await untilEmpty();
  const total = cluster.api.counts.total();
  assert.ok(total <= 6 * 200, `${total} requests for 200 pods: ${JSON.stringify(cluster.api.counts.all())}`);
});

test("the nodes of one job begin when there is room for all at once, and know the main one's address", async () => {
  const range = (targetNodes: string, script: string) => ({
    targetNodes,
    eksProperties: {
      podProperties: {
        containers: [
          container(script, {
            name: "main",
            resources: { requests: { cpu: "4", memory: "64Mi" }, limits: { cpu: "4", memory: "64Mi" } },
          }),
        ],
      },
    },
  });
  const noteOf = (node: string) => join(directory, `node-${node}`);
  await client().send(
    new RegisterJobDefinitionCommand({
      ...{ jobDefinitionName: "gang", type: "multinode" },
      nodeProperties: {
        ...{ numNodes: 4, mainNode: 0 },
        nodeRangeProperties: [
          range("0", `touch ${noteOf("0")}; ${waitFor("node-1")}; ${waitFor("node-2")}; ${waitFor("node-3")}`),
          range(
            "1:",
            `echo $AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS > ${directory}/.$AWS_BATCH_JOB_NODE_INDEX; mv ${directory}/.$AWS_BATCH_JOB_NODE_INDEX ${directory}/node-$AWS_BATCH_JOB_NODE_INDEX; sleep 600`,
          ),
        ],
      },
    }),
  );
  const { jobId } = await client().send(
    new SubmitJobCommand({ jobName: "gang", jobQueue: "pods", jobDefinition: "gang" }),
  );
  // 4 and 8 vCPUs are there: three nodes would fit, and the fourth would not.
  await until("it waits for room", async () => {
    const { waitsFor = [] } = await admin<Explanation>(`/longshore/jobs/${jobId}/explanation`);
    return waitsFor.some((word) => /room|at once/.test(word));
  });
  assert.equal(existsSync(noteOf("0")), false);
  assert.ok(cluster.pods(NAMESPACE).every(({ spec }) => spec.nodeName === undefined));
  cluster.addNode({ name: "node-3", cpu: "4", memory: "8Gi" });
  assert.equal((await ended(client(), jobId!)).status, "SUCCEEDED");
  const { jobs } = await client().send(new DescribeJobsCommand({ jobs: [`${jobId}#0`] }));
  assert.ok(jobs);
  const addresses = ["1", "2", "3"].map((node) => readFileSync(noteOf(node), "utf8").trim());
  assert.match(addresses[0]!, /^\d+\.\d+\.\d+\.\d+$/);
  assert.equal(new Set(addresses).size, 1);
  await untilEmpty();
});

test("the server said nothing of errors", () => {
  assert.equal(server.stderr, "");
});
