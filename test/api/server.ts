import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  BatchClient,
  ContainerProperties,
  CreateComputeEnvironmentCommandInput,
  RegisterJobDefinitionCommandInput,
} from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobQueuesCommand,
  RegisterJobDefinitionCommand,
} from "@aws-sdk/client-batch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import type { RunningServer } from "../../src/compose.ts";
import { startServer } from "../../src/compose.ts";
import type { OversizedJobs } from "../../src/core/submission/oversized.ts";
import { batchClient, logsClient } from "../support/clients.ts";
import { removeDataDir } from "../support/leftovers.ts";
import { until } from "../support/until.ts";

interface Owner {
  readonly after: (task: () => unknown) => void;
}

export interface ApiServer {
  readonly running: RunningServer;
  readonly url: string;
  readonly batch: BatchClient;
  readonly logs: CloudWatchLogsClient;
}

export interface ApiServerOptions {
  readonly vcpus?: number;
  readonly memoryMiB?: number;
  readonly strict?: boolean;
  readonly oversizedJobs?: OversizedJobs;
  /** PostgreSQL in place of SQLite. */
  readonly databaseUrl?: string;
  /** What its configuration file says. */
  readonly configuration?: object;
}

/** A server in this process, whose jobs are processes, with AWS's own clients for it. */
export async function apiServer(
  owner: Owner,
  { configuration = {}, ...options }: ApiServerOptions = {},
): Promise<ApiServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "longshore-api-"));
  writeFileSync(join(dataDir, "config.json"), JSON.stringify(configuration));
  const where = { host: "127.0.0.1", port: 0, dataDir };
  const size = { vcpus: 64, memoryMiB: 262_144 };
  const running = await startServer({ ...where, driver: "process", logLevel: "silent", ...size, ...options });
  const { url } = running;
  const clients = { batch: batchClient(owner, url), logs: logsClient(owner, url) };
  owner.after(async () => {
    await running.close();
    removeDataDir(dataDir);
  });
  return { running, url, ...clients };
}

export const EC2 = {
  type: "EC2",
  minvCpus: 0,
  maxvCpus: 16,
  instanceRole: "ecsInstanceRole",
  instanceTypes: ["optimal"],
  subnets: ["subnet-1"],
  securityGroupIds: ["sg-1"],
} as const;

/** The rest of a request for an environment that is a share of the machine, whatever its type. */
export const SHARED = { tags: { "longshore:capacity": "shared" } };

export const FARGATE = { type: "FARGATE", maxvCpus: 16, subnets: ["subnet-1"], securityGroupIds: ["sg-1"] } as const;

export const MANAGED_INSTANCES = {
  type: "ECS_MANAGED_INSTANCES",
  maxvCpus: 16,
  managedInstancesProvider: {
    infrastructureRoleArn: "arn:aws:iam::123456789012:role/infrastructure",
    instanceLaunchTemplate: {
      ec2InstanceProfileArn: "arn:aws:iam::123456789012:instance-profile/instances",
      networkConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"] },
    },
  },
};

/** The rest of a request for an environment of pods. */
export const EKS = {
  eksConfiguration: {
    eksClusterArn: "arn:aws:eks:us-east-1:123456789012:cluster/ours",
    kubernetesNamespace: "batch",
  },
};

export const ON_EKS = { ...EC2, allocationStrategy: "BEST_FIT_PROGRESSIVE" };

/** The rest of a request for an unmanaged environment. */
export const UNMANAGED = { type: "UNMANAGED", serviceRole: "batch-role", computeResources: undefined } as const;

/** A request that creates a compute environment, with mutable copies of its lists, as the SDK's types want them. */
export function environmentRequest(
  name: string,
  resources: object = EC2,
  more: Partial<CreateComputeEnvironmentCommandInput> = {},
): CreateComputeEnvironmentCommandInput {
  const computeResources = structuredClone(resources) as NonNullable<
    CreateComputeEnvironmentCommandInput["computeResources"]
  >;
  return { computeEnvironmentName: name, type: "MANAGED", computeResources, ...more };
}

/** An environment and a queue of that name, both VALID. */
export async function createQueue(
  batch: BatchClient,
  name: string,
  resources: object = EC2,
  more: Partial<CreateComputeEnvironmentCommandInput> = {},
): Promise<void> {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest(name, resources, more)));
  await untilEnvironment(batch, name, "VALID");
  await batch.send(
    new CreateJobQueueCommand({
      jobQueueName: name,
      priority: 1,
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: name }],
    }),
  );
  await untilQueue(batch, name, "VALID");
}

/** `gone`: no longer described. */
export function untilEnvironment(
  batch: BatchClient,
  name: string,
  status: "VALID" | "INVALID" | "gone",
): Promise<true> {
  return until(`compute environment ${name} is ${status}`, async () => {
    const query = new DescribeComputeEnvironmentsCommand({ computeEnvironments: [name] });
    const { computeEnvironments = [] } = await batch.send(query);
    return (computeEnvironments[0]?.status ?? "gone") === status;
  });
}

export function untilQueue(batch: BatchClient, name: string, status: "VALID" | "gone"): Promise<true> {
  return until(`job queue ${name} is ${status}`, async () => {
    const { jobQueues = [] } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: [name] }));
    return (jobQueues[0]?.status ?? "gone") === status;
  });
}

export const CONTAINER: ContainerProperties = {
  image: "scratch",
  command: ["true"],
  resourceRequirements: [
    { type: "VCPU", value: "1" },
    { type: "MEMORY", value: "64" },
  ],
};

/** Registers a container definition; returns its ARN. */
export async function register(
  batch: BatchClient,
  jobDefinitionName: string,
  container: Partial<ContainerProperties> = {},
  more: Partial<RegisterJobDefinitionCommandInput> = {},
): Promise<string> {
  const containerProperties = { ...CONTAINER, ...container };
  const { jobDefinitionArn } = await batch.send(
    new RegisterJobDefinitionCommand({ jobDefinitionName, type: "container", containerProperties, ...more }),
  );
  return jobDefinitionArn!;
}

/** What an error says, out of the sentence into which AWS puts the texts of its validation (reference 1.3). */
export function prefixed(detail: string): RegExp {
  const literal = detail.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^Error executing request, Exception : ${literal}, RequestId: [0-9a-f-]{36}$`);
}

/** The expectation of `assert.rejects` for a ClientException. */
export function refused(message: string | RegExp): { name: string; message: string | RegExp; $metadata?: unknown } {
  return { name: "ClientException", message };
}
