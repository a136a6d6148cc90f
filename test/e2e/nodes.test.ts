import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { BatchClient, NodeRangeProperty } from "@aws-sdk/client-batch";
import { ListJobsCommand, RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { networkName } from "../../src/drivers/docker/names.ts";
import { batchClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import { describeJob, ended, logLines } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { spawnServer } from "./server.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PROGRAM = [process.execPath, "--disable-warning=ExperimentalWarning", join(import.meta.dirname, "rendezvous.ts")];

/** Where the program is on this machine, and in a container too. */
const PATHS = [...new Set([ROOT, dirname(process.execPath), "/lib", "/lib64", "/usr/lib"])];
const VOLUMES = PATHS.map((sourcePath, index) => ({ name: `v${index}`, host: { sourcePath } }));
const MOUNTS = PATHS.map((path, index) => ({ sourceVolume: `v${index}`, containerPath: path, readOnly: true }));

/** Main node 0; node 1 has two containers; node 2 is late. */
function ranges(image: string, mounted: boolean): NodeRangeProperty[] {
  const mountPoints = mounted ? MOUNTS : [];
  const volumes = mounted ? VOLUMES : [];
  const container = (role: string) => ({
    image,
    command: [...PROGRAM, role],
    mountPoints,
    environment: [
      { name: "LATE_NODE", value: "2" },
      { name: "WITH_SIDE", value: "1" },
    ],
    resourceRequirements: [
      { type: "VCPU" as const, value: "1" },
      { type: "MEMORY" as const, value: "256" },
    ],
  });
  const containers = [
    { ...container("side"), name: "side", essential: false },
    { ...container("child"), name: "child" },
  ];
  return [
    { targetNodes: "0", container: { ...container("main"), volumes } },
    { targetNodes: "1", ecsProperties: { taskProperties: [{ containers, volumes }] } },
    { targetNodes: "2:", container: { ...container("child"), volumes } },
  ];
}

const noDocker = (await dockerUnavailable()) ?? false;
const DRIVERS = [
  { driver: "process", skip: false, image: async () => "scratch", gone: async () => {} },
  { driver: "docker", skip: noDocker, image: ensureTestImage, gone: untilNetworkIsGone },
] as const;

for (const { driver, skip, image, gone } of DRIVERS) {
  test(
    `${driver}: all nodes meet at the main one's address; one is late, one has two containers`,
    { skip },
    async (t) => {
      const { url } = await spawnServer(t, { driver });
      const batch = batchClient(t, url);
      const logs = logsClient(t, url);
      const nodeRangeProperties = ranges(await image(), driver === "docker");
      await batch.send(
        new RegisterJobDefinitionCommand({
          jobDefinitionName: "meet",
          type: "multinode",
          nodeProperties: { numNodes: 5, mainNode: 0, nodeRangeProperties },
        }),
      );
      const request = { jobName: "meet", jobQueue: "default", jobDefinition: "meet" };
      const { jobId } = await batch.send(new SubmitJobCommand(request));
      const job = await ended(batch, jobId!);
      const nodes = await Promise.all([0, 1, 2, 3, 4].map((node) => ended(batch, `${jobId}#${node}`)));
      const streams = nodes.map(
        ({ container, ecsProperties }) =>
          container?.logStreamName ?? ecsProperties!.taskProperties![0]!.containers![1]!.logStreamName!,
      );
      if (job.status !== "SUCCEEDED") assert.fail((await logLines(logs, streams[0]!, 0)).join("\n"));

      const addresses = nodes.map(({ container, ecsProperties }) => {
        const interfaces =
          container?.networkInterfaces ?? ecsProperties!.taskProperties![0]!.containers![1]!.networkInterfaces;
        return interfaces![0]!.privateIpv4Address!;
      });
      assert.equal(new Set(addresses).size, 5, "each node has an address of its own");
      const told = [1, 2, 3, 4].map(
        (node) => `${node} from ${addresses[node]} with ${node === 1 ? "the one beside it" : "nobody"}`,
      );
      assert.deepEqual(await logLines(logs, streams[0]!, 1), [`default: ${told.join(", ")}`]);
      for (const stream of streams.slice(1)) assert.deepEqual(await logLines(logs, stream, 1), ["all are there"]);

      assert.deepEqual(
        await listedNodes(batch, jobId!),
        [0, 1, 2, 3, 4].map((node) => `${jobId}#${node} ${node === 0}`),
      );
      await gone((await describeJob(batch, jobId!)).attempts![0]!.container!.taskArn!);
    },
  );
}

for (const { driver, skip, image } of DRIVERS) {
  test(`${driver}: the main node alone decides; a retry is all nodes again, elsewhere`, { skip }, async (t) => {
    const { url, dataDir } = await spawnServer(t, { driver });
    const batch = batchClient(t, url);
    const name = await image();
    const gate = join(dataDir, "gate");
    await mkdir(gate);
    const inContainer = driver === "docker";
    const range = (targetNodes: string, script: string): NodeRangeProperty => ({
      targetNodes,
      container: {
        image: name,
        command: ["sh", "-c", script],
        volumes: inContainer ? [{ name: "gate", host: { sourcePath: gate } }] : [],
        mountPoints: inContainer ? [{ sourceVolume: "gate", containerPath: gate }] : [],
        resourceRequirements: [
          { type: "VCPU", value: "1" },
          { type: "MEMORY", value: "64" },
        ],
      },
    });
    const isThere = (what: string): string => `until [ -e ${gate}/${what}$AWS_BATCH_JOB_ATTEMPT ]; do sleep 0.1; done`;
    // The main node ends when the end of node 1 is on record and node 2 can be told to stop.
    const main = `${isThere("open")}; ${isThere("ready")}; exit $((AWS_BATCH_JOB_ATTEMPT % 2 * 3))`;
    const nodeRangeProperties = [
      range("0", main),
      range("1", "exit 5"),
      range("2", `trap 'exit 0' TERM; : > ${gate}/ready$AWS_BATCH_JOB_ATTEMPT; sleep 600 & wait`),
    ];
    await batch.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: "again",
        type: "multinode",
        retryStrategy: { attempts: 3 },
        nodeProperties: { numNodes: 3, mainNode: 0, nodeRangeProperties },
      }),
    );
    const request = { jobName: "again", jobQueue: "default", jobDefinition: "again" };
    const { jobId } = await batch.send(new SubmitJobCommand(request));
    for (const attempt of [1, 2]) {
      await until(`node 1 has ended ${attempt} times`, async () => {
        const { attempts = [] } = await describeJob(batch, `${jobId}#1`);
        return attempts.filter(({ stoppedAt }) => stoppedAt !== undefined).length === attempt;
      });
      await writeFile(join(gate, `open${attempt}`), "");
    }
    const job = await ended(batch, jobId!);
    const nodes = await Promise.all([0, 1, 2].map((node) => ended(batch, `${jobId}#${node}`)));
    const codes = [job, ...nodes].map(({ attempts = [] }) => attempts.map(({ container }) => container?.exitCode));
    assert.deepEqual(codes, [
      [3, 0],
      [3, 0],
      [5, 5],
      [0, 0],
    ]);
    assert.deepEqual(
      [job, ...nodes].map(({ status, statusReason }) => `${status} ${statusReason}`),
      [
        "SUCCEEDED Essential container in task exited",
        "SUCCEEDED Essential container in task exited",
        "FAILED Essential container in task exited",
        "SUCCEEDED Main node exited",
      ],
    );
    const streams = nodes.flatMap(({ attempts = [] }) => attempts.map(({ container }) => container!.logStreamName));
    assert.equal(new Set(streams).size, 6);
    const addresses = nodes.flatMap(({ attempts = [] }) =>
      attempts.flatMap(({ container }) =>
        container!.networkInterfaces!.map(({ privateIpv4Address }) => privateIpv4Address),
      ),
    );
    assert.equal(new Set(addresses).size, addresses.length);
  });
}

/** Those that have ended, and whether they are the main one. Some may have been stopped when the main one ended. */
async function listedNodes(batch: BatchClient, multiNodeJobId: string): Promise<string[]> {
  const listed = await Promise.all(
    (["SUCCEEDED", "FAILED"] as const).map((jobStatus) =>
      batch.send(new ListJobsCommand({ multiNodeJobId, jobStatus })),
    ),
  );
  const nodes = listed.flatMap(({ jobSummaryList = [] }) => jobSummaryList);
  return nodes.map(({ jobId, nodeProperties }) => `${jobId} ${nodeProperties?.isMainNode}`).toSorted();
}

/** The main node's task says which attempt it is of. */
async function untilNetworkIsGone(taskArn: string): Promise<void> {
  const attemptId = taskArn.split("/").at(-1)!.replace(/...$/, "000");
  const docker = await testEngine();
  const named = async () => (await docker.listNetworks({ filters: { name: [networkName(attemptId)] } })).length;
  await until("the network of the nodes is gone", async () => (await named()) === 0);
}
