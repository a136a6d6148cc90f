import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { systemStopwatch } from "../clock.ts";
import type { Check } from "./finding.ts";
import { ok, problem, warning } from "./finding.ts";

const LITTLE_BYTES = 2 ** 30;
const LEAST_BYTES = 100 * 2 ** 20;
const FEW_FILES = 20_000;
const SLOW_MS = 100;

/** Of Linux's magic.h: those on which a database is in danger, or goes with the machine. */
const FILE_SYSTEMS: Readonly<Record<number, { readonly name: string; readonly trouble?: string }>> = {
  0xef53: { name: "ext4" },
  0x58465342: { name: "XFS" },
  0x9123683e: { name: "Btrfs" },
  0x2fc12fc1: { name: "ZFS" },
  0x794c7630: { name: "an overlay", trouble: "it goes with its container" },
  0x01021994: { name: "tmpfs", trouble: "it is memory: a reboot empties it" },
  0x6969: { name: "NFS", trouble: "SQLite's locks are not safe there" },
  0xff534d42: { name: "CIFS", trouble: "SQLite's locks are not safe there" },
  0xfe534d42: { name: "SMB", trouble: "SQLite's locks are not safe there" },
  0x65735546: { name: "FUSE", trouble: "whether it keeps what it was told to sync depends on what is behind it" },
  0x01021997: { name: "9p", trouble: "it is shared by a virtual machine, and what is synced may not be" },
};

export function dataDirectoryChecks(dataDir: string): readonly Check[] {
  const nearest = nearestThere(dataDir);
  const isThere = nearest === dataDir;
  return [
    { name: "data directory", find: () => findWritable(dataDir, nearest, isThere) },
    { name: "disk", find: () => findSpace(nearest) },
  ];
}

/** It is made with its parents when a server starts. */
function nearestThere(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestThere(dirname(path));
}

function findWritable(dataDir: string, nearest: string, isThere: boolean) {
  if (!statSync(nearest).isDirectory()) {
    return problem(`${nearest} is no directory.`, "Name another one with --data-dir or LONGSHORE_DATA_DIR.");
  }
  let directory: string | undefined;
  try {
    directory = mkdtempSync(join(nearest, ".longshore-doctor-"));
    const tookMs = syncTime(join(directory, "probe"));
    const where = isThere ? `${dataDir} is there` : `${dataDir} is not there yet and can be made`;
    const synced = `a synced write takes ${tookMs.toFixed(1)} ms`;
    if (tookMs < SLOW_MS) return ok(`${where}; ${synced}.`);
    return warning(
      `${where}; ${synced}: each group of requests waits for one.`,
      "Put it on a faster disk: --data-dir, or LONGSHORE_DATA_DIR.",
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const isFull = /ENOSPC|EDQUOT/.test(why);
    return problem(
      `Nothing can be written in ${nearest}: ${why}.`,
      isFull
        ? `Make room there, or name another one with --data-dir or LONGSHORE_DATA_DIR.`
        : `Let this user write there (chown, chmod, or mount it read-write), or name another one with --data-dir.`,
    );
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
}

/** Milliseconds. */
function syncTime(file: string): number {
  const descriptor = openSync(file, "w");
  try {
    const begunMs = systemStopwatch.elapsedMs();
    writeSync(descriptor, "longshore");
    fsyncSync(descriptor);
    return systemStopwatch.elapsedMs() - begunMs;
  } finally {
    closeSync(descriptor);
  }
}

function findSpace(directory: string) {
  const { type, bavail, bsize, files, ffree } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  const { name, trouble } = FILE_SYSTEMS[type] ?? { name: `a file system of kind 0x${type.toString(16)}` };
  const on = `${directory} is on ${name}, with ${(freeBytes / 2 ** 30).toFixed(1)} GiB free`;
  const found = [];
  if (freeBytes < LITTLE_BYTES) {
    const todo =
      "Make room: remove what is not needed, keep fewer jobs (`longshore up --history DAYS`), or use another disk.";
    found.push(freeBytes < LEAST_BYTES ? problem(`${on}.`, todo) : warning(`${on}.`, todo));
  }
  // Some file systems do not count them.
  if (files > 0 && ffree < FEW_FILES) {
    found.push(
      warning(
        `Only ${ffree} more files can be made there: each job has two or more.`,
        "Use a file system that was made with more inodes, or keep fewer jobs: longshore up --history DAYS.",
      ),
    );
  }
  if (trouble !== undefined) {
    found.push(warning(`${on}; ${trouble}.`, "Use a local disk: --data-dir, or LONGSHORE_DATA_DIR."));
  }
  return found.length > 0 ? found : ok(`${on}.`);
}
