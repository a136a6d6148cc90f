import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { usageFrom } from "./cgroups.ts";
import { entryIn, foldersIn, processesBelow } from "./files.ts";
import { mountedHierarchies } from "./hierarchies.ts";
import type { RootGroups } from "./root-groups.ts";
import { isBelow } from "./root-groups.ts";
import { cpuMsIn, peakMemoryMiBIn, usedSoFarIn } from "./used.ts";

const run = promisify(execFile);
/** systemd answers at once, or is in trouble. */
const TIMEOUT_MS = 10_000;
/** The folder of systemd as process 1. */
const RUNS = "/run/systemd/system";
const WEIGHT_OF_A_VCPU = 100;
const MOST_WEIGHT = 10_000;

/** The slice that ours are in: a dash in a name is a level of the tree. */
const OWN = "longshore.slice";

/**
 * Where systemd has the machine's control groups (of version 2), an engine asks it for those of its containers, and only slices may be above them. A slice stays, with
 * all that was counted in it, until somebody stops it. Undefined where there is no systemd, or this user may not command it.
 */
export async function openSlices(): Promise<RootGroups | undefined> {
  const unified = mountedHierarchies().find(({ version, root }) => version === 2 && root === "/");
  if (unified === undefined || !existsSync(RUNS)) return undefined;
  const folder = join(unified.mount, OWN);
  // All that is in it weighs as much as the processors are.
  if (!(await started(OWN, folder, availableParallelism() * 1000))) return undefined;
  const pathOf = (name: string): string => `longshore-${name.replaceAll("-", "_")}.slice`;
  const folderOf = (name: string): string => join(folder, pathOf(name));
  return {
    pathOf,
    async make(name, { vcpuMilli }) {
      if (!(await started(pathOf(name), folderOf(name), vcpuMilli))) throw new Error(`${pathOf(name)} did not start`);
    },
    names: () =>
      foldersIn(folder).flatMap((unit) => /^longshore-(.+)\.slice$/.exec(unit)?.[1]?.replaceAll("_", "-") ?? []),
    has: (name, pid) => isBelow(pid, `/${pathOf(name)}/`),
    processesBelow: (name) => processesBelow(folderOf(name)),
    usageOf: (name) => usageFrom(cpuMsIn(folderOf(name)), peakMemoryMiBIn(folderOf(name))),
    usedSoFar: (name) => usedSoFarIn(folderOf(name), folderOf(name)),
    async remove(name) {
      if (!existsSync(folderOf(name))) return true;
      // With a slice systemd would stop what is in it.
      if (entryIn(join(folderOf(name), "cgroup.events"), "populated") !== 0) return false;
      await run("systemctl", ["stop", pathOf(name)], { timeout: TIMEOUT_MS }).catch(() => {});
      return !existsSync(folderOf(name));
    },
  };
}

/** False when it did not start, and is not there from before. */
async function started(unit: string, folder: string, vcpuMilli: number): Promise<boolean> {
  const weight = Math.min(MOST_WEIGHT, Math.max(1, Math.round((vcpuMilli * WEIGHT_OF_A_VCPU) / 1000)));
  const properties = [
    ...["Description", "s", "Longshore"],
    ...["CPUWeight", "t", String(weight)],
    ...["CPUAccounting", "b", "true"],
    ...["MemoryAccounting", "b", "true"],
  ];
  const systemd = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"];
  const call = ["StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", "4", ...properties, "0"];
  await run("busctl", ["call", ...systemd, ...call], { timeout: TIMEOUT_MS }).catch(() => {});
  return existsSync(folder);
}
