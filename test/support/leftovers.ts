import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";

/** Removes a data directory and ends every process that still works in it or was started for it: what a test that failed left behind. */
export function removeDataDir(dataDir: string): void {
  for (const pid of processesOf(dataDir)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
}

function processesOf(dataDir: string): number[] {
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
