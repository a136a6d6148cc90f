import type { ContainerProperties, MountPoint } from "@aws-sdk/client-batch";
import type { HostConfig, MountSettings } from "dockerode";
import type { AttemptSpec } from "../../../ports/driver.ts";
import { LABEL, volumeName } from "../names.ts";

/**
 * Host directories are binds, which the engine creates when they are absent, as ECS does. A volume without one is shared by the containers of a task and goes
 * with it; that of a container alone is anonymous and goes with the container. Directories that stand for file systems have to be there: one that the engine
 * made would hide that nothing is mounted in its place.
 *
 * @param directories those that stand for file systems, by volume.
 */
export function mounts(
  { container, task }: AttemptSpec,
  clusterId: string,
  directories: ReadonlyMap<string, string>,
): HostConfig {
  const binds: string[] = [];
  const volumes: MountSettings[] = [];
  for (const point of container.mountPoints ?? []) {
    const volume = container.volumes?.find(({ name }) => name === point.sourceVolume);
    if (volume === undefined || point.containerPath === undefined) continue;
    const source = volume.host?.sourcePath;
    const directory = directories.get(volume.name!);
    if (directory !== undefined) volumes.push({ ...ownVolume(point), Type: "bind", Source: directory });
    else if (source) binds.push(bind(source, point));
    else if (task === undefined) volumes.push(ownVolume(point));
    else volumes.push(sharedVolume(point, task.id, clusterId));
  }
  return { Binds: binds, Mounts: volumes };
}

/**
 * Why a bind cannot be asked for: the engine takes it as one text, in which a colon begins the next part, and a source that is no absolute path names a volume
 * of the engine's, whoever has it.
 */
export function bindFlaw({ volumes = [], mountPoints = [] }: ContainerProperties): string | undefined {
  for (const { sourceVolume, containerPath = "" } of mountPoints) {
    const source = volumes.find(({ name }) => name === sourceVolume)?.host?.sourcePath;
    if (!source) continue;
    const isPath = source.startsWith("/") && containerPath.startsWith("/");
    if (isPath && !/[:\0]/.test(source + containerPath)) continue;
    return `invalid volume specification: sourcePath ${JSON.stringify(source)} and containerPath ${JSON.stringify(containerPath)} must be absolute paths without colons`;
  }
  return undefined;
}

function bind(source: string, { containerPath, readOnly }: MountPoint): string {
  return `${source}:${containerPath}${readOnly ? ":ro" : ""}`;
}

function ownVolume({ containerPath, readOnly }: MountPoint): MountSettings {
  return { Type: "volume", Source: "", Target: containerPath ?? "", ReadOnly: readOnly === true };
}

/** The engine makes it with the first container that mounts it. */
function sharedVolume(point: MountPoint, taskId: string, clusterId: string): MountSettings {
  const Labels = { [LABEL.cluster]: clusterId, [LABEL.task]: taskId };
  return {
    ...ownVolume(point),
    Source: volumeName(taskId, point.sourceVolume ?? ""),
    VolumeOptions: { NoCopy: false, Labels, DriverConfig: { Name: "local", Options: {} } },
  };
}
