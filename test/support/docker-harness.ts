import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type Dockerode from "dockerode";
import { localDial } from "../../src/drivers/docker/engine/dial.ts";
import { createDockerDriver } from "../../src/drivers/docker/driver.ts";
import type { DockerDriverOptions } from "../../src/drivers/docker/driver.ts";
import type { Driver } from "../../src/ports/driver.ts";
import { NO_SECRETS } from "../../src/ports/secrets.ts";
import { systemClock } from "./clock.ts";
import { partsOfCluster, removeCluster } from "./cluster-parts.ts";
import { ensureTestImage, testEngine } from "./docker-image.ts";
import { createLogFiles } from "./log-files.ts";
import type { OwnDockerd } from "./own-dockerd.ts";

/** A cluster of its own in the engine, which leaves nothing behind. */
export interface DockerHarness {
  readonly docker: Dockerode;
  readonly clusterId: string;
  readonly image: string;
  readonly directory: string;
  createDriver(options?: Partial<DockerDriverOptions>): Driver;
  readLog(attemptId: string): Promise<string>;
  command(argv: readonly string[]): ContainerProperties;
  /** Names of the cluster's containers, whatever their state. */
  containers(): Promise<string[]>;
  /** Names of the volumes that its tasks share. */
  volumes(): Promise<string[]>;
  /** Names of the networks between its nodes. */
  networks(): Promise<string[]>;
  dispose(): Promise<void>;
}

/** `engine`: another one than that of this machine. */
export async function makeDockerHarness(engine?: OwnDockerd): Promise<DockerHarness> {
  const image = engine?.image ?? (await ensureTestImage());
  const docker = engine?.docker ?? (await testEngine());
  const clusterId = `test-${randomBytes(8).toString("hex")}`;
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-docker-"));
  const logs = createLogFiles(path.join(directory, "logs"));
  const parts = () => partsOfCluster(docker, clusterId);
  return {
    docker,
    clusterId,
    image,
    directory,
    createDriver: (options = {}) =>
      createDockerDriver({
        clock: systemClock,
        logs,
        secrets: NO_SECRETS,
        clusterId,
        directory: path.join(directory, "docker"),
        defaultImage: image,
        ...(engine !== undefined && { dial: localDial(engine.socketPath) }),
        ...options,
      }),
    readLog: async (attemptId) => logs.read(attemptId).toString("utf8"),
    command: (argv) => ({ image, command: [...argv] }),
    containers: async () => [...(await parts()).containers],
    volumes: async () => [...(await parts()).volumes],
    networks: async () => [...(await parts()).networks],
    async dispose() {
      await removeCluster(docker, clusterId);
      rmSync(directory, { recursive: true });
    },
  };
}
