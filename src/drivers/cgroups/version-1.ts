import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CgroupLimits, Cgroups, CpuLimit } from "./cgroups.ts";
import { BYTES_PER_MIB, CEILING_PERIOD_US, quotaUs, usageFrom } from "./cgroups.ts";
import { entryIn, foldersIn, killProcessesIn, numberIn, processesIn, removeFolder, tryWrite } from "./files.ts";
import { cpuMsIn, peakMemoryMiBIn, usedSoFarIn } from "./used.ts";

/** Of our own group in each hierarchy: the folder that has the files of that controller. */
export type Folders = Readonly<Partial<Record<"memory" | "cpu" | "cpuacct", string>>>;

const SHARES_OF_A_VCPU = 1024;
const SHARES = { least: 2, most: 262_144 };
/** Only there when the kernel counts swap. */
const MEMORY_AND_SWAP = "memory.memsw.limit_in_bytes";
/** What the kernel has charged ahead counts too, so an empty group need not have nothing. */
const CLEAN_BYTES = BYTES_PER_MIB;

/** Each controller has a hierarchy of groups, of its own or shared with others; one of our groups is a folder of the same name in each. */
export function version1Cgroups(folders: Folders): Cgroups {
  const { memory, cpu, cpuacct } = folders;
  const all = [...new Set(Object.values(folders))];
  const [first] = all;
  if (first === undefined) throw new TypeError("No hierarchy of control groups.");

  function rename(from: string, to: string): boolean {
    const done: string[] = [];
    try {
      for (const folder of all) {
        renameSync(join(folder, from), join(folder, to));
        done.push(folder);
      }
      return true;
    } catch {
      for (const folder of done) renameSync(join(folder, to), join(folder, from));
      return false;
    }
  }

  return {
    version: 1,
    limits: {
      memory: memory !== undefined,
      swap: memory !== undefined && existsSync(join(memory, MEMORY_AND_SWAP)),
      cpu: cpu !== undefined,
    },
    make(name, limits) {
      for (const folder of all) mkdirSync(join(folder, name), { recursive: true });
      if (memory !== undefined) limitMemory(join(memory, name), limits);
      if (cpu !== undefined && limits.cpu !== undefined) limitCpu(join(cpu, name), limits.cpu);
    },
    entrancesOf: (name) => all.map((folder) => join(folder, name, "cgroup.procs")),
    namesBelow: (name = "") => [...new Set(all.flatMap((folder) => foldersIn(join(folder, name))))],
    processesIn: (name) => processesIn(join(first, name, "cgroup.procs")),
    kill: (name) => killProcessesIn(join(first, name, "cgroup.procs")),
    usageOf: (name) =>
      usageFrom(
        cpuacct === undefined ? undefined : cpuMsIn(join(cpuacct, name)),
        memory === undefined ? undefined : peakMemoryMiBIn(join(memory, name)),
      ),
    usedSoFar: (name) =>
      cpuacct === undefined || memory === undefined ? undefined : usedSoFarIn(join(cpuacct, name), join(memory, name)),
    oomKills: (name) =>
      memory === undefined ? undefined : entryIn(join(memory, name, "memory.oom_control"), "oom_kill"),
    rename,
    forgetUsage: (name) =>
      (cpuacct === undefined || tryWrite(join(cpuacct, name, "cpuacct.usage"), "0")) &&
      (memory === undefined || tryWrite(join(memory, name, "memory.max_usage_in_bytes"), "0")),
    isClean: (name) =>
      memory === undefined || (numberIn(join(memory, name, "memory.usage_in_bytes")) ?? CLEAN_BYTES) < CLEAN_BYTES,
    remove: (name) => all.map((folder) => removeFolder(join(folder, name))).every(Boolean),
  };
}

/** Memory alone first where the limit is lowered, memory and swap together first where it is raised. */
function limitMemory(group: string, { memoryMiB, swapMiB = 0 }: CgroupLimits): void {
  if (memoryMiB === undefined) return;
  const limit = { file: join(group, "memory.limit_in_bytes"), bytes: memoryMiB * BYTES_PER_MIB };
  const both = { file: join(group, MEMORY_AND_SWAP), bytes: (memoryMiB + swapMiB) * BYTES_PER_MIB };
  const before = numberIn(both.file);
  if (before === undefined) return writeFileSync(limit.file, String(limit.bytes));
  const order = before < limit.bytes ? [both, limit] : [limit, both];
  for (const { file, bytes } of order) writeFileSync(file, String(bytes));
}

function limitCpu(group: string, { vcpuMilli, ceilingMilli }: CpuLimit): void {
  const shares = Math.round((vcpuMilli * SHARES_OF_A_VCPU) / 1000);
  writeFileSync(join(group, "cpu.shares"), String(Math.min(SHARES.most, Math.max(SHARES.least, shares))));
  const quota = join(group, "cpu.cfs_quota_us");
  if (!existsSync(quota)) return; // A kernel without ceilings.
  if (ceilingMilli !== undefined) writeFileSync(join(group, "cpu.cfs_period_us"), String(CEILING_PERIOD_US));
  writeFileSync(quota, String(ceilingMilli === undefined ? -1 : quotaUs(ceilingMilli)));
}
