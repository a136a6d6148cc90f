import type { Demand, Job } from "../job.ts";
import { activeAttempt, demandOf, isWaiting, shareOf } from "../job.ts";
import type { BlockedReason } from "../placement.ts";
import { place } from "../placement.ts";
import { FairShareOrder, fairSharePolicyOf } from "../order/fair-share.ts";
import { fullQueue } from "../schedule.ts";
import type { Queue } from "../resources.ts";
import type { BlockedHead, Plan } from "../plan.ts";
import { holdingsOf } from "../holdings.ts";
import { parseChildId } from "../ids.ts";
import { quotaRefusal } from "../quota/verdict.ts";
import type { World } from "../world.ts";
import type { Blocker, MissingConsumable, PolicyReason } from "./blockers.ts";
import { verdicts } from "./obstacles.ts";
import { activeJobs, occupant } from "./occupants.ts";
import { jobOf, openDependencies } from "./open-dependencies.ts";
import type { Ahead } from "./served-before.ts";
import { isBefore, jobsOfEarlierQueues, queuesBefore } from "./served-before.ts";

/** What explanations read of a plan. */
export type KnownPlan = Pick<Plan, "blocked">;

/** How many of those that hold a resource are named. */
const MAX_HOLDERS = 10;

/**
 * Each thing that keeps a job from starting now, whether there are others or not. The job may be one that is not there yet. When all of
 * them are gone at once, the next tick starts it.
 */
export function blockersOf(world: World, plan: KnownPlan, job: Job, before: Ahead): Blocker[] {
  const queue = world.queues.get(job.queueArn);
  if (queue === undefined) return [];
  const waitsForJobs = job.state.status !== "RUNNABLE";
  const placement = placementBlocker(world, job, queue);
  return [
    ...(waitsForJobs ? openDependencies(world, job) : []),
    ...(waitsForJobs ? refusal(job) : []),
    ...crowding(world, job, before),
    ...missingConsumables(world, job, queue, before),
    ...policyBlocker(world, plan, job, queue),
    ...limitBlockers(world, job, queue),
    ...(placement === undefined ? [] : [placement]),
    ...headBefore(world, plan, job, before),
    ...(placement === undefined ? [] : queuesBefore(world, plan, queue)),
  ];
}

function refusal({ scheduling }: Job): Blocker[] {
  return scheduling.refusal === undefined ? [] : [{ kind: "refusal", reason: scheduling.refusal }];
}

function placementBlocker(world: World, job: Job, queue: Queue) {
  const placement = place(world, demandOf(job), queue);
  if (placement.kind === "fits") return undefined;
  const { reason } = placement;
  return { kind: "placement" as const, reason, environments: verdicts(world, job, queue) };
}

/** What its quota share has against it. What others were promised is known of the first job of a share only. */
function policyBlocker(world: World, plan: KnownPlan, job: Job, queue: Queue): Blocker[] {
  const head = headOf(plan, job);
  const told = head?.jobId === job.id ? head.reason : undefined;
  const reason = told !== undefined && isOfPolicy(told) ? told : quotaRefusal(world, queue, job);
  return reason === undefined ? [] : [{ kind: "policy", reason }];
}

/** What a fair-share policy or the queue's maximum of running jobs has against it. */
function limitBlockers(world: World, job: Job, queue: Queue): Blocker[] {
  const policy = fairSharePolicyOf(world, queue);
  const order = policy && new FairShareOrder(world, queue, policy, world.shares.askedAt);
  const reasons = [fullQueue(world, queue), order?.reservationAgainst(job)];
  return reasons.flatMap((reason) => (reason === undefined ? [] : [{ kind: "policy", reason }]));
}

function isOfPolicy(reason: BlockedReason): reason is PolicyReason {
  return reason.kind === "above-quota" || reason.kind === "quota";
}

function crowding(world: World, job: Job, { jobIds }: Ahead): Blocker[] {
  const arrayId = job.parent?.id ?? job.id;
  const limit = world.crowding(arrayId);
  if (limit === undefined) return [];
  const siblingsBefore = jobIds.filter((id) => parseChildId(id)?.parentId === arrayId).length;
  return [{ kind: "crowded", arrayId, limit, siblingsBefore }];
}

function missingConsumables(world: World, job: Job, queue: Queue, { jobIds }: Ahead): MissingConsumable[] {
  const { consumables = [] } = demandOf(job);
  const missing = consumables.flatMap(({ arn, quantity }): MissingConsumable[] => {
    const total = world.consumables.get(arn)?.total;
    const available = Math.max(0, (total ?? 0) - world.inUse(arn));
    if (total !== undefined && quantity <= available) return [];
    return [
      {
        ...{ kind: "consumable", arn, quantity, available, wantedBefore: 0 },
        ...(total !== undefined && { total }),
        ...holdersOf(world, arn, job),
      },
    ];
  });
  if (missing.length === 0) return [];
  const before = [...jobIds, ...jobsOfEarlierQueues(world, queue)].map((id) => jobOf(world, id)!);
  return missing.map((one) => ({
    ...one,
    wantedBefore: before.filter((other) => quantityOf(demandOf(other), one.arn) > 0).length,
  }));
}

function quantityOf({ consumables = [] }: Demand, wanted: string): number {
  return consumables.find(({ arn }) => arn === wanted)?.quantity ?? 0;
}

function holdersOf(world: World, arn: string, viewer: Job): Pick<MissingConsumable, "holders" | "holderCount"> {
  const held = (job: Job): number =>
    holdingsOf(job, activeAttempt(job.state)!).find(({ key }) => key === arn)?.quantity ?? 0;
  const jobs = activeJobs(world, (job) => held(job) > 0);
  const holders = jobs.slice(0, MAX_HOLDERS).map((job) => ({ ...occupant(job, viewer), quantity: held(job) }));
  return { holders, holderCount: jobs.length };
}

function headBefore(world: World, plan: KnownPlan, job: Job, { jobIds }: Ahead): Blocker[] {
  const head = headOf(plan, job);
  const headJob = head && jobOf(world, head.jobId);
  // A head that has started or ended since the plan was made holds up nobody.
  if (head === undefined || headJob === undefined || !isWaiting(headJob.state.status)) return [];
  if (head.jobId === job.id) return [];
  // The head of another share holds up all whose turn comes later; that of the job's own those behind it.
  const isSameShare = shareOf(headJob.scheduling) === shareOf(job.scheduling);
  if (isSameShare ? !isBefore(headJob, job) : !jobIds.includes(head.jobId)) return [];
  return [{ kind: "behind", headJobId: head.jobId, headReason: head.reason }];
}

function headOf(plan: KnownPlan, job: Job): BlockedHead | undefined {
  const block = plan.blocked.get(job.queueArn);
  return block?.lanes.get(shareOf(job.scheduling)) ?? block?.head;
}
