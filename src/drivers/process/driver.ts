import type { Clock } from "../../ports/clock.ts";
import type { Driver, DriverEvent } from "../../ports/driver.ts";
import type { LogSink } from "../../ports/logs.ts";
import { createAttempts } from "./attempts.ts";
import type { Attempts } from "./attempts.ts";
import { readMachine } from "./host.ts";
import { openJournals } from "./journals.ts";
import type { Journals } from "./journals.ts";
import { openMemoryCgroups } from "./memory-cgroups.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import { createMemoryWatch, NO_MEMORY_LIMITS } from "./memory-watch.ts";
import { HAS_PROC } from "./process-table.ts";

export interface ProcessDriverSettings {
  /** Absolute path of the directory for everything that attempts need; made when it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logs: LogSink;
  /** Told, in one sentence, what an operator should know and no attempt reports. */
  readonly onNotice?: (notice: string) => void;
  /** `watch` does without memory cgroups even where they work. Default: `auto`. */
  readonly memoryLimits?: "auto" | "watch";
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
    forget: (attemptId) => opened().forget(attemptId),
    async close() {
      const closing = attempts;
      attempts = undefined;
      await closing?.close();
    },
  };
}

function openAttempts(settings: ProcessDriverSettings, report: (event: DriverEvent) => void): Attempts {
  const { directory, clock, logs, memoryLimits = "auto", onNotice: notice = () => {} } = settings;
  const machine = readMachine();
  const journals = openJournals(directory);
  const isKnown = (attemptId: string) => journals.read(attemptId).phase.kind !== "unclaimed";
  const cgroups =
    memoryLimits === "watch" ? undefined : openMemoryCgroups({ bash: machine.bash, clock, directory, isKnown });
  const limits = cgroups ?? watchMemory(journals, clock, notice);
  return createAttempts({ directory, clock, logs, machine, journals, limits, notice, report });
}

function watchMemory(journals: Journals, clock: Clock, notice: (notice: string) => void): MemoryLimits {
  if (HAS_PROC) return createMemoryWatch(clock, (attemptId) => journals.append(attemptId, "oom"));
  notice("Memory limits are not enforced: this system has neither memory cgroups nor /proc.");
  return NO_MEMORY_LIMITS;
}
