import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type Dockerode from "dockerode";
import { LABEL } from "../../src/drivers/docker/names.ts";
import { removeCgroupsOfCluster } from "./cgroup-folders.ts";

/** What a cluster has in a container engine, by name. */
export interface ClusterParts {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly networks: readonly string[];
}

export async function partsOfCluster(docker: Dockerode, clusterId: string): Promise<ClusterParts> {
  const filters = { label: [`${LABEL.cluster}=${clusterId}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  const networks = await docker.listNetworks({ filters });
  return {
    containers: containers.map(({ Names: [name = ""] }) => name.slice(1)),
    volumes: Volumes.map(({ Name }) => Name),
    networks: networks.map(({ Name }) => Name),
  };
}

/** Takes all of it away, whatever it is doing. */
export async function removeCluster(docker: Dockerode, clusterId: string): Promise<void> {
  const { containers, volumes, networks } = await partsOfCluster(docker, clusterId);
  // Some may be going already.
  const gone = (): void => {};
  await Promise.all(containers.map((name) => docker.getContainer(name).remove({ force: true, v: true }).catch(gone)));
  for (const name of volumes) await docker.getVolume(name).remove().catch(gone);
  for (const name of networks) await docker.getNetwork(name).remove().catch(gone);
  removeCgroupsOfCluster(clusterId);
}

/** The cluster of the server on a data directory; undefined when it never had a database. */
export function clusterIdOf(dataDir: string): string | undefined {
  const path = join(dataDir, "longshore.db");
  if (!existsSync(path)) return undefined;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const row = database.prepare("SELECT value FROM facts WHERE name = 'cluster'").get();
    return row === undefined ? undefined : String(row["value"]);
  } finally {
    database.close();
  }
}
