import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  DescribeComputeEnvironmentsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import {
  ClusterNotFoundException,
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeTasksCommand,
  InvalidParameterException,
  ListClustersCommand,
  ListContainerInstancesCommand,
  ListTasksCommand,
  paginateListClusters,
  paginateListTasks,
  waitUntilTasksRunning,
  waitUntilTasksStopped,
} from "@aws-sdk/client-ecs";
import type { ContainerInstance, ListTasksCommandInput } from "@aws-sdk/client-ecs";
import { ecsClient } from "../support/clients.ts";
import { describeJob, ended, submit, untilStatus } from "../support/jobs.ts";
import { apiServer, CONTAINER, createQueue, EC2, FARGATE, register, SHARED } from "./server.ts";

const { url, batch } = await apiServer({ after }, { vcpus: 8, memoryMiB: 4096 });
const ecs = ecsClient({ after }, url);
await createQueue(batch, "small", { ...EC2, maxvCpus: 4 }, SHARED);
await createQueue(batch, "far", FARGATE);

const ECS = "arn:aws:ecs:us-east-1:123456789012";

async function clusterOf(computeEnvironment: string): Promise<string> {
  const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: [computeEnvironment] });
  return (await batch.send(query)).computeEnvironments![0]!.ecsClusterArn!;
}

const small = await clusterOf("small");
const far = await clusterOf("far");
const smallName = small.split("/")[1]!;

async function instanceOf(cluster: string): Promise<ContainerInstance> {
  const { containerInstanceArns } = await ecs.send(new ListContainerInstancesCommand({ cluster }));
  const query = new DescribeContainerInstancesCommand({ cluster, containerInstances: containerInstanceArns });
  const { containerInstances = [], failures } = await ecs.send(query);
  assert.deepEqual([containerInstances.length, failures], [1, []]);
  return containerInstances[0]!;
}

function amounts(resources: ContainerInstance["registeredResources"] = []): Record<string, number> {
  return Object.fromEntries(resources.map(({ name, integerValue }) => [name!, integerValue!]));
}

const hold = (jobQueue: string) => submit(batch, ["sleep", "100"], { jobQueue });
const terminate = async (jobId: string) => {
  await batch.send(new TerminateJobCommand({ jobId, reason: "enough" }));
  return ended(batch, jobId);
};

test("the SDK's waiters see a task run and stop", async () => {
  const jobId = await submit(batch, ["sleep", "100"], { jobQueue: "small" });
  const { container } = await untilStatus(batch, jobId, "RUNNING");
  const often = { client: ecs, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
  const tasks = { cluster: small, tasks: [container!.taskArn!] };
  assert.equal((await waitUntilTasksRunning(often, tasks)).state, "SUCCESS");
  const stopped = waitUntilTasksStopped(often, tasks);
  await terminate(jobId);
  assert.equal((await stopped).state, "SUCCESS");
});

test("the task of a running job, and the same when it is over", async () => {
  const jobId = await submit(batch, ["sleep", "100"], {
    jobQueue: "small",
    tags: { team: "blue" },
    propagateTags: true,
  });
  const { container, startedAt } = await untilStatus(batch, jobId, "RUNNING");
  const { taskArn, containerInstanceArn } = container!;
  const describe = async (id: string, cluster: string) =>
    ecs.send(new DescribeTasksCommand({ cluster, tasks: [id], include: ["TAGS"] }));
  const { tasks: [task] = [], failures } = await describe(taskArn!, small);
  assert.deepEqual(failures, []);
  const { containers: [inside] = [], startedAt: taskStartedAt, ...rest } = task!;
  assert.equal(taskStartedAt!.getTime(), startedAt);
  assert.deepEqual(rest, {
    taskArn,
    containerInstanceArn,
    clusterArn: small,
    taskDefinitionArn: `${ECS}:task-definition/default:1`,
    group: "family:default",
    launchType: "EC2",
    availabilityZone: "us-east-1a",
    lastStatus: "RUNNING",
    desiredStatus: "RUNNING",
    cpu: "1024",
    memory: "64",
    attachments: [],
    attributes: [],
    overrides: { containerOverrides: [] },
    tags: [{ key: "team", value: "blue" }],
  });
  const { containerArn, ...known } = inside!;
  assert.match(
    containerArn!,
    new RegExp(`^${ECS}:container/${smallName}/${taskArn!.split("/").at(-1)!}/[0-9a-f-]{36}$`),
  );
  assert.deepEqual(known, {
    taskArn,
    name: "default",
    image: "scratch",
    lastStatus: "RUNNING",
    networkInterfaces: [],
    healthStatus: "UNKNOWN",
    cpu: "1024",
    memory: "64",
  });
  const over = await terminate(jobId);
  const { tasks: [stopped] = [] } = await describe(taskArn!.split("/").at(-1)!, smallName);
  assert.deepEqual(
    [
      stopped?.lastStatus,
      stopped?.desiredStatus,
      stopped?.stopCode,
      stopped?.stoppedReason,
      stopped?.stoppedAt?.getTime(),
    ],
    ["STOPPED", "STOPPED", "UserInitiated", "enough", over.stoppedAt],
  );
  assert.deepEqual([stopped?.containers?.[0]?.exitCode, stopped?.containers?.[0]?.lastStatus], [143, "STOPPED"]);
});

test("each attempt and each child of an array is a task of its own; why it stopped", async () => {
  const retryStrategy = { attempts: 2 };
  const parent = await submit(batch, ["sh", "-c", "exit $AWS_BATCH_JOB_ARRAY_INDEX"], {
    ...{ jobQueue: "small", arrayProperties: { size: 2 }, retryStrategy },
  });
  await ended(batch, parent);
  const children = await Promise.all([0, 1].map((index) => describeJob(batch, `${parent}:${index}`)));
  const arns = children.flatMap(({ attempts }) => attempts!.map(({ container }) => container!.taskArn!));
  assert.deepEqual([arns.length, new Set(arns).size], [3, 3]);
  const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: small, tasks: arns }));
  assert.deepEqual(
    tasks?.map(({ taskArn, stopCode, containers }) => [taskArn, stopCode, containers?.[0]?.exitCode]),
    arns.map((arn, index) => [arn, "EssentialContainerExited", index === 0 ? 0 : 1]),
  );
  const missing = await ended(batch, await submit(batch, ["/no/such/program"], { jobQueue: "small" }));
  const { tasks: [failed] = [] } = await ecs.send(
    new DescribeTasksCommand({ cluster: small, tasks: [missing.container!.taskArn!] }),
  );
  assert.deepEqual([failed?.stopCode, failed?.startedAt], ["TaskFailedToStart", undefined]);
  assert.match(failed?.containers?.[0]?.reason ?? "", /^CannotStartContainerError/);
});

test("a multi-node job is a task for each node; a task of several containers tells of each", async () => {
  const inside = (name: string, code: number, essential: boolean) => ({
    ...{ name, image: "scratch", command: ["sh", "-c", `exit ${code}`], essential },
    resourceRequirements: [
      { type: "VCPU" as const, value: "0.5" },
      { type: "MEMORY" as const, value: "64" },
    ],
  });
  const containers = [inside("main", 0, true), inside("side", 3, false)];
  const ranges = [
    { targetNodes: "0", ecsProperties: { taskProperties: [{ containers }] } },
    { targetNodes: "1:", container: { ...CONTAINER, command: ["sleep", "100"] } },
  ];
  const nodeProperties = { numNodes: 3, mainNode: 0, nodeRangeProperties: ranges };
  const definition = { jobDefinitionName: "nodes", type: "multinode" as const, nodeProperties };
  await batch.send(new RegisterJobDefinitionCommand(definition));
  const request = { jobName: "nodes", jobQueue: "small", jobDefinition: "nodes" };
  const { jobId } = await batch.send(new SubmitJobCommand(request));
  await ended(batch, jobId!);
  const nodes = await Promise.all([0, 1, 2].map((node) => describeJob(batch, `${jobId}#${node}`)));
  const arns = nodes.map(
    ({ container, ecsProperties }) => container?.taskArn ?? ecsProperties!.taskProperties![0]!.taskArn!,
  );
  assert.equal(new Set(arns).size, 3);
  const { tasks = [], failures } = await ecs.send(new DescribeTasksCommand({ cluster: small, tasks: arns }));
  assert.deepEqual(failures, []);
  assert.deepEqual(
    tasks.map(({ taskArn, lastStatus, cpu }) => [taskArn, lastStatus, cpu]),
    arns.map((arn) => [arn, "STOPPED", "1024"]),
  );
  const told = nodes.map(({ container, ecsProperties }) =>
    ecsProperties === undefined ? [{ name: "default", ...container }] : ecsProperties.taskProperties![0]!.containers!,
  );
  assert.deepEqual(
    tasks.map((task) => task.containers?.map(({ name, exitCode }) => [name, exitCode])),
    told.map((all) => all.map(({ name, exitCode }) => [name, exitCode])),
  );
  assert.deepEqual(
    told[0]?.map(({ name }) => name),
    ["main", "side"],
  );
});

test("on Fargate a task is on no instance", async () => {
  const resourceRequirements = [
    { type: "VCPU" as const, value: "0.25" },
    { type: "MEMORY" as const, value: "512" },
  ];
  const executionRoleArn = "arn:aws:iam::123456789012:role/r";
  await register(batch, "far", { executionRoleArn, resourceRequirements }, { platformCapabilities: ["FARGATE"] });
  const job = await ended(batch, await submit(batch, ["true"], { jobQueue: "far", jobDefinition: "far" }));
  const { tasks: [task] = [] } = await ecs.send(
    new DescribeTasksCommand({ cluster: far, tasks: [job.container!.taskArn!] }),
  );
  assert.deepEqual(
    [task?.launchType, task?.capacityProviderName, task?.containerInstanceArn, task?.cpu, task?.memory],
    ["FARGATE", "FARGATE", undefined, "256", "512"],
  );
  assert.deepEqual(
    [task?.platformVersion, task?.platformFamily, task?.ephemeralStorage],
    ["1.4.0", "Linux", { sizeInGiB: 20 }],
  );
  const [{ id, ...attachment } = {}] = task!.attachments!;
  assert.match(id!, /^[0-9a-f-]{36}$/);
  const details = [{ name: "subnetId", value: "subnet-1" }];
  assert.deepEqual(attachment, { type: "ElasticNetworkInterface", status: "DELETED", details });
  const { containerInstanceArns } = await ecs.send(new ListContainerInstancesCommand({ cluster: far }));
  assert.deepEqual(containerInstanceArns, []);
  const sized = { fargatePlatformConfiguration: { platformVersion: "1.3.0" }, ephemeralStorage: { sizeInGiB: 21 } };
  await register(
    batch,
    "sized",
    { executionRoleArn, resourceRequirements, ...sized },
    { platformCapabilities: ["FARGATE"] },
  );
  const other = await ended(batch, await submit(batch, ["true"], { jobQueue: "far", jobDefinition: "sized" }));
  const query = new DescribeTasksCommand({ cluster: far, tasks: [other.container!.taskArn!] });
  const { tasks: [second] = [] } = await ecs.send(query);
  assert.deepEqual([second?.platformVersion, second?.ephemeralStorage], ["1.3.0", { sizeInGiB: 21 }]);
});

test("an environment has one instance: what it can use of this machine, and what is left of that", async () => {
  const idle = await instanceOf(small);
  assert.match(idle.ec2InstanceId!, /^i-[0-9a-f]{17}$/);
  assert.deepEqual(amounts(idle.registeredResources), { CPU: 4 * 1024, MEMORY: 4096 });
  assert.deepEqual([idle.status, idle.agentConnected], ["ACTIVE", true]);
  const type = idle.attributes!.find(({ name }) => name === "ecs.instance-type")?.value;
  assert.match(type!, /^[a-z0-9-]+\.[a-z0-9]+$/);
});

test("what runs takes its part, also of what the other environments could use", async () => {
  const { runningTasksCount: before } = await instanceOf(small);
  const free = amounts((await instanceOf(small)).remainingResources);
  const ids = [await hold("small"), await hold("default")];
  await Promise.all(ids.map((id) => untilStatus(batch, id, "RUNNING")));
  const busy = await instanceOf(small);
  assert.deepEqual([busy.runningTasksCount, busy.pendingTasksCount], [before! + 1, 0]);
  const left = amounts(busy.remainingResources);
  assert.deepEqual([free["MEMORY"]! - left["MEMORY"]!, free["CPU"]! - left["CPU"]!], [128, 1024]);
  for (const id of ids) await terminate(id);
  assert.deepEqual(amounts((await instanceOf(small)).remainingResources), free);
});

test("the tasks that are not over can be listed, page by page", async () => {
  const ids = await Promise.all([1, 2, 3].map(() => hold("default")));
  const jobs = await Promise.all(ids.map((id) => untilStatus(batch, id, "RUNNING")));
  const cluster = await clusterOf("default");
  const wanted = jobs.map(({ container }) => container!.taskArn!).sort();
  const pages = [];
  for await (const { taskArns = [] } of paginateListTasks({ client: ecs, pageSize: 2 }, { cluster }))
    pages.push(taskArns);
  assert.deepEqual([pages.map(({ length }) => length), pages.flat()], [[2, 1], wanted]);
  const count = async (query: Partial<ListTasksCommandInput>) =>
    (await ecs.send(new ListTasksCommand({ cluster, ...query }))).taskArns!.length;
  const { containerInstanceArn } = await instanceOf(cluster);
  for (const query of [
    { family: "default" },
    { launchType: "EC2" },
    { containerInstance: containerInstanceArn },
  ] as const)
    assert.equal(await count(query), 3, JSON.stringify(query));
  for (const query of [
    ...[{ family: "other" }, { launchType: "FARGATE" }, { startedBy: "me" }, { serviceName: "s" }],
    ...[{ desiredStatus: "STOPPED" }, { desiredStatus: "PENDING" }, { containerInstance: "0".repeat(32) }],
  ] as const)
    assert.equal(await count(query), 0, JSON.stringify(query));
  const { nextToken } = await ecs.send(new ListTasksCommand({ cluster, maxResults: 1 }));
  await assert.rejects(ecs.send(new ListTasksCommand({ cluster, family: "x", nextToken })), {
    message: "The nextToken is not valid for this request.",
  });
  for (const id of ids) await terminate(id);
});

test("clusters: those of the environments", async () => {
  const names = ["default", "far", "small"];
  const arns = await Promise.all(names.map(clusterOf));
  const pages = [];
  for await (const { clusterArns = [] } of paginateListClusters({ client: ecs, pageSize: 2 }, {}))
    pages.push(clusterArns);
  assert.deepEqual([pages.map(({ length }) => length), pages.flat()], [[2, 1], arns]);
  const { clusters, failures } = await ecs.send(new DescribeClustersCommand({ clusters: [...arns, "none"] }));
  assert.deepEqual(
    clusters?.map(({ clusterArn, status, registeredContainerInstancesCount }) => [
      ...[clusterArn, status, registeredContainerInstancesCount],
    ]),
    arns.map((arn) => [arn, "ACTIVE", arn === far ? 0 : 1]),
  );
  assert.deepEqual(failures, [{ arn: `${ECS}:cluster/none`, reason: "MISSING" }]);
  const other = ecsClient({ after }, url, "eu-west-1");
  const { clusterArns } = await other.send(new ListClustersCommand({}));
  assert.deepEqual(clusterArns, [], "another region has not been used yet");
});

test("what is not there, not here, or not sayable", async () => {
  const job = await ended(batch, await submit(batch, ["true"], { jobQueue: "small" }));
  const { taskArn } = job.container!;
  const id = taskArn!.split("/").at(-1)!;
  const unknown = "0".repeat(32);
  const others = [unknown, `${id.slice(0, -1)}1`, (id.startsWith("f") ? "e" : "f") + id.slice(1), "x".repeat(36)];
  const { tasks, failures } = await ecs.send(new DescribeTasksCommand({ cluster: small, tasks: [...others, id, id] }));
  assert.deepEqual(
    tasks?.map((task) => task.taskArn),
    [taskArn],
  );
  assert.deepEqual(
    failures,
    others.map((other) => ({ arn: `${ECS}:task/${smallName}/${other}`, reason: "MISSING" })),
  );
  // By its id alone a task of another cluster is just not there.
  const { failures: [failure] = [] } = await ecs.send(new DescribeTasksCommand({ cluster: far, tasks: [id] }));
  assert.equal(failure?.reason, "MISSING");
  const instances = await ecs.send(
    new DescribeContainerInstancesCommand({ cluster: small, containerInstances: [unknown] }),
  );
  assert.deepEqual(instances.failures, [
    { arn: `${ECS}:container-instance/${smallName}/${unknown}`, reason: "MISSING" },
  ]);

  const farName = far.split("/")[1]!;
  const invalid = (message: string) => (error: unknown) => {
    assert.ok(error instanceof InvalidParameterException);
    assert.deepEqual([error.message, error.$metadata.httpStatusCode], [message, 400]);
    return true;
  };
  const describe = (tasks: string[], cluster?: string) => ecs.send(new DescribeTasksCommand({ cluster, tasks }));
  const otherCluster = `Invalid identifier: Identifier is for cluster ${smallName}. Your cluster is ${farName}`;
  await assert.rejects(describe([taskArn!], far), invalid(otherCluster));
  await assert.rejects(describe([], small), invalid("Tasks cannot be empty."));
  await assert.rejects(describe(Array<string>(101).fill(id), small), invalid("tasks can have at most 100 entries."));
  await assert.rejects(describe(["abc"], small), invalid("taskId length should be one of [32,36]"));
  await assert.rejects(describe([small], small), invalid("Unsupported resource type: cluster"));
  await assert.rejects(
    describe([taskArn!.replace("123456789012", "210987654321")], small),
    invalid("Identifier is for 210987654321. Your accountId is 123456789012"),
  );
  await assert.rejects(
    describe([taskArn!.replace("us-east-1", "eu-west-1")], small),
    invalid("Identifier is for eu-west-1. Your region is us-east-1"),
  );
  const list = (more: object) => ecs.send(new ListTasksCommand({ cluster: small, ...more }));
  await assert.rejects(list({ maxResults: 0 }), invalid("maxResults must be between 1 and 100."));
  await assert.rejects(list({ maxResults: 101 }), invalid("maxResults must be between 1 and 100."));
  await assert.rejects(list({ nextToken: "x" }), invalid("The nextToken is not valid for this request."));
  await assert.rejects(
    list({ desiredStatus: "GONE" }),
    invalid('desiredStatus "GONE" is not valid. Valid values: [PENDING, RUNNING, STOPPED]'),
  );
  await assert.rejects(
    list({ launchType: "MOON" }),
    invalid('launchType "MOON" is not valid. Valid values: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]'),
  );
  const instancesOf = (more: object) => ecs.send(new ListContainerInstancesCommand({ cluster: small, ...more }));
  await assert.rejects(instancesOf({ filter: "task:group == x" }), invalid("filter is not supported here."));
  await assert.rejects(
    instancesOf({ status: "GONE" }),
    invalid(
      'status "GONE" is not valid. Valid values: [ACTIVE, DRAINING, REGISTERING, DEREGISTERING, REGISTRATION_FAILED]',
    ),
  );
  assert.deepEqual((await instancesOf({ status: "DRAINING" })).containerInstanceArns, []);
  for (const cluster of [undefined, "default", "none", `${ECS}:cluster/none`, `x_Batch_${"0".repeat(36)}`]) {
    await assert.rejects(describe([id], cluster), (error: unknown) => {
      assert.ok(error instanceof ClusterNotFoundException);
      assert.deepEqual([error.message, error.$metadata.httpStatusCode], ["Cluster not found.", 400]);
      return true;
    });
  }
});
