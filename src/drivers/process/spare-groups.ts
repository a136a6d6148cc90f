import type { CgroupLimits, Cgroups } from "../cgroups/cgroups.ts";

/**
 * Empty control groups, kept for the next attempts with the same limits: making and removing one costs the kernel more than a short job does. One in which
 * something was killed for its memory, or that still has a process in it, or much in the page cache, is none.
 */
export interface SpareGroups {
  /** Gives the name to a spare one. False when there is none with these limits. */
  take(name: string, limits: CgroupLimits): boolean;
  /** False when it must be removed instead. */
  keep(name: string, limits: CgroupLimits): boolean;
  /** Whether the group is one of these. */
  has(name: string): boolean;
  removeAll(): void;
}

/** What comes after the prefix, instead of an attempt's id. */
const SPARE = "spare-";

export function isSpareName(name: string): boolean {
  return name.startsWith(SPARE);
}

/** Enough for bursts of short jobs. */
const SPARES_MAX = 16;

export function createSpareGroups(groups: Cgroups, prefix: string): SpareGroups {
  const spares = new Map<string, string[]>();
  let made = 0;
  let kept = 0;

  function isReusable(name: string): boolean {
    return groups.processesIn(name).length === 0 && groups.isClean(name) && (groups.oomKills(name) ?? 0) === 0;
  }

  return {
    take(name, limits) {
      const equal = spares.get(keyOf(limits));
      const spare = equal?.pop();
      if (spare === undefined) return false;
      kept -= 1;
      if (groups.forgetUsage(spare) && groups.rename(spare, name)) return true;
      groups.remove(spare);
      return false;
    },
    keep(name, limits) {
      if (groups.version === 2 || kept >= SPARES_MAX || !isReusable(name)) return false;
      const spare = `${prefix}${SPARE}${(made += 1)}`;
      if (!groups.rename(name, spare)) return false;
      const key = keyOf(limits);
      const equal = spares.get(key);
      if (equal === undefined) spares.set(key, [spare]);
      else equal.push(spare);
      kept += 1;
      return true;
    },
    has: (name) => [...spares.values()].some((equal) => equal.includes(name)),
    removeAll() {
      for (const equal of spares.values()) for (const spare of equal) groups.remove(spare);
      spares.clear();
      kept = 0;
    },
  };
}

function keyOf(limits: CgroupLimits): string {
  return JSON.stringify(limits);
}
