import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DescribeComputeEnvironmentsCommand,
  UntagResourceCommand,
  UpdateComputeEnvironmentCommand,
} from "@aws-sdk/client-batch";
import type { FakeBoot } from "../../src/drivers/fake/cloud.ts";
import { LARGE, withInstances } from "../support/instances.ts";
import { describeJob, ended, submit } from "../support/jobs.ts";
import type { InstanceServer } from "./instance-server.ts";
import { createPool, instanceServer } from "./instance-server.ts";
import { apiServer, createQueue, EC2, untilEnvironment } from "./server.ts";

const MINUTE = 60_000;
const NEVER: Partial<FakeBoot> = { bootMs: 100 * 24 * 60 * MINUTE };
const { instances: launching } = withInstances({ types: [LARGE], joinTimeoutMs: 10 * MINUTE });

async function environmentOf({ batch }: InstanceServer) {
  const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: ["pool"] });
  return (await batch.send(query)).computeEnvironments![0]!;
}

test("an environment whose instances never join its cluster is INVALID after three of them, until it is updated", async (t) => {
  const server = await instanceServer(t, launching!, { boots: [NEVER, NEVER, NEVER] });
  const { bench, batch } = server;
  await createPool(server, "pool");
  const jobId = await submit(batch, ["work"], { jobQueue: "pool" });
  await bench.tick();
  await bench.advance(29 * MINUTE);
  assert.equal((await environmentOf(server)).status, "VALID");
  assert.match((await describeJob(batch, jobId)).statusReason!, / instances are launching: 1\.$/);
  await bench.advance(2 * MINUTE);
  const { status, statusReason, computeResources: shown } = await environmentOf(server);
  assert.deepEqual(
    [status, shown?.desiredvCpus, bench.launched.length, [...bench.cloud.instances()]],
    ["INVALID", 0, 3, []],
  );
  assert.match(
    statusReason!,
    /^Your compute environment has been INVALIDATED and scaled down because none of the instances joined the underlying ECS Cluster\. Common issues /,
  );
  const waits = "ACTION_REQUIRED - CE(s) associated with the job queue are invalid.";
  assert.equal((await describeJob(batch, jobId)).statusReason, waits);
  const explanation = JSON.stringify(bench.server.engine.explain(jobId));
  assert.match(explanation, /It is INVALID: Your compute environment has been INVALIDATED and scaled down /);
  await bench.advance(60 * MINUTE);
  assert.equal(bench.launched.length, 3, "nothing is launched there any more");
  const computeResources = { maxvCpus: 17 };
  await batch.send(new UpdateComputeEnvironmentCommand({ computeEnvironment: "pool", computeResources }));
  await bench.advance(2 * MINUTE);
  assert.deepEqual(
    [(await environmentOf(server)).status, (await describeJob(batch, jobId)).status],
    ["VALID", "SUCCEEDED"],
  );
  assert.deepEqual(bench.errors, []);
});

test("an instance that joins in between has the count begin anew; where one runs, none makes it INVALID", async (t) => {
  const boots = [NEVER, NEVER, {}, NEVER, NEVER, NEVER, NEVER];
  const server = await instanceServer(t, launching!, { boots, behaviour: { runMs: 120 * MINUTE } });
  const { bench, batch } = server;
  await createPool(server, "pool");
  const resourceRequirements = [{ type: "VCPU" as const, value: "2" }];
  const ask = { jobQueue: "pool", containerOverrides: { resourceRequirements } };
  await submit(batch, ["work"], ask);
  await bench.tick();
  await bench.advance(25 * MINUTE);
  assert.deepEqual([bench.launched.length, (await environmentOf(server)).status], [3, "VALID"]);
  await submit(batch, ["work"], ask);
  await bench.tick();
  await bench.advance(45 * MINUTE);
  assert.deepEqual([bench.launched.length, (await environmentOf(server)).status], [8, "VALID"]);
});

test("on this machine the tag that lets no instance join shows it within seconds, and what comes when it is repaired", async (t) => {
  const { batch } = await apiServer(t, { vcpus: 4 });
  const tags = { "longshore:never-joins": "true", "longshore:boot-seconds": "1" };
  await createQueue(batch, "pool", EC2, { tags });
  const jobId = await submit(batch, ["true"], { jobQueue: "pool" });
  await untilEnvironment(batch, "pool", "INVALID");
  const resourceArn = "arn:aws:batch:us-east-1:123456789012:compute-environment/pool";
  await batch.send(new UntagResourceCommand({ resourceArn, tagKeys: ["longshore:never-joins"] }));
  await batch.send(
    new UpdateComputeEnvironmentCommand({ computeEnvironment: "pool", computeResources: { maxvCpus: 17 } }),
  );
  await untilEnvironment(batch, "pool", "VALID");
  assert.equal((await ended(batch, jobId)).status, "SUCCEEDED");
});
