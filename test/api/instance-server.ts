import type { LogReader } from "../../src/ports/logs.ts";
import type { TestContext } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ECSClient } from "@aws-sdk/client-ecs";
import { CreateComputeEnvironmentCommand, CreateJobQueueCommand } from "@aws-sdk/client-batch";
import { serveAdmin } from "../../src/api/admin/routes.ts";
import { batchHandlers } from "../../src/api/batch/handlers.ts";
import { OWN_LIMITS } from "../../src/api/batch/limits.ts";
import { ec2Service } from "../../src/api/ec2/service.ts";
import type { HistorySource } from "../../src/api/admin/history/reading.ts";
import { createEcsHandlers } from "../../src/api/ecs/handlers.ts";
import { PageTokens } from "../../src/api/wire/page-tokens.ts";
import { priceBook } from "../../src/catalog/price-book.ts";
import type { Launching } from "../../src/core/instances/instance.ts";
import type { HostLinks } from "../../src/ports/hosts.ts";
import { batchClient, ec2Client, ecsClient } from "../support/clients.ts";
import type { BenchOptions } from "../support/engine-bench.ts";
import { EngineBench } from "../support/engine-bench.ts";
import { simulatesInThreads } from "../../src/what-if/threads.ts";
import { startServer } from "../wire/harness.ts";
import { EC2, environmentRequest } from "./server.ts";

/** The services of a bench, with AWS's own clients: instances come and go in virtual time. */
export interface InstanceServer {
  readonly bench: EngineBench;
  readonly url: string;
  readonly batch: BatchClient;
  readonly ecs: ECSClient;
  readonly ec2: EC2Client;
}

/** No host can be reached. */
const NO_LINKS: HostLinks = {
  ask: () => Promise.reject(new Error("there is none")),
  connect: () => Promise.resolve(),
  sightOf: () => undefined,
  isOwn: () => false,
};

/** Environments that name `m5.large` have instances, as `launching` says; all others are shares of a machine of 4 vCPUs and 8 GiB. */
/** Jobs are not bound by it: what the bench's cloud launches is not of this machine. */
const BOUND = {
  capacity: { vcpuMilli: 64_000, memoryMiB: 262_144 },
  oversizedJobs: "wait",
  runsElsewhere: () => false,
  maxJobs: 1_000_000,
  heapUsed: () => 0,
} as const;

export async function instanceServer(
  t: TestContext,
  launching: Launching,
  options: BenchOptions = {},
): Promise<InstanceServer> {
  const launchingOf: BenchOptions["launchingOf"] = ({ computeResources }) =>
    computeResources?.instanceTypes?.includes("m5.large") === true ? launching : undefined;
  const bench = await EngineBench.open({ launchingOf, ...options });
  t.after(() => bench.close());
  const { store, clock } = bench;
  const scheduler = bench.server.engine;
  const tokens = new PageTokens(store.tokenKey, () => clock.now());
  const machine = { architecture: "x86_64", address: "10.0.0.7", hostName: "here" } as const;
  const backend = {
    ...{ store, scheduler, clock, tokens, limits: OWN_LIMITS, prices: priceBook(), machine, version: "0" },
    ...BOUND,
  };
  const { endpoint: url } = await startServer(
    t,
    { batch: batchHandlers(backend), ecs: createEcsHandlers(backend), queryServices: [ec2Service(backend)] },
    (app, admission) =>
      serveAdmin(app, {
        disk: () => Promise.resolve(undefined),
        targets: { states: () => Promise.resolve([]) },
        backend: { ...backend, ...NO_HISTORY },
        hosts: { table: store.hosts, links: NO_LINKS },
        usageSamples: store.usageSamples,
        logs: {
          ...{ groups: store.logGroups, streams: store.logStreams, putEvents: store.putEvents, tags: store.tags },
          ...{ clock, tokens, output: NO_OUTPUT, removed: () => undefined },
        },
        whatIf: { simulator: simulatesInThreads(clock), launchingOf: () => undefined },
        admission,
        defaultRegion: "us-east-1",
      }),
  );
  return { bench, url, batch: batchClient(t, url), ecs: ecsClient(t, url), ec2: ec2Client(t, url) };
}

/** Nothing runs here. */
const NO_OUTPUT: LogReader = {
  read: () => Promise.resolve({ events: [], forwardPosition: 0n, backwardPosition: 0n }),
  changedAt: () => Promise.resolve(undefined),
};

const NO_HISTORY: HistorySource = {
  chronicle: { read: () => Promise.resolve([]) },
  present: { facts: () => undefined, unwritten: () => [] },
};

/** An environment that has instances, and its queue. */
export async function createPool({ batch }: InstanceServer, name: string, resources: object = {}): Promise<void> {
  const request = environmentRequest(name, { ...EC2, instanceTypes: ["m5.large"], ...resources });
  await batch.send(new CreateComputeEnvironmentCommand(request));
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: name }];
  await batch.send(new CreateJobQueueCommand({ jobQueueName: name, priority: 1, computeEnvironmentOrder }));
}
