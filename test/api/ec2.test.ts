import assert from "node:assert/strict";
import { hostname } from "node:os";
import { after, test } from "node:test";
import { DescribeInstancesCommand, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import type { DescribeInstancesCommandInput, Instance } from "@aws-sdk/client-ec2";
import { DescribeContainerInstancesCommand } from "@aws-sdk/client-ecs";
import { ec2Client, ecsClient } from "../support/clients.ts";
import { ended, submit } from "../support/jobs.ts";
import { apiServer, createQueue, EC2, FARGATE, SHARED } from "./server.ts";

const { url, batch } = await apiServer({ after }, { vcpus: 8, memoryMiB: 4096 });
const ec2 = ec2Client({ after }, url);
const SPOT = { ...EC2, type: "SPOT", spotIamFleetRole: "arn:aws:iam::123456789012:role/fleet", maxvCpus: 2 };
await createQueue(batch, "spot", { ...SPOT, tags: { team: "<blue> & green" } }, SHARED);
await createQueue(batch, "far", FARGATE);

async function instances(query: DescribeInstancesCommandInput = {}): Promise<Instance[]> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand(query));
  return Reservations.flatMap((reservation) => reservation.Instances!);
}

/** As Nextflow and awsbhosts do: from the job's container instance to its EC2 instance. */
async function instanceOf(jobQueue: string): Promise<string> {
  const { container } = await ended(batch, await submit(batch, ["true"], { jobQueue }));
  const { taskArn, containerInstanceArn } = container!;
  const ecs = ecsClient({ after }, url);
  const query = { cluster: taskArn!.split("/")[1], containerInstances: [containerInstanceArn!] };
  const { containerInstances } = await ecs.send(new DescribeContainerInstancesCommand(query));
  return containerInstances![0]!.ec2InstanceId!;
}

const spot = await instanceOf("spot");
const onDemand = await instanceOf("default");

test("the instance that a job ran on", async () => {
  const [instance] = await instances({ InstanceIds: [spot] });
  const { LaunchTime, InstanceType, PrivateIpAddress, Architecture, ...rest } = instance!;
  assert.deepEqual(rest, {
    InstanceId: spot,
    State: { Code: 16, Name: "running" },
    PrivateDnsName: hostname(),
    PublicDnsName: "",
    AmiLaunchIndex: 0,
    Placement: { AvailabilityZone: "us-east-1a", GroupName: "", Tenancy: "default" },
    Monitoring: { State: "disabled" },
    InstanceLifecycle: "spot",
    Tags: [{ Key: "team", Value: "<blue> & green" }],
  });
  assert.match(InstanceType!, /^[a-z0-9-]+\.[a-z0-9]+$/);
  assert.match(PrivateIpAddress!, /^\d+(\.\d+){3}$/);
  assert.match(Architecture!, /^(x86_64|arm64)$/);
  assert.ok(LaunchTime instanceof Date && Math.abs(LaunchTime.getTime() - Date.now()) < 600_000);
  const [other] = await instances({ InstanceIds: [onDemand] });
  assert.deepEqual([other?.InstanceLifecycle, other?.Tags], [undefined, []]);
});

test("all instances, by filters, and page by page", async () => {
  const ids = async (query: DescribeInstancesCommandInput) =>
    (await instances(query)).map(({ InstanceId }) => InstanceId);
  const both = [spot, onDemand].sort();
  assert.deepEqual(await ids({}), both, "what runs on Fargate is on no instance");
  const filtered = (Name: string, ...Values: string[]) => ids({ Filters: [{ Name, Values }] });
  const [{ InstanceType, PrivateIpAddress, PrivateDnsName, Architecture, LaunchTime } = {}] = await instances({
    InstanceIds: [spot],
  });
  assert.deepEqual(await filtered("instance-id", spot, "i-00000000"), [spot]);
  assert.deepEqual(await filtered("instance-lifecycle", "spot"), [spot]);
  assert.deepEqual(await filtered("instance-type", InstanceType!), [spot]);
  assert.deepEqual(await filtered("launch-time", LaunchTime!.toISOString()), [spot]);
  assert.deepEqual(await filtered("tag:team", "<blue> & green"), [spot]);
  assert.deepEqual(await filtered("tag-key", "te?m", "x"), [spot]);
  assert.deepEqual(await filtered("availability-zone", "us-*-1?"), both);
  for (const [name, value] of [
    ["private-ip-address", PrivateIpAddress],
    ["private-dns-name", PrivateDnsName],
    ["architecture", Architecture],
    ["availability-zone", "us-east-1a"],
    ["instance-state-name", "running"],
    ["instance-state-code", "16"],
  ]) {
    assert.deepEqual(await filtered(name!, value!), both, name);
    assert.deepEqual(await filtered(name!, "other"), [], name);
  }
  const Filters = [
    { Name: "instance-state-name", Values: ["running", "stopped"] },
    { Name: "instance-lifecycle", Values: ["spot"] },
  ];
  assert.deepEqual(await ids({ Filters }), [spot]);
  assert.deepEqual(await ids({ InstanceIds: [onDemand], Filters }), []);
  for (let number = 0; number < 5; number += 1) await createQueue(batch, `more-${number}`, EC2, SHARED);
  const sizes = [];
  const seen = new Set<string>();
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2, pageSize: 5 }, {})) {
    sizes.push(Reservations.length);
    for (const { OwnerId, Instances = [] } of Reservations) {
      assert.equal(OwnerId, "123456789012");
      seen.add(Instances[0]!.InstanceId!);
    }
  }
  assert.deepEqual([sizes, seen.size], [[5, 2], 7]);
});

test("what is not there, or not sayable", async () => {
  const fails = async (query: DescribeInstancesCommandInput, name: string, message: string, status = 400) =>
    assert.rejects(instances(query), (error: unknown) => {
      assert.ok(error instanceof Error);
      const { $metadata } = error as Error & { $metadata: { httpStatusCode: number; requestId: string } };
      assert.deepEqual([error.name, error.message, $metadata.httpStatusCode], [name, message, status]);
      assert.match($metadata.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  const [one, two] = ["i-00000000000000000", "i-11111111"];
  await fails({ InstanceIds: [one] }, "InvalidInstanceID.NotFound", `The instance ID '${one}' does not exist`);
  const none = `The instance IDs '${one}, ${two}' do not exist`;
  await fails({ InstanceIds: [one, spot, two] }, "InvalidInstanceID.NotFound", none);
  await fails({ InstanceIds: ["<x>"] }, "InvalidInstanceID.Malformed", 'Invalid id: "<x>"');
  await fails({ Filters: [{ Name: "mood", Values: ["x"] }] }, "InvalidParameterValue", "The filter 'mood' is invalid");
  const range = "Value ( 4 ) for parameter maxResults is invalid. Expecting a value from 5 to 1000.";
  await fails({ MaxResults: 4 }, "InvalidParameterValue", range);
  await fails(
    { MaxResults: 5, InstanceIds: [spot] },
    "InvalidParameterCombination",
    "The parameter instancesSet cannot be used with the parameter maxResults",
  );
  await fails({ NextToken: "x" }, "InvalidNextToken", "The specified NextToken is not valid.");
  await fails({ DryRun: true }, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
  const many = (length: number) => Array.from({ length }, (_, index) => `i-${String(index).padStart(8, "0")}`);
  await fails({ InstanceIds: many(1_001) }, "InvalidParameterValue", "InstanceId can have at most 1000 entries.");
  const filter = { Name: "instance-id", Values: many(201) };
  await fails({ Filters: [filter] }, "InvalidParameterValue", "Filter.Value can have at most 200 entries.");
  const filters = Array.from({ length: 51 }, () => ({ Name: "instance-id", Values: [spot] }));
  await fails({ Filters: filters }, "InvalidParameterValue", "Filter can have at most 50 entries.");
});
