import { exceededLimit } from "../holdings.ts";
import type { Job } from "../job.ts";
import { accepts } from "../placement.ts";
import type { Environment, Queue, QuotaShare } from "../resources.ts";
import type { World } from "../world.ts";
import type { Needs } from "./ledger.ts";
import { QuotaLedger } from "./ledger.ts";
import { exceededQuota, ownLimit } from "./limits.ts";
import type { QuotaReason } from "./reasons.ts";

/** The ledger of a queue under quota management, with its environment; undefined for other queues, and where no job can start whatever its share. */
export function ledgerOf(
  world: World,
  queue: Queue,
): { readonly ledger: QuotaLedger; readonly environment: Environment } | undefined {
  const policy = queue.policyArn === undefined ? undefined : world.policies.get(queue.policyArn);
  const environment = world.environments.get(queue.environmentArns[0] ?? "");
  if (policy?.kind !== "quota-share" || environment === undefined || !accepts(environment)) return undefined;
  const shares = [...world.quotaShares.values()].filter(({ arn }) => arn.startsWith(`${queue.arn}/`));
  shares.sort((a, b) => (a.arn < b.arn ? -1 : 1));
  return { ledger: new QuotaLedger(shares, environment, (key) => world.inUse(key)), environment };
}

/** What quota management has against a job starting now, were it the first of its share; what is promised to others is not looked at. */
export function quotaRefusal(world: World, queue: Queue, job: Job): QuotaReason | undefined {
  const share = world.quotaShares.get(job.scheduling.service?.quotaShare ?? "");
  const found = ledgerOf(world, queue);
  if (share === undefined || found === undefined) return undefined;
  const { ledger, environment } = found;
  const needs = needsOf(job);
  const never = neverFits(ledger, share, needs);
  if (never !== undefined) return never;
  if (isBeyondEnvironment(environment, needs) || mayStart(ledger, share, needs)) return undefined;
  return fitsAsOwner(ledger, share, needs, { keepsReserves: false })
    ? undefined
    : waitingState(ledger, share, needs, false);
}

export function needsOf({ scheduling }: Job): Needs {
  return scheduling.instances ?? [];
}

export function neverFits(ledger: QuotaLedger, share: QuotaShare, needs: Needs): QuotaReason | undefined {
  const limit = exceededQuota(share, ledger.shares, needs);
  return limit && { kind: "above-quota", limit };
}

/** What the environment never has is for the placement to say. */
export function isBeyondEnvironment(environment: Environment, needs: Needs): boolean {
  return exceededLimit(environment, needs, () => 0) !== undefined;
}

export function mayStart(ledger: QuotaLedger, share: QuotaShare, needs: Needs): boolean {
  if (fitsAsOwner(ledger, share, needs, { keepsReserves: true })) return true;
  return ledger.mayBorrow(share, needs) && ledger.hasRoom(share, needs, { keepsReserves: true });
}

export function fitsAsOwner(
  ledger: QuotaLedger,
  share: QuotaShare,
  needs: Needs,
  reserves: { keepsReserves: boolean },
): boolean {
  return ledger.isWithinOwn(share, needs) && ledger.hasRoom(share, needs, reserves);
}

/** Of the first instance type that is lacking. */
export function waitingState(ledger: QuotaLedger, share: QuotaShare, needs: Needs, isComing: boolean): QuotaReason {
  const lacking = needs.find((need) => !mayStart(ledger, share, [need]));
  const { type, count } = lacking ?? needs[0]!;
  const [used, own] = [ledger.used(share, type), ownLimit(share, type)];
  return {
    ...{ kind: "quota", type, count, used, own, isComing },
    borrowedByOthers: ledger.borrowedByOthers(share, type),
    lendable: Math.max(0, ledger.lendable(share, type) - Math.max(0, used - own)),
  };
}
