import type { Clock } from "../../ports/clock.ts";
import { OUT_OF_MEMORY } from "../../ports/driver.ts";
import type { AttemptSpec, DriverEvent } from "../../ports/driver.ts";
import type { LogSink } from "../../ports/logs.ts";
import { createAdoption } from "./adoption.ts";
import { findProgram } from "./find-program.ts";
import type { Machine } from "./host.ts";
import type { AttemptPhase, Journals } from "./journals.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import { createRunnerPool } from "./runners.ts";
import type { RunListener, RunTask } from "./runners.ts";
import { attemptScript, REFUSED_CODE } from "./script.ts";
import { toLaunch } from "./spec.ts";
import type { Refusal } from "./spec.ts";
import { createTermination } from "./termination.ts";

/** The attempts of an open driver. The methods are those of the Driver port. */
export interface Attempts {
  /** Reports the inventory, and begins to follow what is in it. */
  adoptAll(): void;
  start(spec: AttemptSpec): void;
  stop(attemptId: string, killAt: number): void;
  forget(attemptId: string): Promise<void>;
  close(): Promise<void>;
}

export interface AttemptsSettings {
  readonly directory: string;
  readonly clock: Clock;
  readonly logs: LogSink;
  readonly machine: Machine;
  readonly journals: Journals;
  readonly limits: MemoryLimits;
  readonly notice: (notice: string) => void;
  readonly report: (event: DriverEvent) => void;
}

type Exited = Extract<DriverEvent, { kind: "exited" }>;
/** How an attempt ended, without the parts that are the same for all. */
type Outcome = Omit<Exited, "kind" | "attemptId">;

interface Attempt {
  readonly attemptId: string;
  readonly memoryMiB: number;
  /** Epoch ms; undefined while the program is not known to run. */
  startedAt: number | undefined;
  /** Set when it is over. */
  exited: Exited | undefined;
  /** Runners that died before they took it. */
  runnersLost: number;
}

const RUNNERS_LOST_MAX = 3;
/** All processes share this machine's network. */
const LOOPBACK = "127.0.0.1";
const STOPPED_BEFORE_START = "Stopped before the program was started";

export function createAttempts(settings: AttemptsSettings): Attempts {
  const { clock, logs, machine, journals, limits, notice } = settings;
  const attempts = new Map<string, Attempt>();
  const termination = createTermination(journals, clock);
  const adoption = createAdoption(journals, clock, { running: adoptedRuns, over: adoptedIsOver });
  const runners = createRunnerPool({
    bash: machine.bash,
    batchPolicy: machine.batchPolicy,
    directory: settings.directory,
    environment: machine.environment,
    now: clock.now(),
  });
  let closed = false;

  function report(event: DriverEvent): void {
    if (!closed) settings.report(event);
  }

  function hold(attemptId: string, memoryMiB: number): Attempt {
    const attempt = { attemptId, memoryMiB, startedAt: undefined, exited: undefined, runnersLost: 0 };
    attempts.set(attemptId, attempt);
    return attempt;
  }

  /** Hands a new attempt to a runner, or ends it where it stands. */
  function begin(attempt: Attempt, spec: AttemptSpec): void {
    const { attemptId, memoryMiB } = spec;
    const launch = toLaunch(spec, machine);
    if (launch.kind === "refusal") return refuse(attempt, launch.reason);
    const workDirectory = journals.workOf(attemptId);
    const program = findProgram(launch.argv[0], launch.environment["PATH"], workDirectory);
    if (program.kind === "refusal") return refuse(attempt, program.reason);
    const script = attemptScript({
      workDirectory,
      journal: journals.journalOf(attemptId),
      logPath: logs.path(attemptId),
      memoryEntrance: limits.prepare(attemptId, memoryMiB),
      argv: launch.argv,
      programFile: program.file,
      environment: spec.environment,
      envFile: machine.env,
    });
    journals.prepare(attemptId);
    logs.follow(attemptId);
    run(attempt, { attemptId, memoryMiB, script });
  }

  function run(attempt: Attempt, task: RunTask): void {
    runners.run(task, runListener(attempt, task));
  }

  /** The disk is full or out of order. Then perhaps the refusal cannot be noted either: it is reported all the same. */
  function failToBegin(attempt: Attempt, error: unknown): void {
    if (!(error instanceof Error && "code" in error)) throw error;
    const reason = `ResourceInitializationError: cannot prepare the attempt: ${error.message}`;
    try {
      refuse(attempt, reason);
    } catch {
      end(attempt, { at: clock.now(), reason });
    }
  }

  function runListener(attempt: Attempt, task: RunTask): RunListener {
    const { attemptId } = attempt;
    return {
      taken() {
        if (attempt.exited === undefined) adoption.follow(attemptId);
      },
      started: (pid) => runs(attempt, clock.now(), pid),
      exited(exitCode) {
        const phase = exitCode === REFUSED_CODE ? journals.read(attemptId).phase : undefined;
        if (phase?.kind === "refused") end(attempt, { at: clock.now(), reason: phase.reason });
        else end(attempt, { at: clock.now(), exitCode, ...startOf(attempt) });
      },
      lost: (cause) => runnerLost(attempt, task, cause),
    };
  }

  function runs(attempt: Attempt, startedAt: number, pid: number): void {
    const { attemptId } = attempt;
    attempt.startedAt = startedAt;
    report({ kind: "started", attemptId, at: startedAt, address: LOOPBACK });
    limits.started(attemptId, pid, attempt.memoryMiB);
    termination.running(attemptId, pid);
  }

  /** Before the claim another runner can have the attempt; after it, only the journal can tell how it goes on. */
  function runnerLost(attempt: Attempt, task: RunTask, cause: Error | undefined): void {
    const { attemptId } = attempt;
    if (attempt.exited !== undefined) return;
    if (journals.read(attemptId).phase.kind !== "unclaimed") return adoption.follow(attemptId);
    attempt.runnersLost += 1;
    if (attempt.runnersLost < RUNNERS_LOST_MAX) {
      try {
        return run(attempt, task);
      } catch (error) {
        return failToBegin(attempt, error);
      }
    }
    const why = cause?.message ?? "its shell was killed";
    refuse(attempt, `CannotStartContainerError: cannot start a process: ${why}`);
  }

  /** Ends an attempt that has not run and never will. If somebody has taken it to run it after all, follows that instead. */
  function refuse(attempt: Attempt, why: Refusal["reason"]): void {
    const { attemptId } = attempt;
    const reason = why.replaceAll("\n", " ");
    if (!journals.claim(attemptId)) return adopt(attempt);
    journals.append(attemptId, `refused ${reason}`);
    end(attempt, { at: clock.now(), reason });
  }

  /** Follows an attempt that an earlier server, or its last runner, has taken. */
  function adopt(attempt: Attempt): void {
    logs.follow(attempt.attemptId);
    adoption.follow(attempt.attemptId);
  }

  function adoptedRuns(attemptId: string, startedAt: number, pid: number): void {
    const attempt = attempts.get(attemptId);
    if (attempt !== undefined && attempt.startedAt === undefined) runs(attempt, startedAt, pid);
  }

  function adoptedIsOver(attemptId: string): void {
    const attempt = attempts.get(attemptId);
    if (attempt === undefined || attempt.exited !== undefined) return;
    const { phase } = journals.read(attemptId);
    if ("startedAt" in phase && attempt.startedAt === undefined) {
      attempt.startedAt = phase.startedAt;
      report({ kind: "started", attemptId, at: phase.startedAt, address: LOOPBACK });
    }
    end(attempt, outcomeOf(phase, attempt));
  }

  function outcomeOf(phase: AttemptPhase, attempt: Attempt): Outcome {
    switch (phase.kind) {
      case "refused":
        return { at: phase.at, reason: phase.reason };
      case "ended":
        return { at: phase.at, exitCode: phase.exitCode, ...startOf(attempt) };
      case "claimed":
      case "unclaimed":
        return { at: clock.now(), ...startOf(attempt) };
    }
  }

  function end(attempt: Attempt, outcome: Outcome): void {
    const { attemptId } = attempt;
    const outOfMemory = outcome.exitCode !== 0 && diedOfMemory(attemptId);
    limits.release(attemptId);
    termination.drop(attemptId);
    logs.unfollow(attemptId);
    attempt.exited = { kind: "exited", attemptId, ...outcome, ...(outOfMemory ? { reason: OUT_OF_MEMORY } : {}) };
    report(attempt.exited);
  }

  /** Notes it, because the limit that knows it is about to be removed and the next server may ask again. */
  function diedOfMemory(attemptId: string): boolean {
    if (journals.read(attemptId).outOfMemory) return true;
    if (!limits.wasExceeded(attemptId)) return false;
    journals.append(attemptId, "oom");
    return true;
  }

  return {
    adoptAll() {
      const attemptIds = journals.list();
      report({ kind: "inventory", attemptIds });
      for (const attemptId of attemptIds) adopt(hold(attemptId, journals.read(attemptId).memoryMiB ?? 0));
    },
    start(spec) {
      const known = attempts.get(spec.attemptId);
      if (known?.exited !== undefined) report(known.exited);
      if (known !== undefined) return;
      const attempt = hold(spec.attemptId, spec.memoryMiB);
      try {
        begin(attempt, spec);
      } catch (error) {
        failToBegin(attempt, error);
      }
    },
    stop(attemptId, killAt) {
      const attempt = attempts.get(attemptId);
      if (attempt === undefined || attempt.exited !== undefined) return;
      if (attempt.startedAt === undefined && journals.claim(attemptId)) {
        journals.append(attemptId, `refused ${STOPPED_BEFORE_START}`);
        end(attempt, { at: clock.now(), reason: STOPPED_BEFORE_START });
      } else {
        termination.request(attemptId, killAt);
      }
    },
    async forget(attemptId) {
      const attempt = attempts.get(attemptId);
      // Unknown to us it may still lie in the pipe of an old runner, who must not find it free.
      const removable = attempt === undefined ? journals.claim(attemptId) : attempt.exited !== undefined;
      if (!removable) return;
      attempts.delete(attemptId);
      limits.release(attemptId);
      await journals.remove(attemptId).catch((error: Error) => {
        notice(`What the ended attempt ${attemptId} left behind cannot be removed: ${error.message}`);
      });
    },
    async close() {
      closed = true;
      runners.close();
      adoption.close();
      termination.close();
      for (const attempt of attempts.values()) if (attempt.exited === undefined) logs.unfollow(attempt.attemptId);
      await limits.close();
    },
  };
}

function startOf(attempt: Attempt): Pick<Exited, "startedAt"> {
  return attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt };
}
