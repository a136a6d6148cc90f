import { architectureOf, needOfInstance } from "../instances/suitable.ts";
import type { Demand } from "../job.ts";
import { isArrayParent } from "../job.ts";
import { orderOf } from "../order/order-of.ts";
import type { BlockedReason } from "../placement.ts";
import type { Queue } from "../resources.ts";
import type { Plan } from "../plan.ts";
import type { Lane, WaitingShape } from "../waiting.ts";
import type { World } from "../world.ts";
import type { Need } from "./need.ts";

/** More jobs of one shape than this are not counted: what they need is launched in several rounds. */
const MAX_JOBS = 100_000;

/** What a job waits for that more instances would end. */
const WAITS_FOR_INSTANCES: ReadonlySet<BlockedReason["kind"]> = new Set(["capacity", "nodes", "launch-failed"]);

/**
 * The jobs of one queue that instances would be launched for, after all that could start has: shape by shape, in the order of their first jobs.
 * `roomFor` says how many jobs of a shape could be of interest. Costs in shapes and in those, not in waiting jobs.
 */
export function needsOf(
  world: World,
  queue: Queue,
  { blocked, short }: Pick<Plan, "blocked" | "short">,
  roomFor: (demand: Demand, environmentArns: readonly string[]) => number,
): Need[] {
  const environmentArns = queue.environmentArns.filter((arn) => world.environments.get(arn)?.instances !== undefined);
  if (environmentArns.length === 0) return [];
  const block = blocked.get(queue.arn);
  return lanesInOrder(world, queue).flatMap((lane) => {
    const reason = block?.lanes.get(lane.share)?.reason;
    if (reason !== undefined && !WAITS_FOR_INSTANCES.has(reason.kind)) return [];
    return shapesInOrder(world, lane).flatMap(({ key, demand, entries }) => {
      if (short.has(key) || demand.needsFargate === true) return [];
      const most = Math.min(MAX_JOBS, roomFor(demand, environmentArns), withConsumables(world, demand));
      const count = countWaiting(world, entries.data, most);
      return count === 0 ? [] : [toNeed(queue, lane, key, demand, environmentArns, count)];
    });
  });
}

function toNeed(
  queue: Queue,
  lane: Lane,
  key: string,
  demand: Demand,
  environmentArns: readonly string[],
  count: number,
): Need {
  return {
    key: `${environmentArns.join()} ${key}`,
    requirements: needOfInstance(demand),
    architecture: architectureOf(demand),
    ...(demand.nodes !== undefined && { nodes: demand.nodes.count }),
    environmentArns,
    count,
    // Where gaps are filled, those behind a job that waits may start before it.
    ...(queue.backfills !== true && { line: `${queue.arn} ${lane.share}` }),
  };
}

/** The lanes as their first jobs would have their turns. */
function lanesInOrder(world: World, queue: Queue): Lane[] {
  const order = orderOf(world, queue, () => {});
  const lanes: Lane[] = [];
  for (let lane = order.next(); lane !== undefined; lane = order.next()) {
    lanes.push(lane);
    order.emptied(lane);
  }
  return lanes;
}

function shapesInOrder(world: World, lane: Lane): WaitingShape[] {
  const heads = lane.heads(world.waits);
  const shapes: WaitingShape[] = [];
  for (let shape = heads.pop(); shape !== undefined; shape = heads.pop()) shapes.push(shape);
  return shapes;
}

/** How many jobs could hold what they need of consumable resources at once. */
function withConsumables(world: World, { consumables = [] }: Demand): number {
  return consumables.reduce((most, { arn, quantity }) => {
    const left = (world.consumables.get(arn)?.total ?? 0) - world.inUse(arn);
    return quantity > 0 ? Math.min(most, Math.max(0, Math.floor(left / quantity))) : most;
  }, Infinity);
}

/** Children without a record count one by one, as many as may run beside their siblings. */
function countWaiting(world: World, entries: WaitingShape["entries"]["data"], most: number): number {
  let count = 0;
  for (const entry of entries) {
    if (count >= most) return most;
    if (!world.waits(entry)) continue;
    const { job } = entry;
    count += isArrayParent(job) ? childrenThatMayStart(world, job.id) : 1;
  }
  return Math.min(count, most);
}

function childrenThatMayStart(world: World, arrayId: string): number {
  const progress = world.arrays.get(arrayId)!;
  const limit = world.jobs.get(arrayId)!.scheduling.maxActiveChildren ?? Infinity;
  const active = progress.count("STARTING") + progress.count("RUNNING");
  return Math.max(0, Math.min(progress.size - progress.recorded, limit - active));
}
