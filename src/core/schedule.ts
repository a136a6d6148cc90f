import type TinyQueue from "tinyqueue";
import type { JobChange } from "./changes.ts";
import type { Shortage } from "./shortage.ts";
import { shortage } from "./shortage.ts";
import { childId } from "./ids.ts";
import type { Job } from "./job.ts";
import { NO_ROOM } from "./instances/fleet.ts";
import { demandOf, isArrayParent } from "./job.ts";
import { gpusFor } from "./gpus.ts";
import { fillGaps } from "./backfill/gap-filler.ts";
import { jobChange } from "./job-change.ts";
import { nextOverdueAt } from "./instances/overdue.ts";
import type { Binding } from "./lifecycle.ts";
import { preempting } from "./lifecycle.ts";
import type { Order } from "./order/order.ts";
import type { BlockedHead, Plan, QueueBlock } from "./plan.ts";
import { orderOf } from "./order/order-of.ts";
import { queuesInTurn } from "./order/queues-in-turn.ts";
import type { BlockedReason, Spot } from "./placement.ts";
import { driverFor, instanceWaitedFor, place } from "./placement.ts";
import type { Preemption } from "./quota/claims.ts";
import type { Queue } from "./resources.ts";
import type { Scaling } from "./scaling/scale.ts";
import { scale } from "./scaling/scale.ts";
import { bound } from "./tasks/task-lifecycle.ts";
import { HeadWatch } from "./time-limits.ts";
import type { Lane, WaitingShape } from "./waiting.ts";
import { dropStale } from "./waiting.ts";
import type { World } from "./world.ts";

/** Bounds how long one tick can hold the event loop and how large its commit gets. */
const MAX_PLACEMENTS_PER_TICK = 1_000;

/**
 * Places RUNNABLE jobs: queues in turn (order/queues-in-turn.ts), within a queue in the order of its policy (order/). A job that cannot start holds up those
 * behind it, unless what it waits for is a consumable resource (10 no. 31) or the end of its own siblings. Costs in the number of shares, shapes and
 * placements, not of waiting jobs. Applies each placement to the world and returns them.
 */
export function schedule(world: World, now: number): Plan {
  const draft: Draft = {
    ...{ world, now, changes: [], wakes: [] },
    ...{ blocked: new Map(), short: new Map(), blockedShapes: new Map() },
  };
  Object.assign(world.instances.keptOfMachine, NO_ROOM);
  const queues = queuesInTurn(world);
  const isPartial = queues.some((queue) => !placeQueue(draft, queue));
  const { changes, blocked, short } = draft;
  // What is still to be placed needs no instances yet.
  const scaling: Scaling = isPartial ? { changes: [] } : scale(world, now, queues, draft);
  draft.wakes.push(scaling.wakeAt ?? Infinity, endOfReplacements(world, now), nextOverdueAt(world));
  const wakeAt = Math.min(...draft.wakes, world.deadlines.next()?.at ?? Infinity);
  return { changes, instanceChanges: scaling.changes, blocked, short, isPartial, ...(wakeAt < Infinity && { wakeAt }) };
}

/** Epoch ms: when the jobs on instances that are being replaced are told to end next. */
function endOfReplacements(world: World, now: number): number {
  let next = Infinity;
  for (const { status, replacement } of world.environments.values()) {
    if (status !== "UPDATING" || replacement === undefined || replacement.jobsEndAt <= now) continue;
    next = Math.min(next, replacement.jobsEndAt);
  }
  return next;
}

/** The plan as far as it is made. */
interface Draft {
  readonly world: World;
  readonly now: number;
  readonly changes: JobChange[];
  /** Epoch ms: when time alone changes something. */
  readonly wakes: number[];
  readonly blocked: Map<string, QueueBlock>;
  readonly short: Map<string, Shortage>;
  /** Capacity only shrinks within a tick, so a shape that did not fit once does not fit again. */
  readonly blockedShapes: Map<string, BlockedReason>;
}

/** Places one queue's jobs up to the first that holds it up, and then what does not delay that one. False when the tick has placed as many as it may. */
function placeQueue(draft: Draft, queue: Queue): boolean {
  const { world, now, changes } = draft;
  const order = orderOf(world, queue, now, (preemption) => preempt(draft, preemption));
  const watch = new HeadWatch(world, queue, now);
  const heads = new Map<Lane, TinyQueue<WaitingShape>>();
  const lanes = new Map<string, BlockedHead>();
  let holder: BlockedHead | undefined;
  for (let lane = order.next(); lane !== undefined; lane = order.next()) {
    if (changes.length >= MAX_PLACEMENTS_PER_TICK) return false;
    if (!heads.has(lane)) heads.set(lane, lane.heads(world.waits));
    const outcome = placeNext(draft, queue, { order, lane, heads: heads.get(lane)! });
    if (outcome === undefined) order.emptied(lane);
    else if ("placed" in outcome) order.placed(lane, outcome.placed);
    else if (endOverdue(draft, watch, lane, outcome)) heads.delete(lane);
    else {
      lanes.set(lane.share, outcome);
      if (order.blocked(lane, outcome.reason) === "queue") holder = outcome;
      if (lanes.size === 1) keepOfMachine(world, queue, outcome);
      draft.blocked.set(queue.arn, { ...(holder !== undefined && { head: holder }), lanes });
      if (holder !== undefined) break;
    }
  }
  draft.wakes.push(watch.close());
  if (holder !== undefined) draft.wakes.push(order.turnEndsAt?.() ?? Infinity);
  return holder === undefined || queue.backfills !== true || fillBehind(draft, queue, order, holder.jobId);
}

/**
 * Who waits for an instance would wait for ever beside jobs that take shares of the machine as soon as some is free: so those of the queues that are served
 * later leave it as much as the instance needs.
 */
function keepOfMachine(world: World, queue: Queue, { jobId, reason }: BlockedHead): void {
  if (reason.kind !== "capacity" || reason.launching !== undefined) return;
  const type = instanceWaitedFor(world, queue, demandOf(world.waitingJob(jobId)));
  if (type === undefined) return;
  world.instances.keptOfMachine.vcpuMilli += type.vcpuMilli;
  world.instances.keptOfMachine.memoryMiB += type.memoryMiB;
  world.instances.keptOfMachine.gpus += type.gpus;
}

/** Ends a job that holds up its lane for longer than the queue allows. False when it may go on waiting. */
function endOverdue(draft: Draft, watch: HeadWatch, { share }: Lane, { jobId, reason }: BlockedHead): boolean {
  const end = watch.ended(share, jobId, reason);
  if (end !== undefined) apply(draft, end);
  return end !== undefined;
}

function apply({ world, changes }: Draft, change: JobChange): void {
  world.apply(change);
  changes.push(change);
}

function fillBehind(draft: Draft, queue: Queue, order: Order, headJobId: string): boolean {
  const { world, now, short, blockedShapes } = draft;
  return fillGaps({
    ...{ world, now, queue, order, headJobId },
    hasRoom: (shape, environmentArn) => {
      const lack = shortage(world, shape.demand);
      if (lack !== undefined) short.set(shape.key, lack);
      // Of a queue's maximum of running jobs, one is left to the head.
      if (world.activeJobs(queue.arn) + 1 >= (queue.maxRunningJobs ?? Infinity)) return false;
      const one = { ...queue, environmentArns: [environmentArn] };
      return lack === undefined && placeShape(world, shape, one, blockedShapes).kind === "fits";
    },
    mayStart: () => draft.changes.length < MAX_PLACEMENTS_PER_TICK,
    start: (job, spot) => startJob(draft, job, spot),
  });
}

/** Starts the first job of a lane that may start; undefined when none is left to try. */
function placeNext(
  draft: Draft,
  queue: Queue,
  { order, lane, heads }: { order: Order; lane: Lane; heads: TinyQueue<WaitingShape> },
): { readonly placed: Job } | BlockedHead | undefined {
  const { world, short } = draft;
  for (let shape = heads.pop(); shape !== undefined; shape = heads.pop()) {
    const { job } = shape.entries.peek()!;
    if (world.crowding(job.parent?.id ?? job.id) !== undefined) world.waitingJobs(queue.arn)!.park(shape);
    else {
      const lack = shortage(world, shape.demand);
      if (lack !== undefined) {
        short.set(shape.key, lack);
        continue;
      }
      const refusal = fullQueue(world, queue) ?? order.refusal?.(lane, job);
      if (refusal !== undefined) return { jobId: nextId(world, job), reason: refusal };
      const placement = placeShape(world, shape, queue, draft.blockedShapes);
      if (placement.kind === "blocked") return { jobId: nextId(world, job), reason: placement.reason };
      startJob(draft, job, placement);
      if (!isArrayParent(job)) shape.entries.pop();
      if (dropStale(shape, world.waits) !== undefined) heads.push(shape);
      return { placed: job };
    }
    if (dropStale(shape, world.waits) !== undefined) heads.push(shape);
  }
  return undefined;
}

type QueueLimit = Extract<BlockedReason, { readonly kind: "queue-limit" }>;

/** The limit of a queue of which as many jobs as may hold capacity. */
export function fullQueue(world: World, { arn, maxRunningJobs: limit }: Queue): QueueLimit | undefined {
  return limit !== undefined && world.activeJobs(arn) >= limit ? { kind: "queue-limit", limit } : undefined;
}

function placeShape(world: World, shape: WaitingShape, queue: Queue, blockedShapes: Map<string, BlockedReason>) {
  const key = `${shape.key} ${queue.environmentArns.join(" ")}`;
  const known = blockedShapes.get(key);
  if (known !== undefined) return { kind: "blocked", reason: known } as const;
  const placement = place(world, shape.demand, queue);
  if (placement.kind === "blocked") blockedShapes.set(key, placement.reason);
  return placement;
}

/** `entered`: the job as it is among the waiting ones; of an array its next child starts. */
function startJob(draft: Draft, entered: Job, spot: Spot): void {
  const { world, now } = draft;
  const { environment, instanceIds } = spot;
  const job = world.jobs.get(entered.id)!;
  const gpuIds = gpusFor(world, job, spot);
  const binding: Binding = {
    driver: driverFor(world, spot, job.scheduling.needsImage),
    environmentArn: environment.arn,
    ...(instanceIds !== undefined && { instanceIds }),
    ...(gpuIds !== undefined && { gpuIds }),
  };
  const change = isArrayParent(job)
    ? startNextChild(world, job, binding, now)
    : {
        kind: "job-changed" as const,
        jobId: job.id,
        ...(job.parent !== undefined && { parent: job.parent }),
        state: bound(job, binding, now, world.era),
      };
  apply(draft, change);
}

/** The job goes on holding what it holds until its attempt is over. */
function preempt(draft: Draft, { job, reason }: Preemption): void {
  apply(draft, jobChange(draft.world, job, preempting(job.state, reason, draft.now)));
}

function startNextChild(world: World, parent: Job, binding: Binding, now: number): JobChange {
  const index = world.arrays.get(parent.id)!.next()!;
  const jobId = childId(parent.id, index);
  const child: Job = { ...parent, id: jobId, state: { status: "RUNNABLE", attempts: [] } };
  return { kind: "job-changed", jobId, parent: { id: parent.id, index }, state: bound(child, binding, now, world.era) };
}

function nextId(world: World, job: Job): string {
  return isArrayParent(job) ? childId(job.id, world.arrays.get(job.id)!.next()!) : job.id;
}
