import type { MountPoint, Volume } from "@aws-sdk/client-batch";
import type { HostConfig, MountSettings } from "dockerode";
import type { AttemptSpec } from "../../ports/driver.ts";
import { LABEL, volumeName } from "./names.ts";

/**
 * Host directories are binds, which the engine creates when they are absent, as ECS does. A volume without one is shared by the containers of a task and goes
 * with it; that of a container alone is anonymous and goes with the container.
 */
export function mounts({ container, task }: AttemptSpec, clusterId: string): HostConfig {
  const binds: string[] = [];
  const volumes: MountSettings[] = [];
  for (const point of container.mountPoints ?? []) {
    const volume = container.volumes?.find(({ name }) => name === point.sourceVolume);
    if (volume === undefined || point.containerPath === undefined) continue;
    if (isElsewhere(volume)) continue;
    const source = volume.host?.sourcePath;
    if (source) binds.push(bind(source, point));
    else if (task === undefined) volumes.push(ownVolume(point));
    else volumes.push(sharedVolume(point, task.id, clusterId));
  }
  return { Binds: binds, Mounts: volumes };
}

function isElsewhere(volume: Volume): boolean {
  return volume.efsVolumeConfiguration !== undefined || volume.s3filesVolumeConfiguration !== undefined;
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
