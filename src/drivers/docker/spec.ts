import type { ContainerProperties, Device, LinuxParameters, Tmpfs, Ulimit } from "@aws-sdk/client-batch";
import type { ContainerCreateOptions, DeviceMapping, DeviceRequest, HostConfig } from "dockerode";
import type { AttemptSpec } from "../../ports/driver.ts";
import { NO_IMAGE } from "../../ports/driver.ts";
import { mounts } from "./mounts.ts";
import { containerName } from "../../core/driver-name.ts";
import { holderName, LABEL } from "./names.ts";

/** The engine refuses smaller limits (6 MiB since 20.10), while Batch allows 4 MiB. */
const LEAST_MEMORY_MIB = 6;
/** The kernel's least CPU weight. */
const LEAST_CPU_SHARES = 2;
const BYTES_PER_MIB = 1024 * 1024;

/** What the server decides for all its containers. */
export interface ContainerSettings {
  readonly clusterId: string;
  /** The image of attempts that name none (NO_IMAGE). */
  readonly defaultImage: string;
  /** How the engine is to keep the output until it is copied. */
  readonly outputKeeper: OutputKeeper;
}

/**
 * The engine's log driver. `local` keeps the bytes as they were; `json-file` spoils a character of several bytes where the engine cuts
 * a line over 16 kB, but every engine has it.
 */
export type OutputKeeper = "local" | "json-file";

/** The image that the attempt runs in. */
export function imageOf(attempt: AttemptSpec, settings: ContainerSettings): string {
  const { image } = attempt.container;
  return image === undefined || image === NO_IMAGE ? settings.defaultImage : image;
}

/**
 * The attempt as the engine's create request. The rules are those of ECS: `command` replaces the image's command and leaves its
 * entrypoint (unless the attempt brings one) and working directory; vCPUs are a relative weight and not a ceiling; memory is a hard limit.
 *
 * Not mapped: EFS and S3 Files volumes, secrets, log configuration (the output is read from the engine), network configuration,
 * roles, runtime platform, ephemeral storage, repository credentials, execute command.
 */
export function containerOptions(
  attempt: AttemptSpec,
  settings: ContainerSettings,
): ContainerCreateOptions & { name: string } {
  const { container } = attempt;
  return {
    name: containerName(attempt.attemptId),
    Image: imageOf(attempt, settings),
    Env: Object.entries(attempt.environment).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [LABEL.cluster]: settings.clusterId,
      [LABEL.attempt]: attempt.attemptId,
      [LABEL.job]: attempt.jobId,
      ...(attempt.task !== undefined && { [LABEL.task]: attempt.task.id }),
    },
    HostConfig: hostConfig(attempt, settings),
    ...(attempt.entrypoint?.length ? { Entrypoint: [...attempt.entrypoint] } : {}),
    ...(container.command?.length ? { Cmd: [...container.command] } : {}),
    ...(container.user ? { User: container.user } : {}),
  };
}

function hostConfig(attempt: AttemptSpec, settings: ContainerSettings): HostConfig {
  const { container } = attempt;
  return {
    CpuShares: Math.max(LEAST_CPU_SHARES, Math.round((attempt.vcpuMilli * 1024) / 1000)),
    ...memoryLimits(attempt.memoryMiB, container.linuxParameters),
    ReadonlyRootfs: container.readonlyRootFilesystem === true,
    Privileged: container.privileged === true,
    Ulimits: (container.ulimits ?? []).map(ulimit),
    ...linuxOptions(container.linuxParameters),
    ...mounts(attempt, settings.clusterId),
    ...gpus(container),
    ...namespaces(attempt),
    LogConfig: logConfig(settings.outputKeeper),
    RestartPolicy: { Name: "no" },
  };
}

/** Named, because the engine's default may be a driver that cannot be read back. `local` would drop output beyond 100 MB by default. */
function logConfig(keeper: OutputKeeper): { Type: string; Config: Record<string, string> } {
  const wholeFile = { "max-size": "1000g", "max-file": "1", compress: "false" };
  return { Type: keeper, Config: keeper === "local" ? wholeFile : {} };
}

/**
 * ECS allows swap up to the size of the memory when `maxSwap` is absent, but its machines have no swap. Laptops do, and a program
 * that swaps neither ends nor gets on; so absent means none here, and a program that exceeds its memory is killed at once.
 */
function memoryLimits(memoryMiB: number, linux: LinuxParameters | undefined): HostConfig {
  const memory = Math.max(LEAST_MEMORY_MIB, memoryMiB) * BYTES_PER_MIB;
  const swap = (linux?.maxSwap ?? 0) * BYTES_PER_MIB;
  const swappiness = linux?.maxSwap === undefined ? undefined : linux.swappiness;
  return {
    Memory: memory,
    MemorySwap: memory + swap,
    ...(swappiness === undefined ? {} : { MemorySwappiness: swappiness }),
  };
}

function linuxOptions(linux: LinuxParameters | undefined): HostConfig {
  return {
    Init: linux?.initProcessEnabled === true,
    Tmpfs: Object.fromEntries((linux?.tmpfs ?? []).map(tmpfs)),
    Devices: (linux?.devices ?? []).map(device),
    ...(linux?.sharedMemorySize ? { ShmSize: linux.sharedMemorySize * BYTES_PER_MIB } : {}),
  };
}

function ulimit({ name, softLimit, hardLimit }: Ulimit): { Name: string; Soft: number; Hard: number } {
  return { Name: name ?? "", Soft: softLimit ?? 0, Hard: hardLimit ?? 0 };
}

function tmpfs({ containerPath, size, mountOptions }: Tmpfs): [string, string] {
  return [containerPath ?? "", [`size=${size ?? 0}m`, ...(mountOptions ?? [])].join(",")];
}

/** Without permissions a device may be read, written and made, as on ECS. */
function device({ hostPath, containerPath, permissions }: Device): DeviceMapping {
  const letters = { READ: "r", WRITE: "w", MKNOD: "m" } as const;
  const given = (permissions ?? []).map((permission) => letters[permission]).join("");
  return {
    PathOnHost: hostPath ?? "",
    PathInContainer: containerPath ?? hostPath ?? "",
    CgroupPermissions: given || "rwm",
  };
}

/** What the container shares with the others of its task, or with the machine. */
function namespaces({ task, pidMode, ipcMode }: AttemptSpec): HostConfig {
  const holder = task && `container:${holderName(task.id)}`;
  return {
    // In a shared network the names of hosts are shared too.
    ...(holder === undefined ? REACHES_MACHINE : { NetworkMode: holder }),
    ...(pidMode === "host" && { PidMode: "host" }),
    ...(pidMode === "task" && holder !== undefined && { PidMode: holder }),
    ...((ipcMode === "host" || ipcMode === "none") && { IpcMode: ipcMode }),
    ...(ipcMode === "task" && holder !== undefined && { IpcMode: holder }),
  };
}

/** Jobs call the server and other services of the machine that they run on. */
export const REACHES_MACHINE: HostConfig = { ExtraHosts: ["host.docker.internal:host-gateway"] };

/** GPUs are asked of the engine by number; an engine without them refuses to start the container, which says so. */
function gpus(container: ContainerProperties): HostConfig {
  const requirement = container.resourceRequirements?.find(({ type }) => type === "GPU");
  if (requirement === undefined) return {};
  const request: DeviceRequest = { Count: Number(requirement.value), Capabilities: [["gpu"]] };
  return { DeviceRequests: [request] };
}
