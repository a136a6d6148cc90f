import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { BatchClient, JobDetail, RetryStrategy } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import type Dockerode from "dockerode";
import { containerName } from "../../src/core/driver-name.ts";
import { LABEL } from "../../src/drivers/docker/names.ts";
import type { HostReport, HostsAnswer } from "../../src/ports/host-reports.ts";
import { signedCall } from "../../src/cli/signed-call.ts";
import { batchClient } from "../support/clients.ts";
import { untilEnvironment, untilQueue, UNMANAGED, environmentRequest } from "../api/server.ts";
import { until } from "../support/until.ts";
import type { Owner, ServerFlags, ServerProcess } from "./server.ts";
import { spawnServer } from "./server.ts";

const LONGSHORE = join(import.meta.dirname, "..", "..", "longshore");

export interface Submission {
  readonly vcpus?: number;
  readonly retryStrategy?: RetryStrategy;
  readonly arraySize?: number;
}

/** A server with an unmanaged environment `machines`, its queue, and a way to talk to both. */
export interface HostBench {
  readonly server: ServerProcess;
  readonly batch: BatchClient;
  /** Runs the command line against the server to its end. */
  cli(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  hosts(): Promise<readonly HostReport[]>;
  host(name: string): Promise<HostReport>;
  /** A job that ends with this exit code when `go` is told so; `attempt`: another one for each attempt. */
  submit(script: string, more?: Submission): Promise<string>;
  /** What scripts find as /in. */
  readonly directory: string;
  go(name: string): void;
}

export async function hostBench(owner: Owner, image: string, flags: ServerFlags = {}): Promise<HostBench> {
  const directory = mkdtempSync(join(tmpdir(), "longshore-hosts-"));
  owner.after(() => rmSync(directory, { recursive: true, force: true }));
  const server = await spawnServer(owner, flags);
  const batch = (): BatchClient => batchClient(owner, server.url);
  const client = batch();
  await client.send(new CreateComputeEnvironmentCommand(environmentRequest("machines", {}, UNMANAGED)));
  await untilEnvironment(client, "machines", "VALID");
  await client.send(
    new CreateJobQueueCommand({
      ...{ jobQueueName: "machines", priority: 1 },
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: "machines" }],
    }),
  );
  await untilQueue(client, "machines", "VALID");
  const hosts = async (): Promise<readonly HostReport[]> => {
    const credentials = { accessKeyId: "any", secretAccessKey: "any" };
    const signer = { credentials, region: "us-east-1" };
    return (await signedCall<HostsAnswer>(new URL("/longshore/hosts", server.url), "GET", signer, undefined)).hosts;
  };
  return {
    server,
    get batch() {
      return batch();
    },
    async cli(...args) {
      const child = spawn(LONGSHORE, [...args, "--endpoint", server.url], { stdio: ["ignore", "pipe", "pipe"] });
      const exited = new Promise<number | null>((resolve) => void child.once("close", resolve));
      const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
      return { code, stdout, stderr };
    },
    hosts,
    host: async (name) => (await hosts()).find((one) => one.name === name)!,
    async submit(script, { vcpus = 1, retryStrategy, arraySize } = {}) {
      const containerProperties = {
        ...{ image, command: ["sh", "-c", script] },
        resourceRequirements: [
          { type: "VCPU" as const, value: String(vcpus) },
          { type: "MEMORY" as const, value: "64" },
        ],
        volumes: [{ name: "in", host: { sourcePath: directory } }],
        mountPoints: [{ sourceVolume: "in", containerPath: "/in" }],
      };
      const definition = { jobDefinitionName: "on-hosts", type: "container" as const, containerProperties };
      const { jobDefinitionArn } = await batch().send(new RegisterJobDefinitionCommand(definition));
      const { jobId } = await batch().send(
        new SubmitJobCommand({
          ...{ jobName: "job", jobQueue: "machines", jobDefinition: jobDefinitionArn! },
          ...(retryStrategy !== undefined && { retryStrategy }),
          ...(arraySize !== undefined && { arrayProperties: { size: arraySize } }),
        }),
      );
      return jobId!;
    },
    directory,
    go: (name) => writeFileSync(join(directory, name), ""),
  };
}

/** Waits for a file in /in. */
export function untilGo(name: string): string {
  return `until [ -e /in/${name} ]; do sleep 0.05; done`;
}

/** Names of the containers of attempts that an engine has, whatever their state. */
export async function attemptsOn(docker: Dockerode): Promise<string[]> {
  const listed = await docker.listContainers({ all: true, filters: { label: [LABEL.attempt] } });
  return listed.map(({ Names }) => Names[0]!.slice(1));
}

export function containerOf(job: JobDetail): string {
  return containerName(job.container!.taskArn!.split("/").at(-1)!);
}

export async function untilGone(what: string, docker: Dockerode): Promise<void> {
  await until(what, async () => (await attemptsOn(docker)).length === 0);
}
