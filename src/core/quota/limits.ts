import type { InstanceNeed } from "../job.ts";
import type { QuotaShare } from "../resources.ts";

/** What a share has of its own: nothing of a type that it has no limit for. */
export function ownLimit({ limits }: Pick<QuotaShare, "limits">, type: string): number {
  return limits.get(type) ?? 0;
}

/** How much a share may borrow beyond its own: a percentage of that, for each type alike (reference 3.9). */
export function borrowLimit(share: QuotaShare, type: string): number {
  if (share.strategy !== "LEND_AND_BORROW") return 0;
  if (share.borrowLimitPercent === -1) return Infinity;
  return Math.floor((ownLimit(share, type) * share.borrowLimitPercent) / 100);
}

export function lends({ strategy }: Pick<QuotaShare, "strategy">): boolean {
  return strategy !== "RESERVE";
}

/** Which of the configured limits a job is above, whatever runs (reference 8.4). */
export type QuotaLimit = "own" | "borrow" | "borrowable";

/** The first limit that keeps these instances out of a share for ever; `shares` are all of its queue. */
export function exceededQuota(
  share: QuotaShare,
  shares: readonly QuotaShare[],
  instances: readonly InstanceNeed[],
): QuotaLimit | undefined {
  for (const { type, count } of instances) {
    const beyond = count - ownLimit(share, type);
    if (beyond > borrowLimit(share, type)) return share.strategy === "LEND_AND_BORROW" ? "borrow" : "own";
  }
  for (const { type, count } of instances) {
    const lenders = shares.filter((one) => one.arn !== share.arn && lends(one));
    const borrowable = lenders.reduce((sum, one) => sum + ownLimit(one, type), 0);
    if (count > ownLimit(share, type) + borrowable) return "borrowable";
  }
  return undefined;
}
