import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { ContainerProperties, Volume } from "@aws-sdk/client-batch";
import { AttemptFailure } from "../failure.ts";

/** The directories that stand for file systems and access points, by id or ARN. */
export type FileSystems = ReadonlyMap<string, string>;

/**
 * The directory of each volume of EFS or S3 Files that the container mounts, by the volume's name. Rejects with AttemptFailure
 * (ResourceInitializationError) when there is none, or when its root directory leads out of it.
 */
export async function directoriesOf(
  { volumes = [], mountPoints = [] }: ContainerProperties,
  fileSystems: FileSystems,
): Promise<Map<string, string>> {
  const directories = new Map<string, string>();
  const mounted = new Set(mountPoints.map(({ sourceVolume }) => sourceVolume));
  for (const volume of volumes) {
    const wanted = mounted.has(volume.name) ? wantedBy(volume) : undefined;
    if (wanted !== undefined) directories.set(volume.name!, await directoryOf(wanted, fileSystems));
  }
  return directories;
}

interface Wanted {
  readonly kind: "EFS" | "S3 Files";
  /** Of the file system, or of the access point, whose own root directory counts then. */
  readonly id: string;
  readonly rootDirectory: string;
}

function wantedBy({ efsVolumeConfiguration: efs, s3filesVolumeConfiguration: s3 }: Volume): Wanted | undefined {
  if (efs !== undefined) {
    const accessPoint = efs.authorizationConfig?.accessPointId;
    return { kind: "EFS", id: accessPoint || efs.fileSystemId!, rootDirectory: efs.rootDirectory ?? "/" };
  }
  if (s3 === undefined) return undefined;
  return { kind: "S3 Files", id: s3.accessPointArn || s3.fileSystemArn!, rootDirectory: s3.rootDirectory ?? "/" };
}

async function directoryOf({ kind, id, rootDirectory }: Wanted, fileSystems: FileSystems): Promise<string> {
  const root = fileSystems.get(id);
  if (root === undefined) {
    const line = JSON.stringify({ fileSystems: { [id]: "/a/directory" } });
    throw failure(kind, `no directory stands for ${id}: write ${line} into the configuration file`);
  }
  // Joined to a root, it cannot lead out of it; a link in it can.
  const directory = join(root, join("/", rootDirectory));
  if (!(await isWithin(root, directory)))
    throw failure(kind, `the root directory ${rootDirectory} of ${id} is a link that leads out of ${root}`);
  return directory;
}

/** What is not there, the engine says. */
async function isWithin(root: string, directory: string): Promise<boolean> {
  try {
    const way = relative(await realpath(root), await realpath(directory));
    return way !== ".." && !way.startsWith(`..${sep}`);
  } catch {
    return true;
  }
}

function failure(kind: Wanted["kind"], problem: string): AttemptFailure {
  const doing =
    kind === "EFS" ? "failed to invoke EFS utils commands to set up EFS volumes" : `failed to set up ${kind} volumes`;
  return new AttemptFailure("ResourceInitializationError", `${doing}: ${problem}`);
}
