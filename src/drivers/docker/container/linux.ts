import type { Device, LinuxParameters, Tmpfs, Ulimit } from "@aws-sdk/client-batch";
import type { DeviceMapping, HostConfig } from "dockerode";

/** The engine refuses smaller limits (6 MiB since 20.10), while Batch allows 4 MiB. */
const LEAST_MEMORY_MIB = 6;
const BYTES_PER_MIB = 1024 * 1024;

/**
 * ECS allows swap up to the size of the memory when `maxSwap` is absent, but its machines have no swap. Laptops do, and a program
 * that swaps neither ends nor gets on; so absent means none here, and a program that exceeds its memory is killed at once.
 */
export function memoryLimits(memoryMiB: number, linux: LinuxParameters | undefined): HostConfig {
  const memory = Math.max(LEAST_MEMORY_MIB, memoryMiB) * BYTES_PER_MIB;
  const swap = (linux?.maxSwap ?? 0) * BYTES_PER_MIB;
  const swappiness = linux?.maxSwap === undefined ? undefined : linux.swappiness;
  return {
    Memory: memory,
    MemorySwap: memory + swap,
    ...(swappiness === undefined ? {} : { MemorySwappiness: swappiness }),
  };
}

export function linuxOptions(linux: LinuxParameters | undefined): HostConfig {
  return {
    Init: linux?.initProcessEnabled === true,
    Tmpfs: Object.fromEntries((linux?.tmpfs ?? []).map(tmpfs)),
    Devices: (linux?.devices ?? []).map(device),
    ...(linux?.sharedMemorySize ? { ShmSize: linux.sharedMemorySize * BYTES_PER_MIB } : {}),
  };
}

export function ulimit({ name, softLimit, hardLimit }: Ulimit): { Name: string; Soft: number; Hard: number } {
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
