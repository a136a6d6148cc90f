import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type Dockerode from "dockerode";
import { createDockerDriver } from "../../src/drivers/docker/driver.ts";
import type { DockerDriverOptions } from "../../src/drivers/docker/driver.ts";
import { LABEL } from "../../src/drivers/docker/names.ts";
import type { Driver } from "../../src/ports/driver.ts";
import { systemClock } from "./clock.ts";
import { ensureTestImage, testEngine } from "./docker-image.ts";
import { createLogFiles } from "./log-files.ts";

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
  dispose(): Promise<void>;
}

export async function makeDockerHarness(): Promise<DockerHarness> {
  const image = await ensureTestImage();
  const docker = await testEngine();
  const clusterId = `test-${randomBytes(8).toString("hex")}`;
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-docker-"));
  const logs = createLogFiles(path.join(directory, "logs"));
  const list = () => docker.listContainers({ all: true, filters: { label: [`${LABEL.cluster}=${clusterId}`] } });
  const volumes = async () => {
    const { Volumes } = await docker.listVolumes({ filters: { label: [`${LABEL.cluster}=${clusterId}`] } });
    return Volumes.map(({ Name }) => Name);
  };
  return {
    docker,
    clusterId,
    image,
    directory,
    createDriver: (options = {}) =>
      createDockerDriver({
        clock: systemClock,
        logs,
        clusterId,
        directory: path.join(directory, "docker"),
        defaultImage: image,
        ...options,
      }),
    readLog: async (attemptId) => logs.read(attemptId).toString("utf8"),
    command: (argv) => ({ image, command: [...argv] }),
    containers: async () => (await list()).map(({ Names }) => (Names[0] ?? "").slice(1)),
    volumes,
    async dispose() {
      const left = await list();
      await Promise.all(
        left.map(({ Id }) =>
          docker
            .getContainer(Id)
            .remove({ force: true, v: true })
            .catch(() => {}),
        ),
      );
      for (const volume of await volumes()) await docker.getVolume(volume).remove();
      rmSync(directory, { recursive: true });
    },
  };
}
