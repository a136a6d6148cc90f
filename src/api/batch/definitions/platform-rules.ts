import { containerRequirements } from "../../../core/submission/requirements.ts";
import type { EcsTask } from "./ecs-task.ts";
import type { Rule } from "../rules.ts";
import { quotingRule, rule } from "../rules.ts";

/** What EC2 instances do not have (reference 4.2, 4.6). */
export const NOT_FOR_EC2_RULES: readonly Rule<EcsTask>[] = [
  quotingRule("notForEc2", ({ fargateMembers: [member] }) => (member === undefined ? undefined : [member])),
  // `runtimePlatform` is documented for Fargate and said to be refused nowhere: it is kept.
  quotingRule("isNotForEc2", ({ networkMode }) => (networkMode === undefined ? undefined : ["networkMode"])),
];

/** A container that is alone has whole vCPUs; those of a task may share them. */
export const EC2_RULES: readonly Rule<EcsTask>[] = [
  quotingRule("vcpuTooLow", (task) => {
    const vcpuMilli = vcpuMilliOf(task);
    const isWhole = task.containers.length > 1 || vcpuMilli % 1000 === 0;
    return vcpuMilli < 1000 || !isWhole ? [String(vcpuMilli / 1000)] : undefined;
  }),
];

const MANAGED_LOG_DRIVERS: ReadonlySet<string> = new Set(["awslogs", "splunk", "awsfirelens"]);

export const NOT_FOR_MANAGED_RULES: readonly Rule<EcsTask>[] = [
  quotingRule("notForManaged", ({ fargateMembers }) => {
    const member = fargateMembers.find((name) => name !== "ephemeralStorage");
    return member === undefined ? undefined : [member];
  }),
];

/** ECS Managed Instances (reference 4.2). */
export const MANAGED_RULES: readonly Rule<EcsTask>[] = [
  rule("managedSystem", ({ runtimePlatform }) => (runtimePlatform?.operatingSystemFamily ?? "LINUX") !== "LINUX"),
  quotingRule("networkMode", ({ networkMode = "host" }) => (networkMode === "host" ? undefined : [networkMode])),
  quotingRule("managedLogDriver", ({ containers }) => {
    const drivers = containers.map(({ logConfiguration }) => logConfiguration?.logDriver ?? "awslogs");
    const other = drivers.find((driver) => !MANAGED_LOG_DRIVERS.has(driver));
    return other === undefined ? undefined : [other];
  }),
];

const SYSTEMS: ReadonlySet<string> = new Set([
  "LINUX",
  "WINDOWS_SERVER_2019_CORE",
  "WINDOWS_SERVER_2019_FULL",
  "WINDOWS_SERVER_2022_CORE",
  "WINDOWS_SERVER_2022_FULL",
]);
const ARCHITECTURES: ReadonlySet<string> = new Set(["X86_64", "ARM64"]);

/** The values of `runtimePlatform`, on whatever platform it is allowed. */
export const RUNTIME_RULES: readonly Rule<EcsTask>[] = [
  quotingRule("operatingSystem", (task) => (SYSTEMS.has(systemOf(task)) ? undefined : [systemOf(task)])),
  quotingRule("architecture", (task) => (ARCHITECTURES.has(architectureOf(task)) ? undefined : [architectureOf(task)])),
];

/** What Windows containers do not have. Empty lists, which descriptions have, ask for nothing. */
export const WINDOWS_RULES: readonly Rule<EcsTask>[] = [
  rule("windowsArchitecture", (task) => architectureOf(task) !== "X86_64"),
  quotingRule("notForWindows", ({ containers, volumes }) => {
    const members = containers.flatMap(({ linuxParameters, privileged, user, ulimits, readonlyRootFilesystem }) => [
      ...(linuxParameters === undefined ? [] : ["linuxParameters"]),
      ...(privileged === true ? ["privileged"] : []),
      ...(user ? ["user"] : []),
      ...(ulimits?.length ? ["ulimits"] : []),
      ...(readonlyRootFilesystem === true ? ["readonlyRootFilesystem"] : []),
    ]);
    const hasEfs = volumes.some(({ efsVolumeConfiguration }) => efsVolumeConfiguration !== undefined);
    const [member] = [...members, ...(hasEfs ? ["efsVolumeConfiguration"] : [])];
    return member === undefined ? undefined : [member];
  }),
  quotingRule("windowsVcpus", (task) => {
    const vcpuMilli = vcpuMilliOf(task);
    return vcpuMilli < 1000 ? [String(vcpuMilli / 1000)] : undefined;
  }),
];

export function isWindows(task: EcsTask): boolean {
  return systemOf(task).startsWith("WINDOWS");
}

function systemOf({ runtimePlatform }: EcsTask): string {
  return runtimePlatform?.operatingSystemFamily ?? "LINUX";
}

function architectureOf({ runtimePlatform }: EcsTask): string {
  return runtimePlatform?.cpuArchitecture ?? "X86_64";
}

function vcpuMilliOf({ containers }: EcsTask): number {
  return containers.reduce((sum, container) => sum + containerRequirements(container).vcpuMilli, 0);
}
