import type { AttemptUse } from "./attempt-use.ts";

/** What attempts come to together. Sums of products with times may be larger than whole numbers are exact. */
export interface UseTotals {
  readonly attempts: number;
  /** What they asked for, by the time that they ran. */
  readonly vcpuMilliMs: number;
  readonly memoryMiBMs: number;
  readonly gpuMs: number;
  /** What they used, of those of which it was measured. */
  readonly cpuMs: number;
  /** How many ran whose processor time was not measured. */
  readonly unmeasured: number;
  /** Of the one that held most. 0: of none it was measured. */
  readonly peakMemoryMiB: number;
  /** Of those whose price is known. */
  readonly nanoUsd: number;
  /** How many have no known price. */
  readonly unpriced: number;
}

export const NO_USE: UseTotals = {
  ...{ attempts: 0, vcpuMilliMs: 0, memoryMiBMs: 0, gpuMs: 0 },
  ...{ cpuMs: 0, unmeasured: 0, peakMemoryMiB: 0, nanoUsd: 0, unpriced: 0 },
};

export function sumOfTotals(a: UseTotals, b: UseTotals): UseTotals {
  return {
    attempts: a.attempts + b.attempts,
    vcpuMilliMs: a.vcpuMilliMs + b.vcpuMilliMs,
    memoryMiBMs: a.memoryMiBMs + b.memoryMiBMs,
    gpuMs: a.gpuMs + b.gpuMs,
    cpuMs: a.cpuMs + b.cpuMs,
    unmeasured: a.unmeasured + b.unmeasured,
    peakMemoryMiB: Math.max(a.peakMemoryMiB, b.peakMemoryMiB),
    nanoUsd: a.nanoUsd + b.nanoUsd,
    unpriced: a.unpriced + b.unpriced,
  };
}

/** Of one attempt that runs, it is not yet measured what it used. */
export function totalsOf({ requirements, startedAt, stoppedAt, usage, nanoUsd }: AttemptUse): UseTotals {
  const ranMs = startedAt === undefined ? 0 : stoppedAt - startedAt;
  return {
    attempts: 1,
    vcpuMilliMs: requirements.vcpuMilli * ranMs,
    memoryMiBMs: requirements.memoryMiB * ranMs,
    gpuMs: requirements.gpus * ranMs,
    cpuMs: usage?.cpuMs ?? 0,
    unmeasured: startedAt !== undefined && usage?.cpuMs === undefined ? 1 : 0,
    peakMemoryMiB: usage?.peakMemoryMiB ?? 0,
    nanoUsd: nanoUsd ?? 0,
    unpriced: nanoUsd === undefined ? 1 : 0,
  };
}
