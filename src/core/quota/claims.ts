import type { Job } from "../job.ts";
import { activeAttempt } from "../job.ts";
import { REASONS } from "../lifecycle.ts";
import type { Candidate } from "./preemption.ts";
import { byLoss, chooseVictims } from "./preemption.ts";
import type { QuotaShare } from "../resources.ts";
import type { World } from "../world.ts";
import { shareKey } from "./holdings.ts";
import type { Freed, Needs, QuotaLedger } from "./ledger.ts";
import { ownLimit } from "./limits.ts";

/** A job that is told to end for another one. */
export interface Preemption {
  readonly job: Job;
  readonly reason: string;
}

interface Runner extends Candidate {
  readonly share: QuotaShare;
  readonly needs: Needs;
}

/**
 * What a job that cannot start now may have soon: who has to end for that, nobody if enough is about to end as it is; undefined when it has to wait.
 * An owner takes back what was lent of its own; where the share allows it, a job takes the place of jobs of its own share that have a lower priority
 * (reference 3.9). `keepsReserves`: as in QuotaLedger.hasRoom.
 */
export function claimFor(
  world: World,
  ledger: QuotaLedger,
  { share, job, keepsReserves }: { share: QuotaShare; job: Job; keepsReserves: boolean },
): readonly Preemption[] | undefined {
  const needs = job.scheduling.instances ?? [];
  const hasRoom = (freed: Freed): boolean => ledger.hasRoom(share, needs, { freed, keepsReserves });
  const asOwner = (freed: Freed): boolean => ledger.isWithinOwn(share, needs, freed) && hasRoom(freed);
  const asBorrower = (freed: Freed): boolean => ledger.mayBorrow(share, needs, freed) && hasRoom(freed);
  const lower = share.inSharePreemption ? lowerInShare(world, share, job) : [];
  // Only an owner takes from others: who would have to borrow in any case need not look at them.
  const mayOwn = ledger.isWithinOwn(share, needs, freedBy(lower));
  const ofOwner = (): Runner[] => [...borrowers(world, ledger, share, needs), ...lower];
  const victims =
    (mayOwn ? victimsFor(asOwner, ofOwner) : undefined) ??
    (share.inSharePreemption ? victimsFor(asBorrower, () => lower) : undefined);
  return victims?.map((victim) => preemptionOf(world, victim, share));
}

function victimsFor(isEnough: (freed: Freed) => boolean, candidates: () => Runner[]): readonly Runner[] | undefined {
  if (isEnough(freedBy([]))) return [];
  return chooseVictims(candidates(), (victims) => isEnough(freedBy(victims)));
}

function preemptionOf(world: World, { jobId, share }: Runner, claimant: QuotaShare): Preemption {
  const reason = share.arn === claimant.arn ? REASONS.preemptedInShare : REASONS.preemptedAcrossShares;
  return { job: world.jobs.get(jobId)!, reason };
}

/** Jobs of the other shares, in the order in which they are to end, as long as their share uses more than its own of what is needed. */
function borrowers(world: World, ledger: QuotaLedger, claimant: QuotaShare, needs: Needs): Runner[] {
  const beyond = (share: QuotaShare, freed: Freed): boolean =>
    needs.some(({ type }) => ledger.used(share, type, freed) > ownLimit(share, type));
  const others = ledger.shares.filter((share) => share.arn !== claimant.arn && beyond(share, new Map()));
  const found: Runner[] = [];
  const freed = new Map<string, number>();
  for (const runner of others.flatMap((share) => runnersOf(world, share)).sort(byLoss)) {
    const isUseful = runner.needs.some(({ type }) => needs.some((need) => need.type === type));
    if (!isUseful || !beyond(runner.share, freed)) continue;
    found.push(runner);
    add(freed, runner);
  }
  return found;
}

function lowerInShare(world: World, share: QuotaShare, job: Job): Runner[] {
  const priority = priorityOf(job);
  return runnersOf(world, share)
    .filter((runner) => runner.priority < priority)
    .sort(byLoss);
}

/** The jobs of a share that hold capacity and were not told to end yet. */
function runnersOf(world: World, share: QuotaShare): Runner[] {
  return world.activeJobsOfShare(share.arn).flatMap((job) => {
    const { startedAt, stopping } = activeAttempt(job.state)!;
    if (stopping !== undefined) return [];
    const needs = job.scheduling.instances ?? [];
    return [{ jobId: job.id, seq: job.seq, priority: priorityOf(job), startedAt, share, needs }];
  });
}

function priorityOf({ scheduling }: Job): number {
  return scheduling.priority ?? 0;
}

function freedBy(victims: readonly Runner[]): Freed {
  const freed = new Map<string, number>();
  for (const victim of victims) add(freed, victim);
  return freed;
}

function add(freed: Map<string, number>, { share, needs }: Runner): void {
  for (const { type, count } of needs) {
    const key = shareKey(share.arn, type);
    freed.set(key, (freed.get(key) ?? 0) + count);
  }
}
