import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeOverrides } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  DescribeComputeEnvironmentsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  UpdateComputeEnvironmentCommand,
} from "@aws-sdk/client-batch";
import type { Instance } from "@aws-sdk/client-ec2";
import { DescribeInstancesCommand, TerminateInstancesCommand, waitUntilInstanceTerminated } from "@aws-sdk/client-ec2";
import type { ContainerInstance } from "@aws-sdk/client-ecs";
import {
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeTasksCommand,
  ListContainerInstancesCommand,
  ListTasksCommand,
} from "@aws-sdk/client-ecs";
import { shownInstances } from "../../src/api/ec2/shown-instances.ts";
import type { Instance as InstanceOfCore, Launching } from "../../src/core/instances/instance.ts";
import { instanceType, withInstances } from "../support/instances.ts";
import { describeJob, submit } from "../support/jobs.ts";
import type { InstanceServer } from "./instance-server.ts";
import { createPool, instanceServer } from "./instance-server.ts";
import { CONTAINER, environmentRequest, UNMANAGED } from "./server.ts";

const MINUTE = 60_000;
const M5 = instanceType("m5.large", 2);
const G5 = instanceType("g5.2xlarge", 8, { gpus: 2 });

const launching = (more: Partial<Launching> = {}) => withInstances({ types: [M5], ...more }).instances!;

async function clusterOf({ batch }: InstanceServer, computeEnvironment: string): Promise<string> {
  const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: [computeEnvironment] });
  return (await batch.send(query)).computeEnvironments![0]!.ecsClusterArn!;
}

async function ec2Instances({ ec2 }: InstanceServer, ...InstanceIds: string[]): Promise<Instance[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds }));
  return Reservations.flatMap((reservation) => reservation.Instances!);
}

async function containerInstances({ ecs }: InstanceServer, cluster: string): Promise<ContainerInstance[]> {
  const { containerInstanceArns = [] } = await ecs.send(new ListContainerInstancesCommand({ cluster }));
  if (containerInstanceArns.length === 0) return [];
  const query = new DescribeContainerInstancesCommand({ cluster, containerInstances: containerInstanceArns });
  return (await ecs.send(query)).containerInstances!;
}

const amounts = (resources: ContainerInstance["registeredResources"] = []) =>
  Object.fromEntries(
    resources.map((one) => [one.name, one.type === "STRINGSET" ? one.stringSetValue : one.integerValue]),
  );

test("an instance from its launch to its end, as EC2 and ECS tell of it", async (t) => {
  const server = await instanceServer(t, launching(), { behaviour: { runMs: 2 * MINUTE } });
  const { bench, batch, ecs } = server;
  await createPool(server, "pool", { placementGroup: "close", tags: { team: "blue" } });
  const cluster = await clusterOf(server, "pool");
  const registered = async () => {
    const { clusters } = await ecs.send(new DescribeClustersCommand({ clusters: [cluster] }));
    return clusters![0]!.registeredContainerInstancesCount;
  };
  const jobId = await submit(batch, ["work"], { jobQueue: "pool" });
  await bench.tick();
  const [id] = bench.launched as [string];
  const [booting] = await ec2Instances(server, id);
  const { LaunchTime, Tags, ...rest } = booting!;
  assert.deepEqual(rest, {
    InstanceId: id,
    State: { Code: 0, Name: "pending" },
    InstanceType: "m5.large",
    Architecture: "x86_64",
    PrivateDnsName: "here",
    PublicDnsName: "",
    PrivateIpAddress: "10.0.0.7",
    AmiLaunchIndex: 0,
    Placement: { AvailabilityZone: "us-east-1a", GroupName: "close", Tenancy: "default" },
    Monitoring: { State: "disabled" },
  });
  assert.equal(LaunchTime!.getTime(), bench.clock.now());
  const tags = Object.fromEntries(Tags!.map(({ Key, Value }) => [Key, Value]));
  assert.deepEqual([tags["team"], tags["AWSBatchServiceTag"]], ["blue", "batch"]);
  assert.match(tags["aws:autoscaling:groupName"] ?? "", /^AWSBatch-pool-asg-[0-9a-f-]{36}$/);
  assert.deepEqual([await containerInstances(server, cluster), await registered()], [[], 0]);

  await bench.advance(MINUTE + 1_000);
  const [member] = await containerInstances(server, cluster);
  assert.deepEqual(
    [member?.ec2InstanceId, member?.status, member?.agentConnected, member?.runningTasksCount, await registered()],
    [id, "ACTIVE", true, 1, 1],
  );
  assert.deepEqual(amounts(member?.registeredResources), { CPU: 2048, MEMORY: 8192 });
  assert.deepEqual(amounts(member?.remainingResources), { CPU: 1024, MEMORY: 8128 });
  const attributes = Object.fromEntries(member!.attributes!.map(({ name, value }) => [name, value]));
  assert.deepEqual([attributes["ecs.instance-type"], attributes["ecs.cpu-architecture"]], ["m5.large", "x86_64"]);
  assert.equal((await ec2Instances(server, id))[0]?.State?.Name, "running");

  const { container, attempts } = await describeJob(batch, jobId);
  assert.equal(container?.containerInstanceArn, member?.containerInstanceArn);
  await bench.advance(3 * MINUTE);
  const over = await describeJob(batch, jobId);
  assert.equal(over.attempts?.[0]?.container?.containerInstanceArn, member?.containerInstanceArn);
  assert.equal(attempts?.length, 1);
  await bench.advance(20 * MINUTE);
  assert.deepEqual([await containerInstances(server, cluster), await registered()], [[], 0]);
  assert.deepEqual((await ec2Instances(server, id))[0]?.State, { Code: 48, Name: "terminated" });
  const byArn = { cluster, containerInstances: [member!.containerInstanceArn!] };
  const { containerInstances: [inactive] = [] } = await ecs.send(new DescribeContainerInstancesCommand(byArn));
  assert.deepEqual([inactive?.status, inactive?.ec2InstanceId, inactive?.agentConnected], ["INACTIVE", id, false]);
  await bench.advance(60 * MINUTE);
  const gone = { name: "InvalidInstanceID.NotFound", message: `The instance ID '${id}' does not exist` };
  await assert.rejects(ec2Instances(server, id), gone);
});

test("tasks are listed and described by the instance that they are on; those of a multi-node job by each node's", async (t) => {
  const server = await instanceServer(t, launching(), { behaviour: { runMs: 30 * MINUTE } });
  const { bench, batch, ecs } = server;
  await createPool(server, "pool");
  const cluster = await clusterOf(server, "pool");
  const nodeProperties = {
    numNodes: 2,
    mainNode: 0,
    nodeRangeProperties: [{ targetNodes: "0:", container: CONTAINER }],
  };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "nodes", type: "multinode", nodeProperties }));
  const request = { jobName: "gang", jobQueue: "pool", jobDefinition: "nodes" };
  const { jobId: gang } = await batch.send(new SubmitJobCommand(request));
  await bench.tick();
  await bench.advance(2 * MINUTE);
  const single = await submit(batch, ["work"], { jobQueue: "pool" });
  await bench.tick();
  await bench.advance(2 * MINUTE);
  const members = await containerInstances(server, cluster);
  assert.deepEqual(
    members.map(({ runningTasksCount }) => runningTasksCount),
    [1, 1, 1],
  );
  const arnOf = new Map(
    members.map(({ ec2InstanceId, containerInstanceArn }) => [ec2InstanceId, containerInstanceArn]),
  );
  const expected = bench.launched.map((id) => arnOf.get(id));
  const jobs = await Promise.all([`${gang}#0`, `${gang}#1`, single].map((id) => describeJob(batch, id)));
  assert.deepEqual(
    jobs.map(({ container }) => container?.containerInstanceArn),
    expected,
  );
  for (const [index, containerInstance] of expected.entries()) {
    const { taskArns } = await ecs.send(new ListTasksCommand({ cluster, containerInstance }));
    assert.deepEqual(taskArns, [jobs[index]?.container?.taskArn]);
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
    assert.equal(tasks?.[0]?.containerInstanceArn, containerInstance);
    const inside = tasks?.[0]?.containers?.[0];
    assert.deepEqual(inside?.networkInterfaces, jobs[index]?.container?.networkInterfaces);
    // Nodes have addresses of their own.
    assert.equal(tasks?.[0]?.attachments?.[0]?.id, inside?.networkInterfaces?.[0]?.attachmentId);
    assert.equal(inside?.networkInterfaces?.length, index < 2 ? 1 : 0);
  }
  const none = await ecs.send(new ListTasksCommand({ cluster, containerInstance: "0".repeat(32) }));
  assert.deepEqual(none.taskArns, []);
});

test("nodes are on instances of the type that they name, in the definition or at submission", async (t) => {
  const types = ["m5.large", "m5.xlarge", "m5.2xlarge"].map((name, index) => instanceType(name, 2 ** (index + 1)));
  const server = await instanceServer(t, launching({ types }), { behaviour: { runMs: MINUTE } });
  const { bench, batch } = server;
  await createPool(server, "pool", { maxvCpus: 64 });
  const container = { ...CONTAINER, instanceType: "m5.xlarge" };
  const nodeProperties = { numNodes: 2, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:", container }] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "typed", type: "multinode", nodeProperties }));
  const launchedFor = async (nodeOverrides?: NodeOverrides): Promise<(string | undefined)[]> => {
    const before = bench.launched.length;
    const request = { jobName: "gang", jobQueue: "pool", jobDefinition: "typed", nodeOverrides };
    await batch.send(new SubmitJobCommand(request));
    await bench.tick();
    const instances = await ec2Instances(server, ...bench.launched.slice(before));
    // Nothing is launched for who stands behind one that has not started.
    await bench.advance(4 * MINUTE);
    return instances.map(({ InstanceType }) => InstanceType);
  };
  assert.deepEqual(await launchedFor(), ["m5.xlarge", "m5.xlarge"]);
  const containerOverrides = { instanceType: "m5.2xlarge" };
  const nodePropertyOverrides = [{ targetNodes: "0:", containerOverrides }];
  assert.deepEqual(await launchedFor({ nodePropertyOverrides }), ["m5.2xlarge", "m5.2xlarge"]);
});

test("an instance that is to go runs, and drains, until its last job has ended", () => {
  const instance = { id: "i-1", seq: 1, environmentArn: "e", type: M5, launchedAt: 5, runningAt: 7 };
  const shown = (more: Pick<InstanceOfCore, "status" | "isLost">, isIdle: boolean) => {
    const use = { instance: { ...instance, ...more }, free: M5, isIdle };
    const scheduler = { instances: () => [use], occupancy: () => undefined };
    const machine = { architecture: "arm64", address: "", hostName: "" } as const;
    const record = { ...{ arn: "a:b:c:d:e", scope: "", name: "e", version: 1, createdAt: 0 }, settings: {} };
    const [one] = shownInstances({ scheduler, machine }, { ...record, status: "VALID", statusReason: "" });
    return [one?.state, one?.isDraining, one?.architecture];
  };
  assert.deepEqual(shown({ status: "running" }, false), ["running", false, "x86_64"]);
  assert.deepEqual(shown({ status: "terminating" }, false), ["running", true, "x86_64"]);
  assert.deepEqual(shown({ status: "terminating", isLost: true }, false), ["shutting-down", true, "x86_64"]);
  assert.deepEqual(shown({ status: "terminating" }, true), ["shutting-down", true, "x86_64"]);
});

test("desiredvCpus is at least the minimum, and cannot be set below what is there", async (t) => {
  const server = await instanceServer(t, launching({ minVcpuMilli: 2000 }), {
    boots: [{ bootMs: 0, failure: "none" }],
  });
  const { bench, batch } = server;
  await createPool(server, "pool", { minvCpus: 2 });
  const desired = async () => {
    const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: ["pool"] });
    return (await batch.send(query)).computeEnvironments![0]!.computeResources!.desiredvCpus;
  };
  await bench.tick();
  await bench.advance(0);
  assert.deepEqual([await desired(), [...bench.cloud.instances()]], [2, []]);
  await bench.advance(6 * MINUTE);
  for (let n = 0; n < 4; n += 1) await submit(batch, ["work"], { jobQueue: "pool" });
  await bench.tick();
  assert.equal(await desired(), 4);
  const lower = { computeEnvironment: "pool", computeResources: { desiredvCpus: 3 } };
  await assert.rejects(batch.send(new UpdateComputeEnvironmentCommand(lower)), {
    message: /^Manually scaling down compute environment is not supported\./,
  });
});

test("GPUs are told by their numbers", async (t) => {
  const server = await instanceServer(t, launching({ types: [G5] }));
  await createPool(server, "pool");
  const container = {
    ...CONTAINER,
    resourceRequirements: [...CONTAINER.resourceRequirements!, { type: "GPU" as const, value: "1" }],
  };
  const definition = { jobDefinitionName: "gpu", type: "container" as const, containerProperties: container };
  await server.batch.send(new RegisterJobDefinitionCommand(definition));
  await submit(server.batch, ["work"], { jobQueue: "pool", jobDefinition: "gpu" });
  await server.bench.tick();
  await server.bench.advance(MINUTE);
  const [member] = await containerInstances(server, await clusterOf(server, "pool"));
  assert.deepEqual(amounts(member?.registeredResources), { CPU: 8192, MEMORY: 32768, GPU: ["0", "1"] });
  assert.equal((amounts(member?.remainingResources)["GPU"] as string[]).length, 1);
});

test("who terminates an instance ends what runs on it, and the environment launches another one", async (t) => {
  const server = await instanceServer(t, launching({ isSpot: true }), { behaviour: { runMs: 10 * MINUTE } });
  const { bench, batch, ec2 } = server;
  await createPool(server, "pool", { type: "SPOT", allocationStrategy: "SPOT_CAPACITY_OPTIMIZED" });
  const retryStrategy = { attempts: 2, evaluateOnExit: [{ onStatusReason: "Host EC2*", action: "RETRY" as const }] };
  const jobId = await submit(batch, ["work"], { jobQueue: "pool", retryStrategy });
  await bench.tick();
  await bench.advance(2 * MINUTE);
  const [id] = bench.launched as [string];
  assert.equal((await ec2Instances(server, id))[0]?.InstanceLifecycle, "spot");
  await assert.rejects(ec2.send(new TerminateInstancesCommand({ InstanceIds: [id], DryRun: true })), {
    name: "DryRunOperation",
  });
  const answer = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  assert.deepEqual(answer.TerminatingInstances, [
    {
      InstanceId: id,
      CurrentState: { Code: 32, Name: "shutting-down" },
      PreviousState: { Code: 16, Name: "running" },
    },
  ]);
  await bench.advance(3 * MINUTE);
  const waiting = waitUntilInstanceTerminated({ client: ec2, maxWaitTime: 10, minDelay: 1 }, { InstanceIds: [id] });
  assert.equal((await waiting).state, "SUCCESS");
  const again = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  assert.equal(again.TerminatingInstances?.[0]?.CurrentState?.Name, "terminated");
  const { attempts, status } = await describeJob(batch, jobId);
  assert.deepEqual(
    [attempts?.[0]?.statusReason, attempts?.length, status, bench.launched.length],
    [`Host EC2 (instance ${id}) terminated.`, 2, "RUNNING", 2],
  );
});

test("what cannot be terminated", async (t) => {
  const server = await instanceServer(t, launching());
  const terminate = (...InstanceIds: string[]) => server.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
  await clusterOf(server, "default");
  const share = (await ec2Instances(server)).map(({ InstanceId }) => InstanceId!);
  assert.equal(share.length, 1);
  await assert.rejects(terminate(share[0]!), {
    name: "UnsupportedOperation",
    message: `The instance '${share[0]}' stands for what compute environment default can use of this machine and cannot be terminated. Terminate its jobs instead.`,
  });
  await assert.rejects(terminate("i-00000000000000000"), { name: "InvalidInstanceID.NotFound" });
  await assert.rejects(terminate("x"), { name: "InvalidInstanceID.Malformed" });
  await assert.rejects(terminate(), {
    name: "MissingParameter",
    message: "The request must contain the parameter InstanceId",
  });
});

test("a registered host is shown by its name, and is not terminated but removed", async (t) => {
  const server = await instanceServer(t, launching());
  const { batch, bench, ec2 } = server;
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest("own", {}, UNMANAGED as object)));
  await bench.store.hosts.insert({
    environmentArn: "arn:aws:batch:us-east-1:123456789012:compute-environment/own",
    ...{ name: "big", way: { endpoint: "unix:///nowhere" }, createdAt: bench.clock.now() },
    engine: { id: "e", version: "1", vcpuMilli: 4000, memoryMiB: 8192, gpus: 0, architecture: "X86_64" },
  });
  await bench.server.engine.nudgeResources();
  const found = (await ec2Instances(server)).find(({ PrivateDnsName }) => PrivateDnsName === "big");
  assert.deepEqual(
    [found?.InstanceType, found?.State?.Name, found?.PrivateIpAddress, found?.Tags],
    ["host-4vcpu-8192mib", "pending", undefined, []],
  );
  await assert.rejects(ec2.send(new TerminateInstancesCommand({ InstanceIds: [found!.InstanceId!] })), {
    name: "UnsupportedOperation",
    message: `The instance '${found!.InstanceId}' is the host big that was registered with compute environment own: it is taken away by removing the host.`,
  });
});
