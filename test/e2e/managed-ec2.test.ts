import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { ComputeEnvironmentDetail } from "@aws-sdk/client-batch";
import type { InstancesAnswer } from "../../src/ports/capacity-reports.ts";
import { LAUNCHER } from "../cli/longshore.ts";
import { until } from "../support/until.ts";
import { findClient, runClient } from "./client-program.ts";
import { spawnServer } from "./server.ts";

const SESSION = join(import.meta.dirname, "managed-ec2-session.py");
const MINUTE = 60_000;

const cli = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);
const python = findClient("boto3", ["python3", "/usr/bin/python3"], ["-c", "import boto3"]);
const skip = ("missing" in cli && cli.missing) || ("missing" in python && python.missing);

test("the life of a managed EC2 environment, with the AWS CLI, boto3 and longshore", { skip }, async (t) => {
  assert.ok("program" in cli && "program" in python);
  const server = await spawnServer(t, { vcpus: 4, memoryMiB: 16_384 });
  const gate = join(server.dataDir, "gate");
  const aws = async <T>(...args: readonly string[]): Promise<T> => {
    const said = await runClient(cli.program, ["--endpoint-url", server.url, "--output", "json", "batch", ...args]);
    return (said === "" ? {} : JSON.parse(said)) as T;
  };
  const environment = async (): Promise<ComputeEnvironmentDetail | undefined> => {
    const query = ["describe-compute-environments", "--compute-environments", "pool"];
    return (await aws<{ computeEnvironments: ComputeEnvironmentDetail[] }>(...query)).computeEnvironments[0];
  };
  const session = async (...steps: readonly string[]): Promise<void> => {
    const said = await runClient(python.program, [SESSION, server.url, gate, steps.join()]);
    assert.equal(said, steps.map((step) => `${step} passed\n`).join(""));
  };
  const instances = async (): Promise<InstancesAnswer> =>
    JSON.parse(await runClient(LAUNCHER, ["instances", "--json", "--endpoint", server.url])) as InstancesAnswer;

  const resources = {
    ...{ type: "EC2", allocationStrategy: "BEST_FIT_PROGRESSIVE", minvCpus: 0, maxvCpus: 4, tags: { team: "blue" } },
    ...{ instanceTypes: ["m5.large"], instanceRole: "ecsInstanceRole" },
    ...{ subnets: ["subnet-0a1b2c3d"], securityGroupIds: ["sg-0a1b2c3d"] },
  };
  await aws(
    ...["create-compute-environment", "--compute-environment-name", "pool", "--type", "MANAGED"],
    ...["--compute-resources", JSON.stringify(resources)],
  );
  await until("the environment is VALID", async () => (await environment())?.status === "VALID");
  const order = ["--compute-environment-order", "order=1,computeEnvironment=pool"];
  await aws("create-job-queue", "--job-queue-name", "pool", "--priority", "1", ...order);

  await session("run");
  const running = (await instances()).instances;
  assert.deepEqual(
    running.map(({ instanceType, state, jobs }) => [instanceType, state, jobs.length]),
    [
      ["m5.large", "running", 2],
      ["m5.large", "running", 1],
    ],
  );
  await session("lose", "update");

  // Idle instances stay for some minutes.
  await server.kill();
  await server.start(6 * MINUTE);
  await session("idle", "delete");
  assert.deepEqual([await environment(), await instances()], [undefined, { instances: [] }]);
  assert.equal(server.stderr, "");
});
