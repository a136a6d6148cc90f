import { watch } from "node:fs";
import type { FSWatcher } from "node:fs";
import type { Clock } from "../../ports/clock.ts";
import type { Journals } from "./journals.ts";
import { isAlive, signalGroup } from "./process-table.ts";

/** How an attempt that no runner of ours holds is followed: by its journal alone. */
export interface Adoption {
  /** Follows a claimed attempt until it is `over`. What is known already is told before this returns. */
  follow(attemptId: string): void;
  close(): void;
}

export interface AdoptionListener {
  /** Its program is known to run. At most once. */
  running(attemptId: string, startedAt: number, pid: number): void;
  /** The journal says how it ended, or it is lost: its process is gone and nobody has written an exit code. */
  over(attemptId: string): void;
}

interface Adopted {
  readonly watcher: FSWatcher | undefined;
  running: boolean;
  /** Its process was gone at the last look: its runner now has until the next one to write the exit code. */
  gone: boolean;
}

const LOOK_MS = 1000;

/** Watches journals for exit codes, and looks once a second whether the processes are there, in case a runner was killed. */
export function createAdoption(journals: Journals, clock: Clock, listener: AdoptionListener): Adoption {
  const adopted = new Map<string, Adopted>();
  let cancelLook: (() => void) | undefined;

  /** Acts on what the journal says now. */
  function check(attemptId: string): void {
    const attempt = adopted.get(attemptId);
    if (attempt === undefined) return;
    const { phase } = journals.read(attemptId);
    if (phase.kind !== "claimed") return end(attemptId, attempt);
    if (phase.process === undefined || attempt.running) return;
    attempt.running = true;
    listener.running(attemptId, phase.startedAt, phase.process.pid);
  }

  function look(): void {
    for (const [attemptId, attempt] of [...adopted]) {
      check(attemptId);
      if (!adopted.has(attemptId)) continue;
      const { phase } = journals.read(attemptId);
      if (phase.kind !== "claimed") continue; // It ended since: the next look, or the watcher, sees it.
      if (phase.process !== undefined && isAlive(phase.process)) {
        attempt.gone = false;
      } else if (attempt.gone) {
        end(attemptId, attempt);
      } else {
        attempt.gone = true;
        // What the program left behind ends with it, as in a container.
        if (phase.process !== undefined) signalGroup(phase.process, "SIGKILL");
      }
    }
    cancelLook = adopted.size === 0 ? undefined : clock.after(LOOK_MS, look);
  }

  function end(attemptId: string, attempt: Adopted): void {
    adopted.delete(attemptId);
    attempt.watcher?.close();
    listener.over(attemptId);
  }

  function watchJournal(attemptId: string): FSWatcher | undefined {
    try {
      const watcher = watch(journals.journalOf(attemptId), () => check(attemptId));
      watcher.on("error", () => watcher.close());
      return watcher;
    } catch {
      return undefined; // No more watches to be had: the look every second remains.
    }
  }

  return {
    follow(attemptId) {
      if (adopted.has(attemptId)) return;
      adopted.set(attemptId, { watcher: watchJournal(attemptId), running: false, gone: false });
      cancelLook ??= clock.after(LOOK_MS, look);
      check(attemptId);
    },
    close() {
      cancelLook?.();
      for (const attempt of adopted.values()) attempt.watcher?.close();
      adopted.clear();
    },
  };
}
