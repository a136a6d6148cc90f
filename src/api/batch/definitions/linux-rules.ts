import type { Device, LinuxParameters, Tmpfs, Ulimit } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

const ULIMITS: ReadonlySet<string> = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" "),
);
/** As the limit itself: none. */
const UNLIMITED = -1;

export const ULIMIT_RULES: readonly Rule<Ulimit>[] = [
  quotingRule("ulimitName", ({ name = "" }) => (ULIMITS.has(name) ? undefined : [name])),
  quotingRule("ulimitOrder", ({ name, softLimit, hardLimit }) => {
    const isWithin = hardLimit === UNLIMITED || (softLimit !== UNLIMITED && softLimit! <= hardLimit!);
    return isWithin ? undefined : [name!];
  }),
];

const PERMISSIONS: ReadonlySet<string> = new Set(["READ", "WRITE", "MKNOD"]);

const DEVICE_RULES: readonly Rule<Device>[] = [
  rule("devicePath", ({ hostPath }) => !hostPath),
  quotingRule("devicePermission", ({ hostPath, permissions = [] }) => {
    const unknown = permissions.find((permission) => !PERMISSIONS.has(permission));
    return unknown === undefined ? undefined : [unknown, hostPath!];
  }),
];

const TMPFS_OPTIONS: ReadonlySet<string> = new Set(
  (
    "defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime diratime " +
    "nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime " +
    "strictatime nostrictatime mode uid gid nr_inodes nr_blocks mpol"
  ).split(" "),
);

const TMPFS_RULES: readonly Rule<Tmpfs>[] = [
  rule("tmpfsPath", ({ containerPath }) => !containerPath),
  quotingRule("tmpfsOption", ({ mountOptions = [] }) => {
    // Options such as mode come with a value.
    const unknown = mountOptions.find((option) => !TMPFS_OPTIONS.has(option.split("=")[0]!));
    return unknown === undefined ? undefined : [unknown];
  }),
  rule("tmpfsSize", ({ size }) => size! < 1),
];

/** Reference 4.6. */
export const LINUX_RULES: readonly Rule<LinuxParameters>[] = [
  each(({ devices }) => devices, DEVICE_RULES),
  each(({ tmpfs }) => tmpfs, TMPFS_RULES),
  quotingRule("sharedMemorySize", ({ sharedMemorySize = 1 }) =>
    sharedMemorySize < 1 ? [sharedMemorySize] : undefined,
  ),
  quotingRule("swapNegative", ({ maxSwap = 0 }) => (maxSwap < 0 ? [maxSwap] : undefined)),
  quotingRule("swappinessRange", ({ swappiness = 0 }) =>
    swappiness < 0 || swappiness > 100 ? [swappiness] : undefined,
  ),
  rule("swappinessRequired", ({ maxSwap, swappiness }) => maxSwap !== undefined && swappiness === undefined),
];
