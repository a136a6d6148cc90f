import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BatchClient, RegisterJobDefinitionCommandInput, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import {
  DescribeJobsCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { LABEL } from "../../src/drivers/docker/names.ts";
import { groupFolders } from "../support/cgroup-folders.ts";
import { batchClient } from "../support/clients.ts";
import { partsOfCluster } from "../support/cluster-parts.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import { ended } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { spawnServer } from "./server.ts";

const skip = (await dockerUnavailable()) ?? false;
const KILLED = 100;

/** Definitions by name, each of another kind of end. */
function definitions(image: string): Record<string, Partial<RegisterJobDefinitionCommandInput>> {
  const container = (script: string, memory = "32") => ({
    image,
    command: ["sh", "-c", script],
    resourceRequirements: [
      { type: "VCPU" as const, value: "1" },
      { type: "MEMORY" as const, value: memory },
    ],
  });
  const shared = { mountPoints: [{ sourceVolume: "shared", containerPath: "/shared" }] };
  const containers = [
    { ...container("echo here > /shared/note"), ...shared, name: "first", essential: false },
    {
      ...container("cat /shared/note; ip addr"),
      ...shared,
      name: "second",
      dependsOn: [{ containerName: "first", condition: "SUCCESS" }],
    },
  ];
  return {
    well: { containerProperties: container("echo done") },
    failing: { containerProperties: container("exit 3"), retryStrategy: { attempts: 2 } },
    hungry: { containerProperties: container("tail /dev/zero", "16") },
    several: { ecsProperties: { taskProperties: [{ containers, volumes: [{ name: "shared", host: {} }] }] } },
    nodes: {
      type: "multinode",
      nodeProperties: {
        numNodes: 2,
        mainNode: 0,
        nodeRangeProperties: [{ targetNodes: "0:1", container: container("sleep 0.2") }],
      },
    },
    killed: { containerProperties: container("trap 'exit 0' TERM; sleep 600 & wait") },
  };
}

test(
  "nothing is left of 130 jobs of all kinds: well, failing, out of memory, several containers, nodes, a hundred killed at once",
  { skip },
  async (t) => {
    const server = await spawnServer(t, { driver: "docker", vcpus: 400 });
    const batch = batchClient(t, server.url);
    for (const [jobDefinitionName, definition] of Object.entries(definitions(await ensureTestImage()))) {
      await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, type: "container", ...definition }));
    }
    const submit = async (jobDefinition: string, more: Partial<SubmitJobCommandInput> = {}): Promise<string> => {
      const request = { jobName: jobDefinition, jobQueue: "default", jobDefinition, ...more };
      return (await batch.send(new SubmitJobCommand(request))).jobId!;
    };
    const array = (size: number) => ({ arrayProperties: { size } });
    const arrays = { well: await submit("well", array(16)), failing: await submit("failing", array(5)) };
    const hungry = await submit("hungry", array(3));
    const several = await submit("several", array(4));
    const nodes = await Promise.all(Array.from({ length: 3 }, () => submit("nodes")));
    const killed = await submit("killed", array(KILLED));

    await until("all that are to be killed run", async () => {
      const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: [killed] }));
      return jobs![0]!.arrayProperties!.statusSummary!["RUNNING"] === KILLED;
    });
    const docker = await testEngine();
    const [one] = await docker.listContainers({ filters: { label: [`${LABEL.job}=${killed}:0`] } });
    const clusterId = one!.Labels[LABEL.cluster]!;
    await batch.send(new TerminateJobCommand({ jobId: killed, reason: "enough" }));

    assert.deepEqual(await endsOf(batch, arrays.well), { "SUCCEEDED 0": 16 });
    assert.deepEqual(await endsOf(batch, arrays.failing), { "FAILED 3": 5 });
    assert.deepEqual(await endsOf(batch, hungry), { "FAILED 137 OutOfMemoryError": 3 });
    assert.deepEqual(await endsOf(batch, several), { "SUCCEEDED 0": 4 });
    assert.deepEqual(await endsOf(batch, killed), { "FAILED 0": KILLED });
    for (const jobId of nodes) assert.equal((await ended(batch, jobId)).status, "SUCCEEDED");

    await until("the containers of all jobs are gone", async () => {
      const { containers } = await partsOfCluster(docker, clusterId);
      return containers.every((name) => name.startsWith("longshore-network-"));
    });
    assert.equal(await server.stop(), 0);
    assert.deepEqual(await partsOfCluster(docker, clusterId), { containers: [], volumes: [], networks: [] });
    assert.deepEqual(groupFolders(clusterId), []);
    assert.deepEqual(readdirSync(join(server.dataDir, "docker")), []);
  },
);

/** How many children of an array ended in which way, once all have. */
async function endsOf(batch: BatchClient, arrayJobId: string): Promise<Record<string, number>> {
  await ended(batch, arrayJobId);
  const listed = await Promise.all(
    (["SUCCEEDED", "FAILED"] as const).map((jobStatus) => batch.send(new ListJobsCommand({ arrayJobId, jobStatus }))),
  );
  const counts: Record<string, number> = {};
  for (const { status, container } of listed.flatMap(({ jobSummaryList = [] }) => jobSummaryList)) {
    const [reason] = container?.reason?.split(":") ?? [];
    const end = [status, container?.exitCode, ...(reason === undefined ? [] : [reason])].join(" ");
    counts[end] = (counts[end] ?? 0) + 1;
  }
  return counts;
}
