import type { Clock } from "../../ports/clock.ts";
import type { Journals } from "./journals.ts";
import { signalGroup } from "./process-table.ts";

/** Ends programs: SIGTERM once, SIGKILL when their time has come. */
export interface Termination {
  /** `killAt` is epoch ms; of several, the earliest counts. The program need not be running yet. */
  request(attemptId: string, killAt: number): void;
  /** The program runs, as leader of the process group `pid`: what was requested before is done now. */
  running(attemptId: string, pid: number): void;
  /** The attempt is over. */
  drop(attemptId: string): void;
  close(): void;
}

interface Target {
  pid: number | undefined;
  killAt: number;
  cancelKill: (() => void) | undefined;
}

export function createTermination(journals: Journals, clock: Clock): Termination {
  const targets = new Map<string, Target>();

  function targetOf(attemptId: string): Target {
    let target = targets.get(attemptId);
    if (target === undefined) {
      target = { pid: undefined, killAt: Number.POSITIVE_INFINITY, cancelKill: undefined };
      targets.set(attemptId, target);
    }
    return target;
  }

  function act(attemptId: string, target: Target): void {
    const { pid, killAt } = target;
    if (pid === undefined || killAt === Number.POSITIVE_INFINITY) return;
    target.cancelKill?.();
    const { phase, stopped } = journals.read(attemptId);
    if (phase.kind !== "claimed") return; // It ended by itself just now.
    const process = phase.process ?? { pid, startTicks: undefined };
    const delayMs = killAt - clock.now();
    if (delayMs <= 0) return signalGroup(process, "SIGKILL");
    if (!stopped) {
      // Signal first: a crash between the two repeats the signal, the other order could lose it.
      signalGroup(process, "SIGTERM");
      journals.append(attemptId, "stopped");
    }
    target.cancelKill = clock.after(Math.min(delayMs, TIMER_MAX_MS), () => act(attemptId, target));
  }

  return {
    request(attemptId, killAt) {
      const target = targetOf(attemptId);
      target.killAt = Math.min(target.killAt, killAt);
      act(attemptId, target);
    },
    running(attemptId, pid) {
      const target = targetOf(attemptId);
      target.pid = pid;
      act(attemptId, target);
    },
    drop(attemptId) {
      targets.get(attemptId)?.cancelKill?.();
      targets.delete(attemptId);
    },
    close() {
      for (const target of targets.values()) target.cancelKill?.();
      targets.clear();
    },
  };
}

/** The longest delay that a timer of the platform can take; a later kill is reached in steps. */
const TIMER_MAX_MS = 2 ** 31 - 1;
