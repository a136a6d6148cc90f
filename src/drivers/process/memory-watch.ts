import type { Clock } from "../../ports/clock.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import { kill, residentBytesByGroup } from "./process-table.ts";

/** A program that grabs memory does so soon after its start: then a look comes early, otherwise when there is time. */
const FIRST_LOOK_MS = 50;
const LOOK_MS = 200;

interface Watched {
  readonly group: number;
  readonly limitBytes: number;
}

/**
 * Limits without the kernel's help: looks at the resident memory of process groups and kills the ones above their limit. A
 * program can exceed its limit between two looks. `exceeded` is told before the group is killed.
 */
export function createMemoryWatch(clock: Clock, exceeded: (attemptId: string) => void): MemoryLimits {
  const watched = new Map<string, Watched>();
  const killed = new Set<string>();
  let nextLook: { readonly at: number; readonly cancel: () => void } | undefined;

  /** An earlier look that is due already stays: frequent starts must not put it off for ever. */
  function lookIn(delayMs: number): void {
    const at = clock.now() + delayMs;
    if (nextLook !== undefined && nextLook.at <= at) return;
    nextLook?.cancel();
    nextLook = { at, cancel: clock.after(delayMs, look) };
  }

  function look(): void {
    nextLook = undefined;
    const groups = residentBytesByGroup();
    for (const [attemptId, { group, limitBytes }] of watched) {
      if ((groups.get(group) ?? 0) <= limitBytes) continue;
      watched.delete(attemptId);
      killed.add(attemptId);
      exceeded(attemptId);
      kill(-group, "SIGKILL");
    }
    if (watched.size > 0) lookIn(LOOK_MS);
  }

  return {
    prepare: () => undefined,
    started(attemptId, group, memoryMiB) {
      watched.set(attemptId, { group, limitBytes: memoryMiB * 1024 * 1024 });
      lookIn(FIRST_LOOK_MS);
    },
    wasExceeded: (attemptId) => killed.has(attemptId),
    release(attemptId) {
      watched.delete(attemptId);
      killed.delete(attemptId);
    },
    async close() {
      nextLook?.cancel();
      watched.clear();
    },
  };
}

/** Where nothing can limit memory. */
export const NO_MEMORY_LIMITS: MemoryLimits = {
  prepare: () => undefined,
  started: () => {},
  wasExceeded: () => false,
  release: () => {},
  close: async () => {},
};
