import { containerRequirements } from "../../../core/submission/requirements.ts";
import type { EcsContainer, EcsTask } from "./ecs-task.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

/** What Fargate offers: MiB by milli-vCPU (reference 6.10). */
const SIZES: ReadonlyMap<number, readonly number[]> = new Map([
  [250, [512, 1024, 2048]],
  [500, steps(1024, 4096, 1024)],
  [1000, steps(2048, 8192, 1024)],
  [2000, steps(4096, 16_384, 1024)],
  [4000, steps(8192, 30_720, 1024)],
  [8000, steps(16_384, 61_440, 4096)],
  [16_000, steps(32_768, 122_880, 8192)],
  [32_000, [61_440, 122_880, 249_856]],
]);

function steps(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => from + index * step);
}

const FORBIDDEN_LINUX_PARAMETERS = ["devices", "tmpfs", "sharedMemorySize", "maxSwap", "swappiness"] as const;
const LOG_DRIVERS: ReadonlySet<string> = new Set(["awslogs", "splunk", "awsfirelens"]);
const LONGEST_TIMEOUT_SECONDS = 120;

/** What a container may not ask for on Fargate (reference 6.11). Empty lists, which descriptions have, ask for nothing. */
const FARGATE_CONTAINER_RULES: readonly Rule<EcsContainer>[] = [
  quotingRule("legacyOnFargate", ({ vcpus, memory }) => {
    if (vcpus !== undefined) return ["vcpus"];
    return memory === undefined ? undefined : ["memory"];
  }),
  quotingRule("notForFargate", (container) => {
    if (containerRequirements(container).gpus > 0) return ["GPU"];
    return container.ulimits?.length ? ["ulimits"] : undefined;
  }),
  rule("fargatePrivileged", ({ privileged }) => privileged === true),
  quotingRule("linuxParameterOnFargate", ({ linuxParameters }) => {
    const asked = FORBIDDEN_LINUX_PARAMETERS.find((parameter) => {
      const value = linuxParameters?.[parameter];
      return Array.isArray(value) ? value.length > 0 : value !== undefined;
    });
    return asked === undefined ? undefined : [asked];
  }),
  quotingRule("logDriverOnFargate", ({ logConfiguration }) => {
    const driver = logConfiguration?.logDriver ?? "awslogs";
    return LOG_DRIVERS.has(driver) ? undefined : [driver];
  }),
  quotingRule("timeoutOnFargate", ({ startTimeout = 0, stopTimeout = 0 }) => {
    if (startTimeout > LONGEST_TIMEOUT_SECONDS) return ["startTimeout"];
    return stopTimeout > LONGEST_TIMEOUT_SECONDS ? ["stopTimeout"] : undefined;
  }),
];

/** What does not go with Fargate at all. */
export const NOT_FOR_FARGATE_RULES: readonly Rule<EcsTask>[] = [
  quotingRule("notForFargate", ({ instanceType, ipcMode, networkMode }) => {
    if (instanceType) return ["instanceType"];
    if (ipcMode !== undefined) return ["ipcMode"];
    return networkMode === undefined ? undefined : ["networkMode"];
  }),
  each(({ containers }) => containers, FARGATE_CONTAINER_RULES),
  rule("hostVolumeOnFargate", ({ volumes }) => volumes.some(({ host }) => Boolean(host?.sourcePath))),
];

/** What Fargate asks for. */
export const FARGATE_RULES: readonly Rule<EcsTask>[] = [
  quotingRule("assignPublicIp", ({ networkConfiguration }) => {
    const value = networkConfiguration?.assignPublicIp ?? "DISABLED";
    return value === "ENABLED" || value === "DISABLED" ? undefined : [value];
  }),
  quotingRule("platformVersion", ({ platformVersion = "LATEST" }) =>
    /^(LATEST|\d+\.\d+\.\d+)$/.test(platformVersion) ? undefined : [platformVersion],
  ),
  quotingRule("efsPlatformVersion", ({ platformVersion = "LATEST", volumes }) =>
    isBefore14(platformVersion) && volumes.some(({ efsVolumeConfiguration }) => efsVolumeConfiguration !== undefined)
      ? [platformVersion]
      : undefined,
  ),
  rule("ephemeralStorage", ({ ephemeralStorage }) => {
    const sizeGiB = ephemeralStorage?.sizeInGiB ?? 21;
    return sizeGiB < 21 || sizeGiB > 200;
  }),
  rule("executionRoleRequired", ({ executionRoleArn }) => !executionRoleArn),
  quotingRule("fargateSize", ({ containers }) => {
    const sizes = containers.map((container) => containerRequirements(container));
    const vcpuMilli = sizes.reduce((sum, size) => sum + size.vcpuMilli, 0);
    const memoryMiB = sizes.reduce((sum, size) => sum + size.memoryMiB, 0);
    return SIZES.get(vcpuMilli)?.includes(memoryMiB) ? undefined : [(vcpuMilli / 1000).toFixed(2), memoryMiB];
  }),
];

function isBefore14(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 1 || (major === 1 && minor < 4);
}
