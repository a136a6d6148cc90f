import type { UseTotals } from "../../../core/cost/totals.ts";
import type { CostTotals } from "../../../ports/cost-report.ts";

const HOUR_MS = 3_600_000;

/** In the units that people read. `running`: how many of the attempts run. */
export function toCostTotals(totals: UseTotals, running: number): CostTotals {
  const { attempts, unmeasured, unpriced, peakMemoryMiB } = totals;
  return {
    ...{ attempts, running },
    vcpuHours: rounded(totals.vcpuMilliMs / 1000 / HOUR_MS),
    gibHours: rounded(totals.memoryMiBMs / 1024 / HOUR_MS),
    gpuHours: rounded(totals.gpuMs / HOUR_MS),
    cpuHours: rounded(totals.cpuMs / HOUR_MS),
    unmeasured,
    ...(peakMemoryMiB > 0 && { peakMemoryMiB }),
    usd: toUsd(totals.nanoUsd),
    unpriced,
  };
}

export function toUsd(nanoUsd: number): number {
  return Math.round(nanoUsd) / 1e9;
}

function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
