import type { Clock } from "../../ports/clock.ts";
import type { Driver, DriverEvent } from "../../ports/driver.ts";
import type { Term } from "../../ports/leadership.ts";
import { ONLY_SERVER } from "../../ports/leadership.ts";
import type { LogSink } from "../../ports/logs.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { createAttempts } from "./attempts.ts";
import type { Attempts } from "./attempts.ts";
import type { Machine } from "./host.ts";
import { readMachine } from "./host.ts";
import { openJournals } from "./journals.ts";
import type { Journals } from "./journals.ts";
import { createAttemptGroups, openEnterableGroups } from "./attempt-groups.ts";
import type { Limits } from "./limits.ts";
import { withMemoryOf } from "./limits.ts";
import { createProcessList } from "./process-list.ts";
import { createProcessWatch } from "./process-watch.ts";
import { HAS_PROC } from "./process-table.ts";
import { openWorkDirectories } from "./work-directories.ts";

export interface ProcessDriverSettings {
  /** Absolute path of the directory for everything that attempts need; made when it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logs: LogSink;
  /** The values of what attempts name in `secrets`. */
  readonly secrets: Secrets;
  /** Names the boot of this machine, where that is known. Default: it is not. */
  readonly bootId?: string | undefined;
  /** In which it starts, stops and removes. Default: there is no other server. */
  readonly term?: Pick<Term, "confirm">;
  /** Told, in one sentence, what an operator should know and no attempt reports. */
  readonly onNotice?: (notice: string) => void;
  /** `watch` does without control groups even where they work. Default: `auto`. */
  readonly limits?: "auto" | "watch";
}

/**
 * Runs attempts as processes of this machine: the command as it is, no container. Each gets its own process group, an
 * empty working directory, its memory limit, and writes straight into its log. `open` rejects with
 * ProcessDriverUnavailable when the machine lacks bash.
 */
export function createProcessDriver(settings: ProcessDriverSettings): Driver {
  let attempts: Attempts | undefined;

  function opened(): Attempts {
    if (attempts === undefined) throw new Error("The process driver is not open.");
    return attempts;
  }

  return {
    name: "process",
    async open(report) {
      if (attempts !== undefined) throw new Error("The process driver is open already.");
      attempts = openAttempts(settings, report);
      attempts.adoptAll();
    },
    start: async (attempt) => opened().start(attempt),
    stop: async (attemptId, killAt) => opened().stop(attemptId, killAt),
    usedSoFar: async (attemptIds) => (attempts === undefined ? new Map() : attempts.usedSoFar(attemptIds)),
    forget: (attemptId) => opened().forget(attemptId),
    async close() {
      const closing = attempts;
      attempts = undefined;
      await closing?.close();
    },
  };
}

function openAttempts(settings: ProcessDriverSettings, report: (event: DriverEvent) => void): Attempts {
  const { directory, clock, logs, secrets, bootId, term = ONLY_SERVER, onNotice: notice = () => {} } = settings;
  const machine = readMachine();
  const journals = openJournals(directory, bootId);
  const work = openWorkDirectories(directory);
  const limits = openLimits(settings, machine, journals);
  return createAttempts({
    directory,
    clock,
    logs,
    machine,
    journals,
    work,
    limits,
    secrets,
    bootId,
    term,
    notice,
    report,
  });
}

/** By the kernel's control groups where they can be had; what they cannot limit is watched. */
function openLimits(settings: ProcessDriverSettings, machine: Machine, journals: Journals): Limits {
  const { directory, clock, limits = "auto", onNotice: notice = () => {} } = settings;
  const isKnown = (attemptId: string) => journals.read(attemptId).phase.kind !== "unclaimed";
  const found = limits === "watch" ? undefined : openEnterableGroups(machine.bash);
  const groups = found && createAttemptGroups({ groups: found, clock, directory, isKnown });
  if (groups !== undefined && found?.limits.memory === true) return groups;
  const watch = HAS_PROC
    ? createProcessWatch(clock, (attemptId) => journals.append(attemptId, "oom"))
    : createNoLimits(notice);
  return groups === undefined ? watch : withMemoryOf(watch, groups);
}

function createNoLimits(notice: (notice: string) => void): Limits {
  notice("Memory limits are not enforced: this system has neither control groups nor /proc.");
  return createProcessList();
}
