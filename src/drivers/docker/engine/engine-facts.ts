import type { EngineFacts } from "../../../ports/hosts.ts";
import type { EngineInfo } from "./engine-traits.ts";

const BYTES_PER_MIB = 1024 * 1024;

const ARCHITECTURES: Readonly<Record<string, EngineFacts["architecture"]>> = {
  x86_64: "X86_64",
  amd64: "X86_64",
  aarch64: "ARM64",
  arm64: "ARM64",
};

/** Undefined for an engine that runs no jobs of AWS Batch: its containers are not Linux's, or its processors are others. */
export function factsOf(info: EngineInfo): EngineFacts | undefined {
  const { ID = "", ServerVersion = "", NCPU = 0, MemTotal = 0, OSType = "linux", Architecture = "" } = info;
  const architecture = ARCHITECTURES[Architecture];
  if (architecture === undefined || OSType !== "linux") return undefined;
  return {
    ...{ id: ID, version: ServerVersion, architecture },
    vcpuMilli: NCPU * 1000,
    memoryMiB: Math.floor(MemTotal / BYTES_PER_MIB),
    gpus: gpusOf(info),
  };
}

/** One by one; the device `all` is none. */
function gpusOf({ DiscoveredDevices }: EngineInfo): number {
  return (DiscoveredDevices ?? []).filter(({ ID }) => /^nvidia\.com\/gpu=\d+$/.test(ID ?? "")).length;
}
