import type { UsedSoFar } from "../../core/usage.ts";
import { entryIn, numberIn } from "./files.ts";

/** What all that ever ran in a cgroup, or below it, has used: also of what has ended and is gone. Undefined where this cgroup does not count it. */

/** Processor time, user and system together. `directory`: of version 1 in the tree of `cpuacct`. */
export function cpuMsIn(directory: string): number | undefined {
  const nanoseconds = numberIn(`${directory}/cpuacct.usage`);
  if (nanoseconds !== undefined) return Math.round(nanoseconds / 1_000_000);
  const microseconds = entryIn(`${directory}/cpu.stat`, "usage_usec");
  return microseconds === undefined ? undefined : Math.round(microseconds / 1_000);
}

/** The most memory that was held at a time, as limits count it, with what the kernel keeps of files. `directory`: of version 1 in the tree of `memory`. */
export function peakMemoryMiBIn(directory: string): number | undefined {
  // Kernels of version 2 have it since 5.19.
  const bytes = numberIn(`${directory}/memory.max_usage_in_bytes`) ?? numberIn(`${directory}/memory.peak`);
  return bytes === undefined ? undefined : Math.ceil(bytes / 1024 ** 2);
}

const BYTES_PER_MIB = 1024 ** 2;

/** What is in it now, and below it. Directories as above. */
export function usedSoFarIn(cpuDirectory: string, memoryDirectory: string): UsedSoFar | undefined {
  const cpuMs = cpuMsIn(cpuDirectory);
  const memoryMiB = memoryMiBIn(memoryDirectory);
  return cpuMs === undefined || memoryMiB === undefined ? undefined : { cpuMs, memoryMiB };
}

/** Without the pages of files that nobody has used of late, as `docker stats` shows it: they are there as long as nobody needs the memory. */
function memoryMiBIn(directory: string): number | undefined {
  const ofVersion1 = numberIn(`${directory}/memory.usage_in_bytes`);
  const bytes = ofVersion1 ?? numberIn(`${directory}/memory.current`);
  if (bytes === undefined) return undefined;
  const inactive = ofVersion1 === undefined ? "inactive_file" : "total_inactive_file";
  return Math.ceil(Math.max(0, bytes - (entryIn(`${directory}/memory.stat`, inactive) ?? 0)) / BYTES_PER_MIB);
}
