import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import type { InstanceReport } from "../../src/ports/capacity-reports.ts";
import type { InstanceServer } from "../api/instance-server.ts";
import { createPool, instanceServer } from "../api/instance-server.ts";
import { CONTAINER } from "../api/server.ts";
import { instanceType, withInstances } from "../support/instances.ts";
import { describeJob, submit } from "../support/jobs.ts";
import { Cli } from "./longshore.ts";

/** `longshore instances`, and what `longshore environments` says of capacity, against a server whose instances come and go in virtual time. */

const MINUTE = 60_000;
const TYPES = [instanceType("m5.large", 2), instanceType("g5.xlarge", 4, { gpus: 1, microUsdPerHour: 900_000 })];

async function open(t: TestContext) {
  const { instances } = withInstances({ types: TYPES });
  const server = await instanceServer(t, instances!, { behaviour: { runMs: 30 * MINUTE } });
  await createPool(server, "pool");
  const cli = new Cli(t);
  return { server, cli, ok: (...args: string[]) => cli.ok(...args, "--endpoint", server.url) };
}

async function running({ batch, bench }: InstanceServer): Promise<{ jobId: string; id: string }> {
  const jobId = await submit(batch, ["work"], { jobQueue: "pool" });
  await bench.tick();
  await bench.advance(2 * MINUTE);
  return { jobId, id: bench.launched.at(-1)! };
}

test("instances: a list, one of them, and the end of one with its jobs", async (t) => {
  const { server, cli, ok } = await open(t);
  assert.equal(await ok("instances"), "No compute environment has an instance now.\n");
  const { jobId, id } = await running(server);

  const list = await ok("instances", "list", "--environment", "pool");
  assert.match(list, /^INSTANCE +ENVIRONMENT +TYPE +VCPUS FREE +MIB FREE +STATE +AGE +JOBS\n/);
  assert.match(list, new RegExp(`${id}  pool +m5.large  1 of 2 +8128 of 8192  running  .+  1\n$`));
  assert.equal(await ok("instances", "-q"), `${id}\n`);
  assert.equal(
    await ok("instances", "--environment", "default"),
    "Compute environment default has no instance now.\n",
    "a share of the machine is no instance",
  );
  const { instances } = JSON.parse(await ok("instances", "describe", id, "--json")) as { instances: InstanceReport[] };
  assert.deepEqual(
    [instances[0]?.jobs, instances[0]?.state, instances[0]?.free],
    [[jobId], "running", { vcpus: 1, memoryMiB: 8128, gpus: 0 }],
  );
  assert.match(await ok("instances", "describe", id), new RegExp(`Jobs: +${jobId}\n`));

  assert.match(
    await ok("environments"),
    /NAME +STATE +STATUS +TYPE +VCPUS IN USE +DESIRED +MAX +INSTANCES\ndefault .+MANAGED EC2 +0 +- +256 +-\n.+\npool .+MANAGED EC2 +1 +2 +16 +1\n$/,
  );

  assert.match(
    await ok("environments", "describe", "pool"),
    /vCPUs in use: +1\nDesired vCPUs: +2\nMin vCPUs: +0\nMax vCPUs: +16\nInstances: +1\n/,
  );
  assert.equal(await ok("instances", "terminate", id), `Terminating instance ${id}. 1 job on it will end:\n${jobId}\n`);
  await server.bench.advance(MINUTE);
  assert.equal((await describeJob(server.batch, jobId)).statusReason, `Host EC2 (instance ${id}) terminated.`);

  for (const args of [
    ["describe", id],
    ["terminate", "x/../y"],
    ["list", "--environment", "none"],
  ]) {
    const { code, stderr } = await cli.run("instances", ...args, "--endpoint", server.url);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^longshore: No (instance|compute environment) .+\.\n`longshore (instances|environments)` shows /,
    );
  }
  const { code, stderr } = await cli.run("instances", "terminate", id, "--endpoint", server.url);
  const hint = "`longshore instances` shows those that are there.";
  assert.deepEqual([code, stderr], [3, `longshore: The instance ID '${id}' does not exist\n${hint}\n`]);
});

test("nodes are named by job and number; GPUs have a column where there are some", async (t) => {
  const { server, ok } = await open(t);
  const { batch, bench } = server;
  const resourceRequirements = [...CONTAINER.resourceRequirements!, { type: "GPU" as const, value: "1" }];
  const container = { ...CONTAINER, resourceRequirements };
  const nodeProperties = { numNodes: 2, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:", container }] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "nodes", type: "multinode", nodeProperties }));
  const request = { jobName: "gang", jobQueue: "pool", jobDefinition: "nodes" };
  const { jobId } = await batch.send(new SubmitJobCommand(request));
  await bench.tick();
  await bench.advance(2 * MINUTE);
  const { instances } = JSON.parse(await ok("instances", "--json")) as { instances: InstanceReport[] };
  assert.deepEqual(
    instances.map(({ jobs, free }) => [jobs, free.vcpus]),
    [0, 1].map((node) => [[`${jobId}#${node}`], 0]),
  );
  assert.match(await ok("instances"), /MIB FREE +GPUS FREE +STATE[^\n]*\n.+ 0 of 1 +running /);
});
