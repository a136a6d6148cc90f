import { jainIndex } from "./samples.ts";

/** One share, by bucket of time. */
export interface ShareUse {
  /** The higher, the less it is to get. */
  readonly weightFactor: number;
  readonly vcpus: readonly number[];
  readonly waitingJobs: readonly number[];
}

/**
 * How evenly the shares that have jobs waiting at the same time hold vCPUs, each in the measure of its weight: Jain's index of each bucket of time, and
 * the mean of all buckets in which two or more shares wait. At the end each share has got what its jobs needed, whatever the order was; and who has
 * nothing waiting lacks nothing. Undefined when no two shares ever wait together.
 */
export function fairnessOf(shares: readonly ShareUse[]): number | undefined {
  const indexes: number[] = [];
  for (const bucket of (shares[0]?.vcpus ?? []).keys()) {
    const wanting = shares.filter(({ waitingJobs }) => waitingJobs[bucket]! > 0);
    if (wanting.length < 2) continue;
    const index = jainIndex(wanting.map(({ vcpus, weightFactor }) => vcpus[bucket]! * weightFactor));
    if (index !== undefined) indexes.push(index);
  }
  return indexes.length === 0 ? undefined : indexes.reduce((sum, index) => sum + index, 0) / indexes.length;
}
