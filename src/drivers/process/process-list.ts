import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { UsedSoFar } from "../../core/usage.ts";
import type { Limits } from "./limits.ts";

const run = promisify(execFile);
/** Process group, processor time, and resident KiB of each process: the words of POSIX, and of macOS. */
const ARGUMENTS = ["-A", "-o", "pgid=", "-o", "time=", "-o", "rss="];
const TIMEOUT_MS = 5_000;
const BYTES_MAX = 16 * 1024 ** 2;
const KIB_PER_MIB = 1024;

/** Where nothing can be limited, and the system shows its processes only to `ps` (macOS): what attempts use is seen, as long as they stay in their process group. */
export function createProcessList(): Limits {
  const groups = new Map<string, number>();
  /** What has ended is not listed any more. */
  const most = new Map<string, number>();
  return {
    limitsSwap: false,
    variables: () => ({}),
    prepare: () => [],
    started: (attemptId, group) => void groups.set(attemptId, group),
    wasExceeded: () => false,
    usageOf: () => ({}),
    async usedSoFar(attemptIds) {
      const { stdout } = await run("ps", ARGUMENTS, { timeout: TIMEOUT_MS, maxBuffer: BYTES_MAX });
      const listed = usedByGroups(stdout);
      const seen = attemptIds.flatMap((attemptId): [string, UsedSoFar][] => {
        const used = listed.get(groups.get(attemptId) ?? -1);
        if (used === undefined) return [];
        const cpuMs = Math.max(used.cpuMs, most.get(attemptId) ?? 0);
        most.set(attemptId, cpuMs);
        return [[attemptId, { ...used, cpuMs }]];
      });
      return new Map(seen);
    },
    end(attemptId) {
      groups.delete(attemptId);
      most.delete(attemptId);
    },
    release: async () => false,
    close: async () => {},
  };
}

/** @param listing what `ps` printed. */
export function usedByGroups(listing: string): Map<number, UsedSoFar> {
  const kib = new Map<number, { cpuMs: number; kib: number }>();
  for (const line of listing.split("\n")) {
    const [group, time, resident] = line.trim().split(/\s+/);
    if (group === undefined || time === undefined || resident === undefined) continue;
    const sum = kib.get(Number(group)) ?? { cpuMs: 0, kib: 0 };
    kib.set(Number(group), { cpuMs: sum.cpuMs + toMs(time), kib: sum.kib + Number(resident) });
  }
  return new Map(
    [...kib].map(([group, sum]) => [group, { cpuMs: sum.cpuMs, memoryMiB: Math.ceil(sum.kib / KIB_PER_MIB) }]),
  );
}

/** `[days-][hours:]minutes:seconds[.hundredths]` */
function toMs(time: string): number {
  const [clock = "", days = "0"] = time.split("-").toReversed();
  const seconds = clock.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  return Math.round(1000 * (86_400 * Number(days) + seconds)) || 0;
}
