import type { JobChange } from "./changes.ts";
import type { Shortage } from "./shortage.ts";
import { shortage } from "./shortage.ts";
import { childId } from "./ids.ts";
import type { Job } from "./job.ts";
import { isArrayParent } from "./job.ts";
import type { BlockedReason } from "./placement.ts";
import { driverFor, place } from "./placement.ts";
import type { Environment, Queue } from "./resources.ts";
import { bound } from "./tasks/task-lifecycle.ts";
import type { Waiting, WaitingShape } from "./waiting.ts";
import { dropStale } from "./waiting.ts";
import type { World } from "./world.ts";

/** What one tick decided. */
export interface Plan {
  readonly changes: readonly JobChange[];
  /** By queue ARN: the job at the head that cannot start, and why. Those behind it wait for it (strict FIFO). */
  readonly blocked: ReadonlyMap<string, BlockedHead>;
  /** By shape: what its jobs lack of a consumable resource. They wait, and those behind them do not. */
  readonly short: ReadonlyMap<string, Shortage>;
  /** The limit of placements was reached; the next tick goes on at once. */
  readonly isPartial: boolean;
}

export interface BlockedHead {
  readonly jobId: string;
  readonly reason: BlockedReason;
}

/** Bounds how long one tick can hold the event loop and how large its commit gets. */
const MAX_PLACEMENTS_PER_TICK = 1_000;

/**
 * Places RUNNABLE jobs: queues by priority, FIFO within a queue, the head blocking those behind it (reference 7.1, 7.2), unless what it
 * waits for is a consumable resource (10 no. 31) or the end of its own siblings. Costs in the number of shapes and placements, not of waiting jobs. Applies each placement
 * to the world and returns them.
 */
export function schedule(world: World, now: number): Plan {
  const draft: Draft = { world, now, changes: [], blocked: new Map(), short: new Map(), blockedShapes: new Map() };
  const isPartial = [...world.queues.values()].sort(byPriority).some((queue) => !placeQueue(draft, queue));
  const { changes, blocked, short } = draft;
  return { changes, blocked, short, isPartial };
}

/** The plan as far as it is made. */
interface Draft {
  readonly world: World;
  readonly now: number;
  readonly changes: JobChange[];
  readonly blocked: Map<string, BlockedHead>;
  readonly short: Map<string, Shortage>;
  /** Capacity only shrinks within a tick, so a shape that did not fit once does not fit again. */
  readonly blockedShapes: Map<string, BlockedReason>;
}

/** Places one queue's jobs up to the first that cannot start. False when the tick has placed as many as it may. */
function placeQueue(draft: Draft, queue: Queue): boolean {
  const { world, now, changes, blocked, short, blockedShapes } = draft;
  const stillWaits = (entry: Waiting): boolean => world.stillWaits(entry);
  const waiting = world.waitingJobs(queue.arn);
  if (waiting === undefined) return true;
  const heads = waiting.heads(stillWaits);
  for (let shape = heads.pop(); shape !== undefined; shape = heads.pop()) {
    if (changes.length >= MAX_PLACEMENTS_PER_TICK) return false;
    const { job } = shape.entries.peek()!;
    if (world.crowding(job.parent?.id ?? job.id) !== undefined) waiting.park(shape);
    else {
      const lack = shortage(world, shape.demand);
      if (lack !== undefined) {
        short.set(shape.key, lack);
        continue;
      }
      const placement = placeShape(world, shape, queue, blockedShapes);
      if (placement.kind === "blocked") {
        blocked.set(queue.arn, { jobId: nextId(world, job), reason: placement.reason });
        return true;
      }
      changes.push(start(world, shape, placement.environment, now));
    }
    if (dropStale(shape, stillWaits) !== undefined) heads.push(shape);
  }
  return true;
}

function placeShape(world: World, shape: WaitingShape, queue: Queue, blockedShapes: Map<string, BlockedReason>) {
  const key = `${shape.key} ${queue.environmentArns.join(" ")}`;
  const known = blockedShapes.get(key);
  if (known !== undefined) return { kind: "blocked", reason: known } as const;
  const placement = place(world, shape.demand, queue);
  if (placement.kind === "blocked") blockedShapes.set(key, placement.reason);
  return placement;
}

function start(world: World, shape: WaitingShape, environment: Environment, now: number): JobChange {
  const job = world.jobs.get(shape.entries.peek()!.job.id)!;
  const driver = driverFor(world, environment, job.scheduling.needsImage);
  const change = isArrayParent(job)
    ? startNextChild(world, job, environment, driver, now)
    : {
        kind: "job-changed" as const,
        jobId: job.id,
        ...(job.parent !== undefined && { parent: job.parent }),
        state: bound(job, environment.arn, driver, now),
      };
  if (!isArrayParent(job)) shape.entries.pop();
  world.apply(change);
  return change;
}

function startNextChild(
  world: World,
  parent: Job,
  environment: Environment,
  driver: ReturnType<typeof driverFor>,
  now: number,
): JobChange {
  const index = world.arrays.get(parent.id)!.next()!;
  const jobId = childId(parent.id, index);
  const child: Job = { ...parent, id: jobId, state: { status: "RUNNABLE", attempts: [] } };
  return {
    kind: "job-changed",
    jobId,
    parent: { id: parent.id, index },
    state: bound(child, environment.arn, driver, now),
  };
}

function nextId(world: World, job: Job): string {
  return isArrayParent(job) ? childId(job.id, world.arrays.get(job.id)!.next()!) : job.id;
}

/** Higher first (reference 7.1); ties by name, so that the order never depends on the Map's. */
function byPriority(a: Queue, b: Queue): number {
  return b.priority - a.priority || (a.arn < b.arn ? -1 : 1);
}
