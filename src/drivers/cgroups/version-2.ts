import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CgroupLimits, Cgroups, CpuLimit } from "./cgroups.ts";
import { BYTES_PER_MIB, CEILING_PERIOD_US, quotaUs, usageFrom } from "./cgroups.ts";
import { entryIn, foldersIn, killProcessesIn, processesIn, removeFolder, tryWrite, wordsOf } from "./files.ts";
import { cpuMsIn, peakMemoryMiBIn, usedSoFarIn } from "./used.ts";

/** An ordinary group's weight: that of one vCPU. */
const WEIGHT_OF_A_VCPU = 100;
const WEIGHT = { least: 1, most: 10_000 };
/** Only there when the kernel counts swap. */
const SWAP = "memory.swap.max";
const CONTROLLERS = ["memory", "cpu"] as const;

/**
 * One hierarchy for all controllers, each switched on level by level. The kernel counts processor time and memory of a group once and for ever, and gives it
 * no other name: each group serves once.
 *
 * @param place the folder of the group above our own.
 * @param folder that of our own group, which is there.
 */
export function version2Cgroups(place: string, folder: string): Cgroups {
  switchOn(place);
  const enabled = switchOn(folder);
  const canLimit = {
    memory: enabled.has("memory"),
    swap: enabled.has("memory") && existsSync(join(folder, SWAP)),
    cpu: enabled.has("cpu"),
  };

  /** Groups that have groups below them hand the controllers on. */
  function makeParents(name: string): void {
    const parts = name.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const parent = join(folder, ...parts.slice(0, depth));
      mkdirSync(parent, { recursive: true });
      switchOn(parent);
    }
  }

  return {
    version: 2,
    limits: canLimit,
    make(name, limits) {
      makeParents(name);
      const group = join(folder, name);
      mkdirSync(group, { recursive: true });
      if (canLimit.memory) limitMemory(group, limits);
      if (canLimit.cpu && limits.cpu !== undefined) limitCpu(group, limits.cpu);
    },
    entrancesOf: (name) => [join(folder, name, "cgroup.procs")],
    namesBelow: (name = "") => foldersIn(join(folder, name)),
    processesIn: (name) => processesIn(join(folder, name, "cgroup.procs")),
    kill(name) {
      if (tryWrite(join(folder, name, "cgroup.kill"), "1")) return;
      killProcessesIn(join(folder, name, "cgroup.procs"));
    },
    usageOf: (name) => usageFrom(cpuMsIn(join(folder, name)), peakMemoryMiBIn(join(folder, name))),
    usedSoFar: (name) => usedSoFarIn(join(folder, name), join(folder, name)),
    oomKills: (name) => entryIn(join(folder, name, "memory.events"), "oom_kill"),
    rename: () => false,
    forgetUsage: () => false,
    isClean: () => false,
    remove: (name) => removeFolder(join(folder, name)),
  };
}

/** Switches on what it can for the groups below this one; tells what is on. */
function switchOn(group: string): ReadonlySet<string> {
  const file = join(group, "cgroup.subtree_control");
  for (const controller of CONTROLLERS) {
    if (!wordsOf(file).has(controller)) tryWrite(file, `+${controller}`);
  }
  return wordsOf(file);
}

function limitMemory(group: string, { memoryMiB, swapMiB = 0 }: CgroupLimits): void {
  if (memoryMiB === undefined) return;
  writeFileSync(join(group, "memory.max"), String(memoryMiB * BYTES_PER_MIB));
  tryWrite(join(group, SWAP), String(swapMiB * BYTES_PER_MIB));
}

function limitCpu(group: string, { vcpuMilli, ceilingMilli }: CpuLimit): void {
  const weight = Math.round((vcpuMilli * WEIGHT_OF_A_VCPU) / 1000);
  writeFileSync(join(group, "cpu.weight"), String(Math.min(WEIGHT.most, Math.max(WEIGHT.least, weight))));
  const max = ceilingMilli === undefined ? "max" : `${quotaUs(ceilingMilli)} ${CEILING_PERIOD_US}`;
  tryWrite(join(group, "cpu.max"), max); // Not there in a kernel without ceilings.
}
