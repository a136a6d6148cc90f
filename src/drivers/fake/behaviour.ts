import { hexId } from "../../core/ids.ts";
import type { AttemptSpec } from "../../ports/driver.ts";
import { OUT_OF_MEMORY } from "../../ports/driver.ts";

/** What happens to one attempt of the fake driver. */
export interface FakeBehaviour {
  /** From `start` until the program runs. */
  readonly startDelayMs: number;
  /** The program never runs, for this reason. */
  readonly startFailure?: string;
  /** `start` rejects: with nothing done, or with the attempt on its way all the same. */
  readonly startRejects?: "before-claim" | "after-claim";
  /** How long the program runs; absent: until it is stopped. */
  readonly runMs?: number;
  readonly exitCode: number;
  readonly reason?: string;
  /** From SIGTERM to the program's end; absent: it ignores SIGTERM and ends by SIGKILL. */
  readonly termMs?: number;
  /** The host loses the attempt after that long; `isSilent`: nobody tells, it is missing in the next inventory. */
  readonly loss?: { readonly afterMs: number; readonly isSilent: boolean };
  /** What becomes of the report that it started; `late`: it comes after the report of the end. */
  readonly startedReport: "once" | "lost" | "twice" | "late";
  /** What becomes of the report of its end; `lost`: the driver shows it with the inventory that it makes when it sees again. */
  readonly exitedReport: "once" | "twice" | "lost";
}

/** Runs for a while and ends well. */
export const PLAIN_BEHAVIOUR: FakeBehaviour = {
  startDelayMs: 100,
  runMs: 1_000,
  exitCode: 0,
  termMs: 0,
  startedReport: "once",
  exitedReport: "once",
};

export interface FaultRates {
  /** 0 to 1: how many attempts do not end well. */
  readonly failures: number;
  /** 0 to 1: how many attempts are slow, lost, stubborn, or reported badly. */
  readonly faults: number;
}

/** Behaviours drawn from a seed. An attempt's depends on the seed and its id alone, not on what was drawn before. */
export function seededBehaviour(seed: string, rates: FaultRates): (attempt: AttemptSpec) => FakeBehaviour {
  return ({ attemptId }) => {
    const draw = (what: string): number => parseInt(hexId(`${seed} ${what} ${attemptId}`, 8), 16) / 2 ** 32;
    const isFaulty = (what: string): boolean => draw(what) < rates.faults;
    const isFailing = draw("fails") < rates.failures;
    return {
      startDelayMs: Math.floor(draw("delay") * (isFaulty("slow start") ? 60_000 : 300)),
      ...(!isFaulty("endless") && { runMs: Math.floor(draw("run") * (isFaulty("slow run") ? 200_000 : 5_000)) }),
      ...(!isFaulty("stubborn") && { termMs: Math.floor(draw("term") * (isFaulty("slow end") ? 40_000 : 500)) }),
      ...(isFailing ? failure(draw("kind")) : { exitCode: 0 }),
      ...(isFaulty("loss") && {
        loss: { afterMs: Math.floor(draw("lost") * 5_000), isSilent: draw("silent") < 0.5 },
      }),
      ...(draw("reject") < rates.faults / 2 && {
        startRejects: draw("claim") < 0.5 ? ("before-claim" as const) : ("after-claim" as const),
      }),
      startedReport: isFaulty("started") ? pick(["lost", "twice", "late"] as const, draw("report")) : "once",
      exitedReport: isFaulty("exited") ? pick(["twice", "lost"] as const, draw("end report")) : "once",
    };
  };
}

function failure(kind: number): Pick<FakeBehaviour, "exitCode" | "reason" | "startFailure"> {
  if (kind < 0.2) return { exitCode: 1, startFailure: "CannotPullContainerError: no such image" };
  if (kind < 0.4) return { exitCode: 137, reason: OUT_OF_MEMORY };
  return { exitCode: kind < 0.7 ? 1 : 42 };
}

function pick<T>(choices: readonly T[], at: number): T {
  return choices[Math.floor(at * choices.length)]!;
}
