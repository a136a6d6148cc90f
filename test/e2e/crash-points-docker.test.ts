import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { CrashPoint } from "../../src/ports/crash-points.ts";
import { CRASH_POINTS } from "../../src/ports/crash-points.ts";
import { batchClient } from "../support/clients.ts";
import { clusterIdOf, partsOfCluster } from "../support/cluster-parts.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import { ended } from "../support/jobs.ts";
import { REGISTRY_LOGIN, registryUnavailable, startRegistry } from "../support/registry.ts";
import { until } from "../support/until.ts";
import type { Round } from "./crash-rounds.ts";
import { CrashRounds, once } from "./crash-rounds.ts";
import type { Ledger } from "./ledger.ts";
import { note, openLedger, registerNoted } from "./ledger.ts";
import { newDataDir, spawnServer } from "./server.ts";

const skip = (await dockerUnavailable()) ?? registryUnavailable() ?? false;

const began = note("began");
const SUCCEEDS = { status: "SUCCEEDED" } as const;

/** What brings a server to the place, beside a single job and an array. */
const WORKLOADS: Partial<Record<CrashPoint, (round: Round) => Promise<unknown>>> = {
  "docker.pull": pulled,
  "docker.pulled": pulled,
  "docker.network": nodes,
  "docker.holder": task,
  "docker.held": task,
  "docker.lent": shortOnes,
  "docker.stop": terminated,
  "docker.signalled": terminated,
};

test("killed in each call of the docker driver, nothing is lost and nothing runs twice", { skip }, async (t) => {
  const points = (Object.keys(CRASH_POINTS) as CrashPoint[]).filter((point) => point.startsWith("docker."));
  const [ledger, dataDir, docker] = [openLedger(t), newDataDir(), await testEngine()];
  const registry = await startRegistry(docker);
  t.after(() => registry.dispose());
  const login = join(dataDir, "login");
  writeFileSync(login, JSON.stringify(REGISTRY_LOGIN));
  writeFileSync(join(dataDir, "config.json"), JSON.stringify({ secrets: [{ match: "login", file: login }] }));
  const server = await spawnServer(t, { driver: "docker", vcpus: 64, memoryMiB: 262_144 }, dataDir);
  const batch = batchClient(t, server.url);
  const image = await ensureTestImage();
  await registerNoted(batch, "noted", image, ledger);
  for (const name of ["docker.pull:1", "docker.pulled:1"]) {
    await registerPulled(batch, name, await registry.push(`${name.replace(/\W/g, "-")}:1`, name), ledger);
  }
  await registerParts(batch, image, ledger);
  await server.kill();

  const rounds = new CrashRounds(t, server, ledger);
  for (const point of points) {
    await rounds.round(point, 1, (round) => Promise.all([mixed(round), WORKLOADS[point]?.(round)]));
  }
  await rounds.settle();
  assert.equal(await server.stop(), 0);
  await until("nothing is left in the engine", async () => {
    const { containers, volumes, networks } = await partsOfCluster(docker, clusterIdOf(dataDir)!);
    return containers.length + volumes.length + networks.length === 0;
  });
});

async function mixed(round: Round): Promise<void> {
  const children = (id: string): string[] => [0, 1].map((index) => `${id}:${index} 1`);
  await Promise.all([
    round.submit(script(began), SUCCEEDS),
    round.submit({ ...script(began), arrayProperties: { size: 2 } }, { ...SUCCEEDS, began: children }),
  ]);
}

function script(text: string) {
  return { containerOverrides: { command: ["sh", "-c", text] } };
}

/** From a registry: an image that the engine has not. */
function pulled(round: Round): Promise<unknown> {
  return round.submit({ ...script(began), jobDefinition: definitionOf(round.name) }, SUCCEEDS);
}

function nodes(round: Round): Promise<unknown> {
  const all = (id: string): string[] => [`${id}#0 1`, `${id}#1 1`];
  return round.submit({ jobDefinition: "nodes" }, { ...SUCCEEDS, began: all });
}

function task(round: Round): Promise<unknown> {
  return round.submit({ jobDefinition: "task" }, { ...SUCCEEDS, began: once });
}

/** Where they follow each other, they have a network one after the other. */
async function shortOnes(round: Round): Promise<unknown> {
  await ended(round.batch, await round.submit(script(began), SUCCEEDS));
  return Promise.all([1, 2, 3, 4].map(() => round.submit(script(began), SUCCEEDS)));
}

async function terminated(round: Round): Promise<void> {
  const wait = `n=0; while [ ! -e "${round.go}" ] && [ $n -lt 600 ]; do n=$((n + 1)); sleep 0.1; done`;
  const jobId = await round.submit(script(`trap 'exit 5' TERM; ${began}; ${wait}`), { status: "either" });
  await round.untilBegan(jobId);
  await round.batch.send(new TerminateJobCommand({ jobId, reason: "no longer wanted" }));
  round.expect(jobId, { status: "FAILED", statusReason: "no longer wanted" });
}

const definitionOf = (round: string): string => round.replace(/\W/g, "-");

function reachingLedger({ directory }: Ledger) {
  return {
    environment: [{ name: "LEDGER", value: directory }],
    mountPoints: [{ sourceVolume: "ledger", containerPath: directory }],
    resourceRequirements: [
      { type: "VCPU" as const, value: "1" },
      { type: "MEMORY" as const, value: "64" },
    ],
  };
}

const volumesOf = ({ directory }: Ledger) => [{ name: "ledger", host: { sourcePath: directory } }];

async function registerPulled(batch: BatchClient, round: string, image: string, ledger: Ledger): Promise<void> {
  const containerProperties = {
    ...{ image, command: ["true"], volumes: volumesOf(ledger), ...reachingLedger(ledger) },
    repositoryCredentials: { credentialsParameter: "login" },
    executionRoleArn: "arn:aws:iam::123456789012:role/execution",
  };
  const jobDefinitionName = definitionOf(round);
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, type: "container", containerProperties }));
}

/** The job is over with its main node, also for a node that has not begun. */
const BOTH_BEGAN = `n=0; while [ $(grep -c "^began \${AWS_BATCH_JOB_ID%#*}#" "$LEDGER/lines") -lt 2 ] && [ $n -lt 600 ]; do n=$((n + 1)); sleep 0.1; done`;

/** A task of two containers, of which one notes that it began, and a job of two nodes, of which both do. */
async function registerParts(batch: BatchClient, image: string, ledger: Ledger): Promise<void> {
  const part = { image, ...reachingLedger(ledger) };
  const volumes = volumesOf(ledger);
  const containers = [
    { ...part, name: "main", command: ["sh", "-c", began] },
    { ...part, name: "side", command: ["true"], essential: false },
  ];
  const ecsProperties = { taskProperties: [{ containers, volumes }] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "task", type: "container", ecsProperties }));
  const container = { ...part, command: ["sh", "-c", `${began}; ${BOTH_BEGAN}`], volumes };
  const nodeProperties = { numNodes: 2, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:", container }] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "nodes", type: "multinode", nodeProperties }));
}
