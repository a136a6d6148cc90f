import type { Clock } from "../../ports/clock.ts";
import type { Term } from "../../ports/leadership.ts";
import { asLeader } from "../../ports/leadership.ts";
import type { Journals } from "./journals.ts";
import { signalGroup } from "./process-table.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import { LONGEST_TIMER_MS } from "../waiting/longest-timer.ts";

/** Ends programs: SIGTERM once, SIGKILL when their time has come. */
export interface Termination {
  /** `killAt` is epoch ms; of several, the earliest counts. The program need not be running yet. The caller leads. */
  request(attemptId: string, killAt: number): void;
  /** The program runs, as leader of the process group `pid`: what was requested before is done now. */
  running(attemptId: string, pid: number): void;
  /** The attempt is over. */
  drop(attemptId: string): void;
  close(): void;
}

interface Target {
  pid: number | undefined;
  /** The earliest time that was asked for, epoch ms. */
  killAt: number;
  /** It has come. That is measured from the request on, whatever becomes of the clock. */
  isDue: boolean;
  cancelKill: (() => void) | undefined;
}

export function createTermination(journals: Journals, clock: Clock, term: Pick<Term, "confirm">): Termination {
  const targets = new Map<string, Target>();

  function targetOf(attemptId: string): Target {
    let target = targets.get(attemptId);
    if (target === undefined) {
      target = { pid: undefined, killAt: Number.POSITIVE_INFINITY, isDue: false, cancelKill: undefined };
      targets.set(attemptId, target);
    }
    return target;
  }

  function killIn(delayMs: number, attemptId: string, target: Target): void {
    target.cancelKill?.();
    if (delayMs <= 0) {
      target.isDue = true;
      return act(attemptId, target);
    }
    const stepMs = Math.min(delayMs, LONGEST_TIMER_MS);
    target.cancelKill = clock.after(stepMs, () => {
      if (delayMs > stepMs) return killIn(delayMs - stepMs, attemptId, target);
      target.isDue = true;
      actLater(attemptId, target);
    });
  }

  function act(attemptId: string, target: Target): void {
    const { pid, killAt, isDue } = target;
    if (pid === undefined || killAt === Number.POSITIVE_INFINITY) return;
    const { phase, stopped } = journals.read(attemptId);
    if (phase.kind !== "claimed") return; // It ended by itself just now.
    const process = phase.process ?? { pid, startTicks: undefined };
    if (isDue) return signalGroup(process, "SIGKILL");
    if (stopped) return;
    // Signal first: a crash between the two repeats the signal, the other order could lose it.
    crashPoint("process.stop");
    signalGroup(process, "SIGTERM");
    crashPoint("process.signalled");
    journals.append(attemptId, "stopped");
  }

  function actLater(attemptId: string, target: Target): void {
    void asLeader(term, () => {
      if (targets.get(attemptId) === target) act(attemptId, target);
    });
  }

  return {
    request(attemptId, killAt) {
      const target = targetOf(attemptId);
      if (killAt < target.killAt) {
        target.killAt = killAt;
        killIn(killAt - clock.now(), attemptId, target);
      }
      if (!target.isDue) act(attemptId, target);
    },
    running(attemptId, pid) {
      const target = targetOf(attemptId);
      target.pid = pid;
      actLater(attemptId, target);
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
