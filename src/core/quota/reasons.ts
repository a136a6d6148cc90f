import type { QuotaLimit } from "./limits.ts";

/** Why the first job of a quota share waits, as far as it is for the share. */
export type QuotaReason =
  /** It never fits into what is configured. */
  | { readonly kind: "above-quota"; readonly limit: QuotaLimit }
  /** It fits, but not beside what the shares use now. */
  | ({ readonly kind: "quota" } & QuotaState);

/** What a share and the others use of the instance type that a job waits for. */
export interface QuotaState {
  readonly type: string;
  /** What the job asks for. */
  readonly count: number;
  /** What the share uses, of `own` and beyond. */
  readonly used: number;
  readonly own: number;
  /** How much the other shares use beyond their own. */
  readonly borrowedByOthers: number;
  /** What is idle in the other shares, and may be lent beside what is lent already. */
  readonly lendable: number;
  /** Jobs were told to end for this one. */
  readonly isComing: boolean;
}

const EXCEEDED: Readonly<Record<QuotaLimit, string>> = {
  own: "Job requirements exceed quota share capacity limits.",
  borrow: "Job requirements exceed quota share capacity limits and borrow limits.",
  borrowable: "Job requires borrowing that exceeds all configured borrowable capacity.",
};

/** AWS's text where AWS has one (reference 8.4), else ours. */
export function quotaText(reason: QuotaReason): string {
  if (reason.kind === "above-quota") {
    return `MISCONFIGURATION:QUOTA_MANAGEMENT_LIMIT_EXCEEDED - ${EXCEEDED[reason.limit]}`;
  }
  const { type, count, used, own, borrowedByOthers, lendable, isComing } = reason;
  const borrowed = Math.max(0, used - own);
  const ofShare = `its quota share uses ${used - borrowed} of its own ${own} and borrows ${borrowed}`;
  const ofOthers = `the others borrow ${borrowedByOthers} and have ${lendable} more to lend`;
  const coming = isComing ? " Jobs that make room for it are about to end." : "";
  return `Waiting for ${count} ${type}: ${ofShare}; ${ofOthers}.${coming}`;
}
