import type { Requirements } from "../job.ts";
import type { UseTotals } from "./totals.ts";

/** What jobs of one definition that asked for the same have shown to need. */
export interface Need {
  /** The most memory that one held. Absent when it was not measured. */
  readonly peakMemoryMiB?: number;
  /** How many processors were busy on average. */
  readonly vcpusUsed: number;
  /** What would have been enough, with some to spare, and is markedly less than what was asked for. */
  readonly enoughMemoryMiB?: number;
}

/** Fewer attempts say little about the next one. */
const LEAST_ATTEMPTS = 3;
/** To spare: inputs differ. */
const SPARE = 1.25;
const STEP_MIB = 64;
/** Less is not worth a change. */
const WORTH = 0.75;

/** @param totals of attempts that were measured, all of which asked for `asked`. */
export function needOf(asked: Pick<Requirements, "vcpuMilli" | "memoryMiB">, totals: UseTotals): Need {
  const { attempts, peakMemoryMiB, cpuMs, vcpuMilliMs } = totals;
  const ranMs = asked.vcpuMilli === 0 ? 0 : vcpuMilliMs / asked.vcpuMilli;
  const enough = enoughMemoryMiB(peakMemoryMiB);
  const isWorth = peakMemoryMiB > 0 && attempts >= LEAST_ATTEMPTS && enough <= asked.memoryMiB * WORTH;
  return {
    ...(peakMemoryMiB > 0 && { peakMemoryMiB }),
    vcpusUsed: ranMs === 0 ? 0 : cpuMs / ranMs,
    ...(isWorth && { enoughMemoryMiB: enough }),
  };
}

/** What is enough where so much was needed at most, with some to spare. */
export function enoughMemoryMiB(peakMemoryMiB: number): number {
  return Math.ceil((peakMemoryMiB * SPARE) / STEP_MIB) * STEP_MIB;
}
