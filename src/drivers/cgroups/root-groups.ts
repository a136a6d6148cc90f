import { join } from "node:path";
import type { Usage, UsedSoFar } from "../../core/usage.ts";
import type { Cgroups, CpuLimit } from "./cgroups.ts";
import { numberIn, processesBelow, removeFolders, tryWrite } from "./files.ts";
import type { Hierarchy } from "./hierarchies.ts";
import { linesOf, mountedHierarchies } from "./hierarchies.ts";
import { openAt, openVersion1, OWN } from "./open.ts";

/** Groups of Longshore's at the root of the whole machine's, where a container engine can put its containers below them. */
export interface RootGroups {
  /** As engines name a parent. */
  pathOf(name: string): string;
  /** Makes the group, unless it is there. Rejects when it cannot be made. */
  make(name: string, cpu: CpuLimit): Promise<void>;
  names(): readonly string[];
  /** Whether a process is in a group below this one; undefined when there is no such process any more. */
  has(name: string, pid: number): boolean | undefined;
  processesBelow(name: string): readonly number[];
  /** All that was ever below it. */
  usageOf(name: string): Usage;
  /** All that is below it now; undefined where that cannot be seen. */
  usedSoFar(name: string): UsedSoFar | undefined;
  /**
   * In every hierarchy of whatever version: an engine makes the parent of a container in all of them. With what a dead engine has left below it. False while
   * something runs there.
   */
  remove(name: string): Promise<boolean>;
}

/** Undefined where they cannot be made, or only a part of the machine's groups is seen. `version`: that in which the engine has its groups. */
export function openRootGroups(version: 1 | 2): RootGroups | undefined {
  const mounted = mountedHierarchies();
  const hierarchies = mounted.filter((one) => one.version === version);
  if (hierarchies.length === 0 || hierarchies.some(({ root }) => root !== "/")) return undefined;
  const groups = version === 1 ? openVersion1(hierarchies, counts) : openAt(hierarchies[0]!.mount, counts);
  if (groups === undefined) return undefined;
  const countsMemory = version === 2 || isHierarchical(hierarchies);
  const pathOf = (name: string): string => `/${OWN}/${name}`;
  return {
    pathOf,
    make: async (name, cpu) => groups.make(name, { cpu }),
    names: () => groups.namesBelow(),
    has: (name, pid) => isBelow(pid, `:${pathOf(name)}/`),
    processesBelow: (name) => processesBelow(join(hierarchies[0]!.mount, OWN, name)),
    usageOf(name) {
      const { peakMemoryMiB, ...usage } = groups.usageOf(name);
      return { ...usage, ...(countsMemory && peakMemoryMiB !== undefined && { peakMemoryMiB }) };
    },
    usedSoFar: (name) => (countsMemory ? groups.usedSoFar(name) : undefined),
    remove: async (name) => mounted.map(({ mount }) => removeFolders(join(mount, OWN, name))).every(Boolean),
  };
}

function counts(groups: Cgroups): boolean {
  const probe = `probe-below-${process.pid}`;
  try {
    groups.make(probe, {});
    return groups.usageOf(probe).cpuMs !== undefined;
  } finally {
    groups.remove(probe);
  }
}

/** Before Linux 5.11 memory counts in the groups above only where that was switched on. */
function isHierarchical(hierarchies: readonly Hierarchy[]): boolean {
  const memory = hierarchies.find(({ controllers }) => controllers.includes("memory"));
  if (memory === undefined) return false;
  const file = join(memory.mount, OWN, "memory.use_hierarchy");
  return numberIn(file) !== 0 || tryWrite(file, "1");
}

/** `path`: as it stands in a line of the process's groups. Undefined when there is no such process any more. */
export function isBelow(pid: number, path: string): boolean | undefined {
  const lines = linesOf(`/proc/${pid}/cgroup`);
  // One that has ended is in the root, until its parent has heard of it.
  return isAlive(pid) ? lines.some((line) => line.includes(path)) : undefined;
}

function isAlive(pid: number): boolean {
  const [stat = ""] = linesOf(`/proc/${pid}/stat`);
  // The name before it may have any character.
  const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
  return state !== undefined && !"ZX".includes(state);
}
