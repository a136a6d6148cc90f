import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { killProcessesIn } from "../../src/drivers/cgroups/files.ts";
import { mountedHierarchies } from "../../src/drivers/cgroups/hierarchies.ts";
import { unifiedPlaces } from "../../src/drivers/cgroups/places.ts";

/** The folders of Longshore's control groups of this machine whose name contains `part`: one in each hierarchy where there are several. */
export function cgroupFolders(part: string): string[] {
  const own = readFileSync("/proc/self/cgroup", "utf8");
  const roots = new Set(
    mountedHierarchies().flatMap((found) => (found.version === 1 ? [found.mount] : unifiedPlaces(found, own))),
  );
  return [...roots].flatMap((root) => {
    const folder = join(root, "longshore");
    return namesIn(folder)
      .filter((name) => name.includes(part))
      .map((name) => join(folder, name));
  });
}

/** Removes what the process driver that works in this directory has outside of it, when a test ends early: control groups, directories of other users. */
export function removeOutsideOf(attemptsDirectory: string): void {
  const found = statSync(attemptsDirectory, { throwIfNoEntry: false });
  if (found === undefined) return;
  const own = `${found.dev.toString(16)}-${found.ino.toString(16)}`;
  for (const folder of cgroupFolders(`${own}-`)) removeWhenEmpty(folder);
  rmSync(join(tmpdir(), `longshore-${own}`), { recursive: true, force: true });
}

/** The folders of the control groups that the docker driver of this owner has put above its containers, or above that of one attempt. */
export function groupFolders(owner: string, attemptId = ""): string[] {
  const beginning = `longshore-${`${owner}-${attemptId}`.replaceAll("-", "_")}`;
  const ofSystemd = namesIn(SLICES).filter((name) => name.startsWith(beginning));
  return [...cgroupFolders(`${owner}-${attemptId}`), ...ofSystemd.map((name) => join(SLICES, name))];
}

const SLICES = "/sys/fs/cgroup/longshore.slice";

/** Removes the control groups above a cluster's containers, which are gone. */
export function removeCgroupsOfCluster(clusterId: string): void {
  for (const folder of groupFolders(clusterId)) {
    if (folder.startsWith(SLICES)) spawnSync("systemctl", ["stop", basename(folder)]);
    else removeWhenEmpty(folder);
  }
}

function removeWhenEmpty(folder: string): void {
  for (let tries = 0; tries < 100; tries += 1) {
    killProcessesIn(join(folder, "cgroup.procs"));
    try {
      return rmdirSync(folder);
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); // What was killed takes a moment to go.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
