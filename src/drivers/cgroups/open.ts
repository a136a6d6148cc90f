import { mkdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Cgroups } from "./cgroups.ts";
import { removeFolder } from "./files.ts";
import { version1Cgroups } from "./version-1.ts";
import type { Hierarchy } from "./hierarchies.ts";
import { mountedHierarchies } from "./hierarchies.ts";
import { unifiedPlaces } from "./places.ts";
import { version2Cgroups } from "./version-2.ts";

/** All groups of all Longshores of a machine are below one of this name: who makes them gives them names that no other has. */
export const OWN = "longshore";

/**
 * The control groups of this machine, or undefined where none can be made: no root and none handed to this user, or not Linux.
 *
 * @param isUsable tries them out: what the kernel shows need not be what it allows.
 */
export function openCgroups(isUsable: (groups: Cgroups) => boolean): Cgroups | undefined {
  const hierarchies = mountedHierarchies();
  const first = openVersion1(hierarchies, isUsable);
  if (first?.limits.memory === true) return first;
  const second = openVersion2(hierarchies, isUsable);
  if (second === undefined) return first;
  first?.remove("");
  return second;
}

/** At the root of each hierarchy, as container engines do. */
export function openVersion1(
  hierarchies: readonly Hierarchy[],
  isUsable: (groups: Cgroups) => boolean,
): Cgroups | undefined {
  const folders: Partial<Record<"memory" | "cpu" | "cpuacct", string>> = {};
  for (const controller of ["memory", "cpu", "cpuacct"] as const) {
    const found = hierarchies.find(({ version, controllers }) => version === 1 && controllers.includes(controller));
    if (found !== undefined && madeFolder(join(found.mount, OWN))) folders[controller] = join(found.mount, OWN);
  }
  if (Object.keys(folders).length === 0) return undefined;
  return settled(version1Cgroups(folders), isUsable);
}

/** The nearest place whose memory can be limited, or else the nearest one at all: there its processes are at least together. */
function openVersion2(hierarchies: readonly Hierarchy[], isUsable: (groups: Cgroups) => boolean): Cgroups | undefined {
  const unified = hierarchies.find(({ version }) => version === 2);
  if (unified === undefined) return undefined;
  const others: string[] = [];
  for (const place of unifiedPlaces(unified, readFileSync("/proc/self/cgroup", "utf8"))) {
    const groups = openAt(place, isUsable);
    if (groups?.limits.memory === true) {
      for (const other of others) removeFolder(join(other, OWN));
      return groups;
    }
    if (groups !== undefined) others.push(place);
  }
  const [nearest, ...rest] = others;
  for (const other of rest) removeFolder(join(other, OWN));
  return nearest === undefined ? undefined : openAt(nearest, isUsable);
}

export function openAt(place: string, isUsable: (groups: Cgroups) => boolean): Cgroups | undefined {
  const folder = join(place, OWN);
  if (!madeFolder(folder)) return undefined;
  return settled(version2Cgroups(place, folder), isUsable);
}

/** All that is in our groups weighs as much as the processors are: as though each were kept busy by one ordinary process. */
function settled(groups: Cgroups, isUsable: (groups: Cgroups) => boolean): Cgroups | undefined {
  try {
    groups.make("", { cpu: { vcpuMilli: availableParallelism() * 1000 } });
    if (isUsable(groups)) return groups;
  } catch {
    // Seen, but not allowed.
  }
  groups.remove("");
  return undefined;
}

function madeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    return true;
  } catch {
    return false;
  }
}
