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
import type { WaitingShape } from "./waiting.ts";
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
  const changes: JobChange[] = [];
  const blocked = new Map<string, BlockedHead>();
  const short = new Map<string, Shortage>();
  // Capacity only shrinks in here, so a shape that did not fit once does not fit again.
  const blockedShapes = new Map<string, BlockedReason>();
  for (const queue of [...world.queues.values()].sort(byPriority)) {
    const waiting = world.waitingJobs(queue.arn);
    const heads = waiting?.heads((entry) => world.stillWaits(entry));
    for (let shape = heads?.pop(); shape !== undefined; shape = heads?.pop()) {
      if (changes.length >= MAX_PLACEMENTS_PER_TICK) return { changes, blocked, short, isPartial: true };
      const head = shape.entries.peek()!.job;
      if (world.crowding(head.parent?.id ?? head.id) !== undefined) {
        waiting!.park(shape);
        if (dropStale(shape, (entry) => world.stillWaits(entry)) !== undefined) heads!.push(shape);
        continue;
      }
      const lack = shortage(world, shape.demand);
      if (lack !== undefined) {
        short.set(shape.key, lack);
        continue;
      }
      const placement = placeShape(world, shape, queue, blockedShapes);
      const job = shape.entries.peek()!.job;
      if (placement.kind === "blocked") {
        blocked.set(queue.arn, { jobId: nextId(world, job), reason: placement.reason });
        break;
      }
      changes.push(start(world, shape, placement.environment, now));
      if (dropStale(shape, (entry) => world.stillWaits(entry)) !== undefined) heads?.push(shape);
    }
  }
  return { changes, blocked, short, isPartial: false };
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
