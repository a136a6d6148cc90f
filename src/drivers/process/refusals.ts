import { isAbsolute, resolve } from "node:path";
import type { ContainerProperties, LinuxParameters, MountPoint, RuntimePlatform } from "@aws-sdk/client-batch";
import type { AttemptSpec } from "../../ports/driver.ts";

/** What a plain process can have depends on the machine. */
export interface Abilities {
  /** As Node tells it: `x64`, `arm64`. */
  readonly architecture: string;
  /** Absolute path of setpriv(1), where there is one. */
  readonly setpriv: string | undefined;
  /** Swap can be limited. */
  readonly limitsSwap: boolean;
}

interface Refused {
  readonly member: string;
  readonly why: string;
}

/**
 * The first member of the container that asks for what only a container can have. Not among them, because it changes nothing of what the program
 * does: the image with its repository credentials, initProcessEnabled (what a program leaves behind is ended anyway), the roles, the network configuration,
 * the platform version, ephemeral storage, enableExecuteCommand and instanceType.
 */
export function needsContainer(attempt: AttemptSpec, abilities: Abilities): string | undefined {
  const refused = firstRefused(attempt, abilities);
  if (refused === undefined) return undefined;
  const { member, why } = refused;
  return `ResourceInitializationError: ${member} needs a container, and this is a plain process: ${why}. Leave it out, or use a compute environment with containers`;
}

function firstRefused(attempt: AttemptSpec, abilities: Abilities): Refused | undefined {
  const { container } = attempt;
  return (
    ofFlags(container) ??
    ofLinux(container.linuxParameters ?? {}, abilities) ??
    ofMounts(container) ??
    ofLogs(container) ??
    ofPlatform(container.runtimePlatform ?? {}, abilities) ??
    ofModes(attempt, abilities)
  );
}

function ofModes({ ipcMode, noNewPrivileges }: AttemptSpec, { setpriv }: Abilities): Refused | undefined {
  if (ipcMode === "none") return { member: "ipcMode none", why: "it shares the machine's memory segments and queues" };
  if (noNewPrivileges !== true || setpriv !== undefined) return undefined;
  return { member: "allowPrivilegeEscalation", why: "setpriv (package util-linux) is not in the server's PATH" };
}

function ofFlags({ privileged, readonlyRootFilesystem }: ContainerProperties): Refused | undefined {
  if (privileged === true) return { member: "privileged", why: "it has its user's rights and no others" };
  if (readonlyRootFilesystem === true) {
    return { member: "readonlyRootFilesystem", why: "its file system is the machine's own" };
  }
  return undefined;
}

function ofLinux(linux: LinuxParameters, { limitsSwap }: Abilities): Refused | undefined {
  const { devices = [], tmpfs = [], sharedMemorySize, maxSwap, swappiness } = linux;
  const found: (Refused | false)[] = [
    devices.length > 0 && { member: "devices", why: "the devices that it sees are the machine's own" },
    tmpfs.length > 0 && { member: "tmpfs", why: "the file systems that it sees are the machine's own" },
    Boolean(sharedMemorySize) && { member: "sharedMemorySize", why: "/dev/shm is the machine's own" },
    Boolean(maxSwap) && !limitsSwap && { member: "maxSwap", why: "nothing limits swap on this machine" },
    Boolean(maxSwap) &&
      swappiness !== undefined && { member: "swappiness", why: "when to swap is decided for the whole machine" },
  ];
  const first = found.find((one) => one !== false);
  return first && { ...first, member: `linuxParameters.${first.member}` };
}

/** A volume that is in the container where it is on the machine, and may be written, is there already. */
export function hostDirectory({ volumes = [] }: ContainerProperties, point: MountPoint): string | undefined {
  const source = volumes.find(({ name }) => name === point.sourceVolume)?.host?.sourcePath;
  if (source === undefined || point.containerPath === undefined || point.readOnly === true) return undefined;
  if (!isAbsolute(source) || source.includes("\0")) return undefined;
  return resolve(source) === resolve("/", point.containerPath) ? source : undefined;
}

function ofMounts(container: ContainerProperties): Refused | undefined {
  const point = container.mountPoints?.find((one) => hostDirectory(container, one) === undefined);
  if (point === undefined) return undefined;
  const member = `the mount point ${point.containerPath ?? ""}`;
  if (point.readOnly === true) return { member, why: "nothing keeps it from writing there, but its user's rights" };
  return { member, why: "it sees a host volume only, and only where sourcePath and containerPath are the same" };
}

function ofLogs({ logConfiguration }: ContainerProperties): Refused | undefined {
  const driver = logConfiguration?.logDriver;
  if (driver === undefined || driver === "awslogs") return undefined;
  return { member: `logDriver ${driver}`, why: "its output goes to the server, which is the driver awslogs" };
}

const ARCHITECTURES: Readonly<Record<string, string>> = { X86_64: "x64", ARM64: "arm64" };

function ofPlatform(
  { operatingSystemFamily = "LINUX", cpuArchitecture }: RuntimePlatform,
  { architecture }: Abilities,
): Refused | undefined {
  if (operatingSystemFamily.startsWith("WINDOWS")) {
    return { member: `operatingSystemFamily ${operatingSystemFamily}`, why: "it runs on the server's own system" };
  }
  if (cpuArchitecture === undefined || (ARCHITECTURES[cpuArchitecture] ?? architecture) === architecture) {
    return undefined;
  }
  return { member: `cpuArchitecture ${cpuArchitecture}`, why: `this machine is ${architecture}` };
}
