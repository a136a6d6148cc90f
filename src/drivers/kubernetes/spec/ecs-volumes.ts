import { posix } from "node:path";
import type { ContainerProperties, Volume } from "@aws-sdk/client-batch";
import type { AttemptSpec } from "../../../ports/driver.ts";
import type { Container, PodSpec } from "../api/objects.ts";
import { cannotSay, Refusal } from "./refusal.ts";

type PodVolume = NonNullable<PodSpec["volumes"]>[number];
type Mount = NonNullable<Container["volumeMounts"]>[number];

/** The directories on the nodes that stand for file systems and access points, by id or ARN. */
export type FileSystems = ReadonlyMap<string, string>;

interface Mounted {
  readonly volumes: readonly PodVolume[];
  readonly mounts: readonly Mount[];
}

/** The volumes of all containers of a pod, each once, and what each container mounts, in the order of the specs. */
export function volumesOf(
  specs: readonly AttemptSpec[],
  fileSystems: FileSystems,
): { readonly volumes: PodVolume[]; readonly mounts: readonly (readonly Mount[])[] } {
  const numbers = new Map<string, string>();
  // Names of volumes may have characters that Kubernetes does not take.
  const nameOf = (volume: string): string => {
    const name = numbers.get(volume) ?? `volume-${numbers.size}`;
    numbers.set(volume, name);
    return name;
  };
  const mounted = specs.map((spec, index) => {
    const given = mountPoints(spec.container, nameOf, fileSystems);
    const memory = inMemory(spec.container, index);
    return { volumes: [...given.volumes, ...memory.volumes], mounts: [...given.mounts, ...memory.mounts] };
  });
  const byName = new Map(mounted.flatMap(({ volumes }) => volumes.map((volume) => [volume.name, volume] as const)));
  return { volumes: [...byName.values()], mounts: mounted.map(({ mounts }) => mounts) };
}

function mountPoints(
  { volumes = [], mountPoints: points = [] }: ContainerProperties,
  nameOf: (volume: string) => string,
  fileSystems: FileSystems,
): Mounted {
  const used: PodVolume[] = [];
  const mounts: Mount[] = [];
  for (const { sourceVolume, containerPath, readOnly } of points) {
    const volume = volumes.find(({ name }) => name === sourceVolume);
    if (volume === undefined || containerPath === undefined) continue;
    const name = nameOf(volume.name!);
    used.push({ name, ...sourceOf(volume, fileSystems) });
    mounts.push({ name, mountPath: containerPath, ...(readOnly === true && { readOnly }) });
  }
  return { volumes: used, mounts };
}

/** A volume without a place on the host is one for all containers of the pod, and goes with it. */
function sourceOf(volume: Volume, fileSystems: FileSystems): Omit<PodVolume, "name"> {
  const { host, efsVolumeConfiguration: efs, s3filesVolumeConfiguration: s3 } = volume;
  if (efs !== undefined)
    return fileSystem(efs.authorizationConfig?.accessPointId || efs.fileSystemId!, efs.rootDirectory, fileSystems);
  if (s3 !== undefined) return fileSystem(s3.accessPointArn || s3.fileSystemArn!, s3.rootDirectory, fileSystems);
  return host?.sourcePath ? { hostPath: { path: host.sourcePath } } : { emptyDir: {} };
}

/** It has to be there: an empty directory in its place would hide that nothing is mounted. */
function fileSystem(id: string, rootDirectory = "/", fileSystems: FileSystems): Omit<PodVolume, "name"> {
  const directory = fileSystems.get(id);
  if (directory === undefined) {
    const line = JSON.stringify({ fileSystems: { [id]: "/a/directory/of/every/node" } });
    throw new Refusal(
      `ResourceInitializationError: no directory of the nodes stands for ${id}: write ${line} into the configuration file`,
    );
  }
  return { hostPath: { path: posix.join(directory, posix.join("/", rootDirectory)), type: "Directory" } };
}

function inMemory({ linuxParameters: linux }: ContainerProperties, index: number): Mounted {
  const wanted = (linux?.tmpfs ?? []).map(({ containerPath, size, mountOptions = [] }, number) => {
    if (mountOptions.length > 0) throw cannotSay("have mount options of tmpfs", mountOptions.join(","));
    return { name: `tmpfs-${index}-${number}`, mountPath: containerPath!, sizeMiB: size! };
  });
  if (linux?.sharedMemorySize)
    wanted.push({ name: `shm-${index}`, mountPath: "/dev/shm", sizeMiB: linux.sharedMemorySize });
  return {
    volumes: wanted.map(({ name, sizeMiB }) => ({ name, emptyDir: { medium: "Memory", sizeLimit: `${sizeMiB}Mi` } })),
    mounts: wanted.map(({ name, mountPath }) => ({ name, mountPath })),
  };
}
