import type { Usage, UsedSoFar } from "../../core/usage.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Limits } from "./limits.ts";
import { allProcesses, kill, variableOf } from "./process-table.ts";
import type { SeenProcess } from "./process-table.ts";

/** A program that grabs memory does so soon after its start: then a look comes early, otherwise when there is time. */
const FIRST_LOOK_MS = 50;
const LOOK_MS = 200;
/** Many processes take long to look at: looks may take a twentieth of the server's time. */
const PAUSE_AFTER_LOOK = 20;

const LOOKS_MAX = 100;

/** Whose process it is: a variable of every attempt, which its processes hand on wherever they go. */
const MARK = "LONGSHORE_ATTEMPT_ID";

interface Watched {
  /** The process group of its program; undefined when that is not known to run. */
  group: number | undefined;
  limitBytes: number;
  peakBytes: number;
  /** At the last look. */
  bytes: number;
  /** What processes have used that ended unheard by their parents is not among it. */
  cpuMs: number;
  /** Its program is over: what is left of it is killed, until a look finds nothing. */
  isEnding: boolean;
  /** After as many more it is given up: something cannot be killed, perhaps because it became another user's. */
  looksLeft: number;
  wasExceeded: boolean;
  readonly whenGone: (() => void)[];
}

/**
 * Limits without the kernel's help: looks at all processes, adds up the resident memory of each attempt's, and kills those of an attempt that is above its
 * limit. A program can exceed it between two looks. An attempt's are those in its process group, and those that left it and still have its mark in their
 * environment. `exceeded` is told before they are killed.
 */
export function createProcessWatch(clock: Clock, exceeded: (attemptId: string) => void): Limits {
  const watched = new Map<string, Watched>();
  const marks = createMarks();
  let nextLook: { readonly at: number; readonly cancel: () => void } | undefined;
  let notBefore = 0;

  function watch(attemptId: string): Watched {
    let attempt = watched.get(attemptId);
    if (attempt === undefined) {
      const fresh = { group: undefined, limitBytes: Number.POSITIVE_INFINITY, peakBytes: 0, bytes: 0, cpuMs: 0 };
      attempt = { ...fresh, isEnding: false, looksLeft: LOOKS_MAX, wasExceeded: false, whenGone: [] };
      watched.set(attemptId, attempt);
    }
    return attempt;
  }

  /** An earlier look that is due already stays: frequent starts must not put it off for ever. */
  function lookIn(delayMs: number): void {
    const at = Math.max(clock.now() + delayMs, notBefore);
    if (nextLook !== undefined && nextLook.at <= at) return;
    nextLook?.cancel();
    nextLook = { at, cancel: clock.after(at - clock.now(), look) };
  }

  function look(): void {
    nextLook = undefined;
    const startedAt = clock.now();
    const processes = processesByAttempt();
    for (const [attemptId, attempt] of watched) judge(attemptId, attempt, processes.get(attemptId) ?? []);
    const now = clock.now();
    notBefore = now + PAUSE_AFTER_LOOK * (now - startedAt);
    const values = [...watched.values()];
    if (values.some(({ isEnding }) => isEnding)) lookIn(FIRST_LOOK_MS);
    else if (values.some(({ group }) => group !== undefined)) lookIn(LOOK_MS);
  }

  function processesByAttempt(): Map<string, SeenProcess[]> {
    const byGroup = new Map([...watched].map(([attemptId, { group }]) => [group, attemptId]));
    const found = new Map<string, SeenProcess[]>();
    marks.beginLook();
    for (const one of allProcesses()) {
      const attemptId = byGroup.get(one.group) ?? marks.of(one);
      if (attemptId === undefined) continue;
      const others = found.get(attemptId);
      if (others === undefined) found.set(attemptId, [one]);
      else others.push(one);
    }
    marks.endLook();
    return found;
  }

  function judge(attemptId: string, attempt: Watched, processes: readonly SeenProcess[]): void {
    const bytes = processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
    if (!attempt.isEnding) {
      attempt.bytes = bytes;
      attempt.peakBytes = Math.max(attempt.peakBytes, bytes);
      const cpuMs = processes.reduce((sum, one) => sum + one.cpuMs, 0);
      attempt.cpuMs = Math.max(attempt.cpuMs, cpuMs);
    }
    if (attempt.isEnding && (processes.length === 0 || (attempt.looksLeft -= 1) < 0)) return gone(attempt);
    if (!attempt.isEnding && (bytes <= attempt.limitBytes || attempt.wasExceeded)) return;
    if (!attempt.isEnding) {
      attempt.wasExceeded = true;
      exceeded(attemptId);
    }
    for (const { pid } of processes) kill(pid, "SIGKILL");
  }

  function untilGone(attempt: Watched): Promise<void> {
    return new Promise((resolve) => void attempt.whenGone.push(resolve));
  }

  function gone(attempt: Watched): void {
    attempt.isEnding = false;
    attempt.group = undefined;
    for (const resolve of attempt.whenGone.splice(0)) resolve();
  }

  return {
    limitsSwap: false,
    variables: (attemptId) => ({ [MARK]: attemptId }),
    prepare: () => [],
    started(attemptId, group, memoryMiB) {
      const attempt = watch(attemptId);
      attempt.group = group;
      attempt.limitBytes = memoryMiB * BYTES_PER_MIB;
      lookIn(FIRST_LOOK_MS);
    },
    wasExceeded: (attemptId) => watched.get(attemptId)?.wasExceeded === true,
    usageOf: (attemptId) => usageFrom(watched.get(attemptId)),
    async usedSoFar(attemptIds) {
      const seen = attemptIds.map((attemptId) => [attemptId, usedBy(watched.get(attemptId))] as const);
      return new Map(seen.flatMap(([attemptId, used]) => (used === undefined ? [] : [[attemptId, used]])));
    },
    end(attemptId) {
      watch(attemptId).isEnding = true;
      lookIn(FIRST_LOOK_MS);
    },
    async release(attemptId) {
      const attempt = watched.get(attemptId);
      if (attempt?.isEnding === true) await untilGone(attempt);
      watched.delete(attemptId);
      return false;
    },
    async close() {
      const released = [...watched.values()].filter(({ whenGone }) => whenGone.length > 0);
      await Promise.all(released.map(untilGone));
      nextLook?.cancel();
      watched.clear();
    },
  };
}

const BYTES_PER_MIB = 1024 * 1024;

function usageFrom(attempt: Watched | undefined): Usage {
  if (attempt === undefined || attempt.peakBytes === 0) return {};
  return { peakMemoryMiB: Math.ceil(attempt.peakBytes / BYTES_PER_MIB) };
}

function usedBy(attempt: Watched | undefined): UsedSoFar | undefined {
  if (attempt === undefined || attempt.bytes === 0) return undefined;
  return { cpuMs: attempt.cpuMs, memoryMiB: Math.ceil(attempt.bytes / BYTES_PER_MIB) };
}

/** The marks of processes, each read once in the process's life. */
function createMarks() {
  let known = new Map<number, { readonly startTicks: string; readonly mark: string | undefined }>();
  let seen: typeof known = new Map();
  return {
    beginLook() {
      seen = new Map();
    },
    of({ pid, startTicks }: SeenProcess): string | undefined {
      const before = known.get(pid);
      const entry = before?.startTicks === startTicks ? before : { startTicks, mark: variableOf(pid, MARK) };
      seen.set(pid, entry);
      return entry.mark;
    },
    endLook() {
      known = seen;
    },
  };
}
