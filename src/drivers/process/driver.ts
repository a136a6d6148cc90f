import { OUT_OF_MEMORY } from "../../ports/driver.ts";
import type { AttemptSpec, Driver, DriverEvent } from "../../ports/driver.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogSink } from "../../ports/logs.ts";
import { createAdoption } from "./adoption.ts";
import type { Adoption } from "./adoption.ts";
import { createAttemptDirectories } from "./attempt-directories.ts";
import type { AttemptDirectories, AttemptState } from "./attempt-directories.ts";
import { findProgram } from "./find-program.ts";
import { readMachine } from "./host.ts";
import type { Machine } from "./host.ts";
import { openMemoryCgroups } from "./memory-cgroups.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import { createMemoryWatch, NO_MEMORY_LIMITS } from "./memory-watch.ts";
import { HAS_PROC } from "./process-table.ts";
import { createRunnerPool } from "./runners.ts";
import type { RunListener, RunnerPool } from "./runners.ts";
import { attemptScript, REFUSED_CODE } from "./script.ts";
import { inherited, toLaunch } from "./spec.ts";
import type { Refusal } from "./spec.ts";
import { createTermination } from "./termination.ts";
import type { Termination } from "./termination.ts";

export interface ProcessDriverSettings {
  /** Absolute path of the directory that holds one directory for each attempt; made when it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logs: LogSink;
  /** Told, in one sentence, what an operator should know and no attempt reports. */
  readonly onNotice?: (notice: string) => void;
}

type Exited = Extract<DriverEvent, { kind: "exited" }>;
/** How an attempt ended, without the parts that are the same for all. */
type Outcome = Pick<Exited, "at" | "startedAt" | "exitCode" | "reason">;

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

/** What exists while the driver is open. */
interface Works {
  readonly report: (event: DriverEvent) => void;
  readonly machine: Machine;
  readonly directories: AttemptDirectories;
  readonly limits: MemoryLimits;
  readonly termination: Termination;
  readonly adoption: Adoption;
  readonly runners: RunnerPool;
}

const RUNNERS_LOST_MAX = 3;

/**
 * Runs attempts as processes of this machine: the command as it is, no container. Each gets its own process group, an
 * empty working directory, its memory limit, and writes straight into its log. Open it once; `open` throws
 * ProcessDriverUnavailable when the machine lacks bash.
 */
export function createProcessDriver(settings: ProcessDriverSettings): Driver {
  const { clock, logs } = settings;
  const notice = settings.onNotice ?? (() => {});
  const attempts = new Map<string, Attempt>();
  let open: Works | undefined;

  function works(): Works {
    if (open === undefined) throw new Error("The process driver is not open.");
    return open;
  }

  function openWorks(report: Works["report"]): Works {
    const machine = readMachine();
    const directories = createAttemptDirectories(settings.directory);
    return {
      report,
      machine,
      directories,
      limits: openLimits(machine, directories),
      termination: createTermination(directories, clock),
      adoption: createAdoption(directories, clock, { running: adoptedRuns, over: adoptedIsOver }),
      runners: createRunnerPool({
        bash: machine.bash,
        directory: settings.directory,
        environment: inherited(machine.environment),
      }),
    };
  }

  function openLimits(machine: Machine, directories: AttemptDirectories): MemoryLimits {
    const cgroups = openMemoryCgroups(machine.bash, clock);
    if (cgroups !== undefined) return cgroups;
    if (HAS_PROC) return createMemoryWatch(clock, (attemptId) => directories.mark(attemptId, "outOfMemory"));
    notice("Memory limits are not enforced: this system has neither memory cgroups nor /proc.");
    return NO_MEMORY_LIMITS;
  }

  function hold(attemptId: string, memoryMiB: number): Attempt {
    const attempt = { attemptId, memoryMiB, startedAt: undefined, exited: undefined, runnersLost: 0 };
    attempts.set(attemptId, attempt);
    return attempt;
  }

  /** Hands a new attempt to a runner, or ends it where it stands. */
  function begin(spec: AttemptSpec): void {
    const { directories, limits, machine } = works();
    const { attemptId, memoryMiB } = spec;
    const attempt = hold(attemptId, memoryMiB);
    if (directories.read(attemptId).kind !== "unclaimed") return adopt(attempt);
    const launch = toLaunch(spec, machine);
    if (launch.kind === "refusal") return refuse(attempt, launch);
    const attemptDirectory = directories.pathOf(attemptId);
    const program = findProgram(launch.argv[0], launch.environment["PATH"], attemptDirectory);
    if (program.kind === "refusal") return refuse(attempt, program);
    directories.prepare(
      attemptId,
      attemptScript({
        attemptDirectory,
        logPath: logs.path(attemptId),
        memoryEntrance: limits.prepare(attemptId, memoryMiB),
        memoryMiB,
        argv: launch.argv,
        programFile: program.file,
        environment: spec.environment,
        envFile: machine.env,
      }),
    );
    logs.follow(attemptId);
    run(attempt);
  }

  function run(attempt: Attempt): void {
    works().runners.run(attempt.attemptId, runListener(attempt));
  }

  function runListener(attempt: Attempt): RunListener {
    const { attemptId } = attempt;
    return {
      taken: () => {
        if (attempt.exited === undefined) works().adoption.follow(attemptId);
      },
      started: (pid) => runs(attempt, clock.now(), pid),
      exited(exitCode) {
        const { directories } = works();
        const state = exitCode === REFUSED_CODE ? directories.read(attemptId) : undefined;
        if (state?.kind === "refused") end(attempt, { at: clock.now(), reason: state.reason });
        else end(attempt, { at: clock.now(), exitCode, ...startOf(attempt) });
      },
      lost: (cause) => runnerLost(attempt, cause),
    };
  }

  function runs(attempt: Attempt, startedAt: number, pid: number): void {
    const { report, limits, termination } = works();
    const { attemptId } = attempt;
    attempt.startedAt = startedAt;
    report({ kind: "started", attemptId, at: startedAt });
    limits.started(attemptId, pid, attempt.memoryMiB);
    termination.running(attemptId, pid);
  }

  /** Before the claim another runner can have the attempt; after it, only the directory can tell how it goes on. */
  function runnerLost(attempt: Attempt, cause: Error | undefined): void {
    const { directories, adoption } = works();
    if (attempt.exited !== undefined) return;
    if (directories.read(attempt.attemptId).kind !== "unclaimed") return adoption.follow(attempt.attemptId);
    attempt.runnersLost += 1;
    if (attempt.runnersLost < RUNNERS_LOST_MAX) return run(attempt);
    const why = cause?.message ?? "its shell was killed";
    refuse(attempt, { kind: "refusal", reason: `CannotStartContainerError: cannot start a process: ${why}` });
  }

  /** Ends an attempt that has not run and never will. If somebody runs it after all, follows that instead. */
  function refuse(attempt: Attempt, refusal: Refusal): void {
    const { directories, adoption } = works();
    const { attemptId } = attempt;
    if (!directories.exists(attemptId))
      directories.prepare(attemptId, "");
    if (!directories.claim(attemptId)) return adoption.follow(attemptId);
    directories.refuse(attemptId, refusal.reason);
    end(attempt, { at: clock.now(), reason: refusal.reason });
  }

  /** Takes over an attempt that an earlier server, or an old runner, started. */
  function adopt(attempt: Attempt): void {
    logs.follow(attempt.attemptId);
    works().adoption.follow(attempt.attemptId);
  }

  function adoptedRuns(attemptId: string, startedAt: number, process: { readonly pid: number }): void {
    const attempt = attempts.get(attemptId);
    if (attempt !== undefined && attempt.startedAt === undefined) runs(attempt, startedAt, process.pid);
  }

  function adoptedIsOver(attemptId: string): void {
    const attempt = attempts.get(attemptId);
    if (attempt === undefined || attempt.exited !== undefined) return;
    const state = works().directories.read(attemptId);
    if ("startedAt" in state && attempt.startedAt === undefined) {
      attempt.startedAt = state.startedAt;
      works().report({ kind: "started", attemptId, at: state.startedAt });
    }
    end(attempt, outcomeOf(state, attempt));
  }

  function outcomeOf(state: AttemptState, attempt: Attempt): Outcome {
    switch (state.kind) {
      case "refused":
        return { at: state.at, reason: state.reason };
      case "ended":
        return { at: state.at, exitCode: state.exitCode, ...startOf(attempt) };
      case "claimed":
      case "unclaimed":
        return { at: clock.now(), ...startOf(attempt) };
    }
  }

  function end(attempt: Attempt, outcome: Outcome): void {
    const { report, directories, limits, termination } = works();
    const { attemptId } = attempt;
    const outOfMemory =
      outcome.exitCode !== 0 && (directories.isMarked(attemptId, "outOfMemory") || limits.wasExceeded(attemptId));
    if (outOfMemory) directories.mark(attemptId, "outOfMemory"); // The cgroup that knows it is removed now.
    limits.release(attemptId);
    termination.drop(attemptId);
    logs.unfollow(attemptId);
    attempt.exited = { kind: "exited", attemptId, ...outcome, ...(outOfMemory ? { reason: OUT_OF_MEMORY } : {}) };
    report(attempt.exited);
  }

  return {
    name: "process",
    async open(report) {
      if (open !== undefined) throw new Error("The process driver is open already.");
      open = openWorks((event) => {
        if (open !== undefined) report(event);
      });
      const attemptIds = open.directories.list();
      report({ kind: "inventory", attemptIds });
      for (const attemptId of attemptIds) adopt(hold(attemptId, open.directories.memoryOf(attemptId) ?? 0));
    },
    async start(spec) {
      const known = attempts.get(spec.attemptId);
      if (known === undefined) begin(spec);
      else if (known.exited !== undefined) works().report(known.exited);
    },
    async stop(attemptId, killAt) {
      const attempt = attempts.get(attemptId);
      if (attempt === undefined || attempt.exited !== undefined) return;
      const { directories, termination } = works();
      if (attempt.startedAt === undefined && directories.claim(attemptId)) {
        directories.refuse(attemptId, STOPPED_BEFORE_START);
        end(attempt, { at: clock.now(), reason: STOPPED_BEFORE_START });
      } else {
        termination.request(attemptId, killAt);
      }
    },
    async forget(attemptId) {
      const { directories, limits } = works();
      const attempt = attempts.get(attemptId);
      const removable = attempt === undefined ? directories.claim(attemptId) : attempt.exited !== undefined;
      if (!removable) return;
      attempts.delete(attemptId);
      limits.release(attemptId);
      await directories.remove(attemptId).catch((error: Error) => {
        notice(`The directory of the ended attempt ${attemptId} cannot be removed: ${error.message}`);
      });
    },
    async close() {
      const closing = open;
      open = undefined;
      if (closing === undefined) return;
      closing.runners.close();
      closing.adoption.close();
      closing.termination.close();
      closing.limits.close();
      for (const attempt of attempts.values()) if (attempt.exited === undefined) logs.unfollow(attempt.attemptId);
      attempts.clear();
    },
  };
}

const STOPPED_BEFORE_START = "Stopped before the program was started";

function startOf(attempt: Attempt): Pick<Exited, "startedAt"> {
  return attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt };
}
