import type { Clock } from "../../ports/clock.ts";
import type { Usage, UsedSoFar } from "../../core/usage.ts";
import { OUT_OF_MEMORY } from "../../ports/driver.ts";
import type { AttemptSpec, DriverEvent } from "../../ports/driver.ts";
import type { Term } from "../../ports/leadership.ts";
import { asLeader } from "../../ports/leadership.ts";
import type { LogSink } from "../../ports/logs.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { createAdoption } from "./adoption.ts";
import type { Machine } from "./host.ts";
import type { AttemptPhase, Journals } from "./journals.ts";
import type { Limits } from "./limits.ts";
import { createNodeAddresses, LOOPBACK } from "./node-addresses.ts";
import { prepareAttempt, readSecrets } from "./preparation.ts";
import type { SecretValues } from "./preparation.ts";
import { HAS_PROC } from "./process-table.ts";
import { createRunnerPool } from "./runners.ts";
import type { RunListener, RunTask } from "./runners.ts";
import { REFUSED_CODE } from "./script.ts";
import type { Refusal } from "./spec.ts";
import { createTermination } from "./termination.ts";
import { createTurns } from "./turns.ts";
import type { WorkDirectories } from "./work-directories.ts";
import { crashPoint } from "../../ports/crash-points.ts";

/** The attempts of an open driver. The methods are those of the Driver port. */
export interface Attempts {
  /** Reports the inventory, and begins to follow what is in it. */
  adoptAll(): void;
  start(spec: AttemptSpec): Promise<void>;
  stop(attemptId: string, killAt: number): Promise<void>;
  usedSoFar(attemptIds: readonly string[]): Promise<Map<string, UsedSoFar>>;
  forget(attemptId: string): Promise<void>;
  close(): Promise<void>;
}

export interface AttemptsSettings {
  readonly directory: string;
  readonly clock: Clock;
  readonly logs: LogSink;
  readonly machine: Machine;
  readonly journals: Journals;
  readonly work: WorkDirectories;
  readonly limits: Limits;
  readonly secrets: Secrets;
  readonly bootId: string | undefined;
  readonly term: Pick<Term, "confirm">;
  readonly notice: (notice: string) => void;
  readonly report: (event: DriverEvent) => void;
}

type Exited = Extract<DriverEvent, { kind: "exited" }>;
/** How an attempt ended, without the parts that are the same for all. */
type Outcome = Omit<Exited, "kind" | "attemptId">;

interface Attempt {
  readonly attemptId: string;
  readonly memoryMiB: number;
  /** Where others reach it: all processes share this machine's network. */
  address: string;
  /** Epoch ms; undefined while the program is not known to run. */
  startedAt: number | undefined;
  /** Set when it is over. */
  exited: Exited | undefined;
  /** Runners that died before they took it. */
  runnersLost: number;
}

const RUNNERS_LOST_MAX = 3;
/** In one turn of the event loop: a start that needs a new runner takes some ms, and more when the machine is busy; all else some tenths of one. */
const STARTS_PER_TURN = 1;
const OTHERS_PER_TURN = 8;
const NO_VALUES = { kind: "values", values: {} } as const;
const STOPPED_BEFORE_START = "Stopped before the program was started";

export function createAttempts(settings: AttemptsSettings): Attempts {
  const { clock, logs, machine, journals, work, limits, bootId, term, notice } = settings;
  const attempts = new Map<string, Attempt>();
  const addresses = createNodeAddresses(HAS_PROC);
  const termination = createTermination(journals, clock, term);
  const adoption = createAdoption(journals, clock, { running: adoptedRuns, over: adoptedIsOver });
  const runners = createRunnerPool({
    bash: machine.bash,
    batchPolicy: machine.batchPolicy,
    directory: settings.directory,
    bootId,
    environment: machine.environment,
    now: clock.now(),
  });
  const starts = createTurns(STARTS_PER_TURN);
  const others = createTurns(OTHERS_PER_TURN);
  let closed = false;

  function report(event: DriverEvent): void {
    if (!closed) settings.report(event);
  }

  function hold(attemptId: string, memoryMiB: number): Attempt {
    const attempt = {
      attemptId,
      memoryMiB,
      address: LOOPBACK,
      startedAt: undefined,
      exited: undefined,
      runnersLost: 0,
    };
    attempts.set(attemptId, attempt);
    return attempt;
  }

  function holdAgain(attemptId: string): Attempt {
    const { memoryMiB = 0, node } = journals.read(attemptId);
    const attempt = hold(attemptId, memoryMiB);
    if (node === undefined) return attempt;
    addresses.keep(attemptId, node, node.address);
    attempt.address = node.address;
    return attempt;
  }

  /** Hands a new attempt to a runner, or ends it where it stands. */
  function begin(attempt: Attempt, spec: AttemptSpec, secrets: SecretValues): void {
    if (spec.node !== undefined) attempt.address = addresses.take(spec.attemptId, spec.node);
    const onNode = spec.node === undefined ? undefined : attempt.address;
    const task = prepareAttempt(spec, secrets, onNode, settings);
    if (task.kind === "refusal") return refuse(attempt, task.reason);
    logs.follow(spec.attemptId);
    crashPoint("process.prepared");
    run(attempt, task);
    crashPoint("process.launched");
  }

  function beginSafely(attempt: Attempt, spec: AttemptSpec, secrets: SecretValues): void {
    try {
      begin(attempt, spec, secrets);
    } catch (error) {
      failToBegin(attempt, error);
    }
  }

  function run(attempt: Attempt, task: RunTask): void {
    runners.run(task, runListener(attempt, task), starts.waiting());
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
      started(pid) {
        crashPoint("process.started");
        runs(attempt, clock.now(), pid);
      },
      exited(exitCode) {
        crashPoint("process.exited");
        const phase = exitCode === REFUSED_CODE ? journals.read(attemptId).phase : undefined;
        if (phase?.kind === "refused") end(attempt, { at: clock.now(), reason: phase.reason });
        else end(attempt, { at: clock.now(), exitCode, ...startOf(attempt) });
      },
      lost(cause) {
        void asLeader(term, () => runnerLost(attempt, task, cause));
      },
    };
  }

  function runs(attempt: Attempt, startedAt: number, pid: number): void {
    const { attemptId } = attempt;
    attempt.startedAt = startedAt;
    report({ kind: "started", attemptId, at: startedAt, address: attempt.address });
    limits.started(attemptId, pid, attempt.memoryMiB);
    termination.running(attemptId, pid);
  }

  /** Before the claim another runner can have the attempt; after it, only the journal can tell how it goes on. */
  function runnerLost(attempt: Attempt, task: RunTask, cause: Error | undefined): void {
    const { attemptId } = attempt;
    if (closed || attempt.exited !== undefined) return;
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
    crashPoint("process.refuse");
    journals.append(attemptId, `refused ${reason}`);
    crashPoint("process.refused");
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
      report({ kind: "started", attemptId, at: phase.startedAt, address: attempt.address });
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
    const usage = outcome.startedAt === undefined ? undefined : usageOf(attemptId);
    if (outcome.startedAt !== undefined) limits.end(attemptId);
    termination.drop(attemptId);
    logs.unfollow(attemptId);
    attempt.exited = {
      ...{ kind: "exited", attemptId, ...outcome },
      ...(outOfMemory && { reason: OUT_OF_MEMORY }),
      ...(usage !== undefined && { usage }),
    };
    report(attempt.exited);
  }

  /** What the kernel has counted for all that was in the attempt, or else what its shell has waited for. */
  function usageOf(attemptId: string): Usage | undefined {
    const usage = limits.usageOf(attemptId);
    const cpuMs = usage.cpuMs ?? journals.read(attemptId).cpuMs;
    const known = { ...usage, ...(cpuMs !== undefined && { cpuMs }) };
    return Object.keys(known).length === 0 ? undefined : known;
  }

  /** Notes it, because what knows it may be gone when the next server asks again. */
  function diedOfMemory(attemptId: string): boolean {
    if (journals.read(attemptId).outOfMemory) return true;
    if (!limits.wasExceeded(attemptId)) return false;
    journals.append(attemptId, "oom");
    return true;
  }

  return {
    adoptAll() {
      const attemptIds = journals.list();
      crashPoint("process.list");
      report({ kind: "inventory", attemptIds, ...(bootId !== undefined && { bootId }) });
      crashPoint("process.adopt");
      for (const attemptId of attemptIds) adopt(holdAgain(attemptId));
    },
    async start(spec) {
      const known = attempts.get(spec.attemptId);
      if (known?.exited !== undefined) report(known.exited);
      if (known !== undefined) return;
      const attempt = hold(spec.attemptId, spec.memoryMiB);
      await starts.next();
      const secrets = spec.container.secrets?.length ? await readSecrets(spec.container, settings.secrets) : NO_VALUES;
      await term.confirm();
      // Meanwhile it may have been stopped, or the driver closed.
      if (closed || attempt.exited !== undefined) return;
      if (secrets.kind === "refusal") refuse(attempt, secrets.reason);
      else beginSafely(attempt, spec, secrets.values);
    },
    async stop(attemptId, killAt) {
      await term.confirm();
      const attempt = attempts.get(attemptId);
      if (attempt === undefined || attempt.exited !== undefined) return;
      if (attempt.startedAt === undefined && journals.claim(attemptId)) {
        crashPoint("process.withheld");
        journals.append(attemptId, `refused ${STOPPED_BEFORE_START}`);
        end(attempt, { at: clock.now(), reason: STOPPED_BEFORE_START });
        return;
      }
      await others.next();
      await term.confirm();
      if (!closed && attempt.exited === undefined) termination.request(attemptId, killAt);
    },
    usedSoFar: (attemptIds) => limits.usedSoFar(attemptIds.filter((attemptId) => isRunning(attempts.get(attemptId)))),
    async forget(attemptId) {
      await term.confirm();
      const attempt = attempts.get(attemptId);
      // Unknown to us it may still lie in the pipe of an old runner, who must not find it free.
      const removable = attempt === undefined ? journals.claim(attemptId) : attempt.exited !== undefined;
      if (!removable) return;
      attempts.delete(attemptId);
      addresses.release(attemptId);
      await others.next();
      await term.confirm();
      crashPoint("process.forget");
      const isDeserted = await limits.release(attemptId);
      try {
        crashPoint("process.released");
        await work.remove(attemptId, isDeserted);
        crashPoint("process.emptied");
        journals.remove(attemptId);
        crashPoint("process.forgotten");
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        notice(`What the ended attempt ${attemptId} left behind cannot be removed: ${why}`);
      }
    },
    async close() {
      closed = true;
      runners.close();
      adoption.close();
      termination.close();
      for (const attempt of attempts.values()) if (attempt.exited === undefined) logs.unfollow(attempt.attemptId);
      await limits.close();
      work.close();
    },
  };
}

function startOf(attempt: Attempt): Pick<Exited, "startedAt"> {
  return attempt.startedAt === undefined ? {} : { startedAt: attempt.startedAt };
}

function isRunning(attempt: Attempt | undefined): boolean {
  return attempt?.startedAt !== undefined && attempt.exited === undefined;
}
