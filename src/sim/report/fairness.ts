import { weightsOf } from "../../core/order/weights.ts";
import type { ShareWeight } from "../../core/resources.ts";
import { jainIndex } from "./samples.ts";

/** One share, by bucket of time. */
export interface ShareUse {
  readonly name: string;
  /** Of the policy of its queue. */
  readonly weights: readonly ShareWeight[];
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
    const active = shares.filter(({ vcpus, waitingJobs }) => vcpus[bucket]! + waitingJobs[bucket]! > 0);
    const wanting = active.filter(({ waitingJobs }) => waitingJobs[bucket]! > 0);
    if (wanting.length < 2) continue;
    const weightOf = weighing(active);
    const index = jainIndex(wanting.map((share) => share.vcpus[bucket]! * weightOf(share)));
    if (index !== undefined) indexes.push(index);
  }
  return indexes.length === 0 ? undefined : indexes.reduce((sum, index) => sum + index, 0) / indexes.length;
}

/** What a share weighs hangs on which others are active: those of one prefix have its weight together. */
function weighing(active: readonly ShareUse[]): (share: ShareUse) => number {
  const byPolicy = new Map<readonly ShareWeight[], ReadonlyMap<string, number>>();
  return ({ name, weights }) => {
    let known = byPolicy.get(weights);
    if (known === undefined) {
      known = weightsOf(
        weights,
        active.filter((one) => one.weights === weights).map((one) => one.name),
      );
      byPolicy.set(weights, known);
    }
    return known.get(name) ?? 1;
  };
}
