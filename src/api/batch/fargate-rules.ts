import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { Requirements } from "../../core/job.ts";
import { validationException } from "../wire/errors.ts";
import { TEXTS } from "./texts.ts";

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

/** What a container may not ask for on Fargate (reference 6.11). Empty lists, which descriptions have, ask for nothing. */
export function validateFargate(container: ContainerProperties, { vcpuMilli, memoryMiB, gpus }: Requirements): void {
  if (gpus > 0) throw validationException(TEXTS.notForFargate("GPU"));
  if (container.ulimits?.length) throw validationException(TEXTS.notForFargate("ulimits"));
  if (container.instanceType) throw validationException(TEXTS.notForFargate("instanceType"));
  if (container.privileged === true) throw validationException(TEXTS.fargatePrivileged);
  for (const parameter of FORBIDDEN_LINUX_PARAMETERS) {
    const value = container.linuxParameters?.[parameter];
    const isAsked = Array.isArray(value) ? value.length > 0 : value !== undefined;
    if (isAsked) throw validationException(TEXTS.linuxParameterOnFargate(parameter));
  }
  if (container.volumes?.some(({ host }) => host?.sourcePath)) throw validationException(TEXTS.hostVolumeOnFargate);
  const { logDriver = "awslogs" } = container.logConfiguration ?? {};
  if (!LOG_DRIVERS.has(logDriver)) throw validationException(TEXTS.logDriverOnFargate(logDriver));
  if (!container.executionRoleArn) throw validationException(TEXTS.executionRoleRequired);
  if (SIZES.get(vcpuMilli)?.includes(memoryMiB) !== true) {
    throw validationException(TEXTS.fargateSize(vcpuMilli / 1000, memoryMiB));
  }
}

/** What only Fargate takes (reference 4.6). */
export function validateNotFargate(container: ContainerProperties): void {
  for (const member of ["networkConfiguration", "fargatePlatformConfiguration"] as const) {
    if (container[member] !== undefined) throw validationException(TEXTS.notForEc2(member));
  }
}
