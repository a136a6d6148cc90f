import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeOutsideOf } from "./cgroup-folders.ts";

/** Processes that have this word among their arguments. */
export function processesWith(word: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && argumentsOf(pid).includes(word));
}

/** Undefined when it has ended. */
export function parentOf(pid: number): number | undefined {
  try {
    const ppid = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return ppid === undefined ? undefined : Number(ppid);
  } catch {
    return undefined;
  }
}

function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // It has ended.
  }
}

/** Removes a data directory and ends every process that still works in it or was started for it: what a test that failed left behind. */
export function removeDataDir(dataDir: string): void {
  for (const pid of processesOf(dataDir)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  removeOutsideOf(join(dataDir, "attempts"));
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
}

/** Those that work in a data directory, or were started for it. */
export function processesOf(dataDir: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid && belongsTo(pid, dataDir));
}

function belongsTo(pid: number, dataDir: string): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`).startsWith(dataDir)) return true;
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dataDir);
  } catch {
    return false; // It has ended, or is somebody else's.
  }
}
