import { architectureOf, needOfInstance, takesNodesOf } from "../instances/suitable.ts";
import type { Demand } from "../job.ts";
import { isArrayParent } from "../job.ts";
import type { Order } from "../order/order.ts";
import { orderOf } from "../order/order-of.ts";
import type { BlockedReason } from "../placement.ts";
import { accepts, misfitOf } from "../placement.ts";
import type { Environment, Queue } from "../resources.ts";
import type { Plan } from "../plan.ts";
import type { Lane, Waiting, WaitingShape } from "../waiting.ts";
import type { World } from "../world.ts";
import type { Need, Take } from "./need.ts";

/** What a job waits for that more instances would end. */
const WAITS_FOR_INSTANCES: ReadonlySet<BlockedReason["kind"]> = new Set(["capacity", "nodes", "launch-failed"]);

/**
 * The jobs of one queue that instances would be launched for, after all that could start has: shape by shape, in the order of their first jobs. Costs in
 * shapes, not in waiting jobs.
 */
export function needsOf(world: World, queue: Queue, { blocked, short }: Pick<Plan, "blocked" | "short">): Need[] {
  const environments = queue.environmentArns.flatMap((arn) => world.environments.get(arn) ?? []).filter(accepts);
  const environmentArns = environments.filter(({ instances }) => instances !== undefined).map(({ arn }) => arn);
  const shares = environments.filter((one) => one.instances === undefined && !one.isUnmanaged);
  if (environmentArns.length === 0 && shares.length === 0) return [];
  const block = blocked.get(queue.arn);
  const order = orderOf(world, queue, world.shares.askedAt, () => {});
  const budget: Budget = {
    jobs: Math.max(0, (queue.maxRunningJobs ?? Infinity) - world.activeJobs(queue.arn)),
    vcpuMilli: order.unreservedVcpuMilli?.() ?? Infinity,
  };
  return lanesInOrder(order).flatMap((lane) => {
    const reason = block?.lanes.get(lane.share)?.reason;
    if (reason !== undefined && !WAITS_FOR_INSTANCES.has(reason.kind)) return [];
    return shapesInOrder(world, lane)
      .filter(({ key }) => !short.has(key))
      .map((shape, index) => toNeed({ world, queue, lane, environmentArns, shares, budget }, shape, index === 0));
  });
}

/** What all jobs of a queue that are launched for may come to: its own limits. */
interface Budget {
  jobs: number;
  vcpuMilli: number;
}

interface Context {
  readonly world: World;
  readonly queue: Queue;
  readonly lane: Lane;
  readonly environmentArns: readonly string[];
  /** Those that are shares of the machine. */
  readonly shares: readonly Environment[];
  readonly budget: Budget;
}

/** `isFirst`: of its lane. A reservation is there for the first job of a share. */
function toNeed(
  { world, queue, lane, shares, budget, ...context }: Context,
  { key, demand, entries }: WaitingShape,
  isFirst: boolean,
): Need {
  const { vcpuMilli } = demand.requirements;
  const able = context.environmentArns.filter((arn) => takesNodesOf(demand, world.environments.get(arn)!));
  const environmentArns = demand.needsFargate === true ? [] : able;
  const couldShare = shares.some((one) => isBelowMaximum(world, one, demand));
  const withinBudget = (jobs: number): number => {
    const most = Math.max(isFirst ? 1 : 0, Math.floor(budget.vcpuMilli / Math.max(1, vcpuMilli)));
    return Math.min(jobs, budget.jobs, most);
  };
  return {
    key: `${environmentArns.join()} ${key}`,
    requirements: needOfInstance(demand),
    architecture: architectureOf(demand),
    ...(demand.nodes !== undefined && { nodes: demand.nodes.count }),
    ...(demand.instanceType !== undefined && { instanceType: demand.instanceType }),
    ...(couldShare && { share: demand.requirements }),
    environmentArns,
    queueArn: queue.arn,
    about: entries.length - 1 + jobsOf(world, entries.peek()!),
    jobs() {
      const take = takeWaiting(world, entries.data, withinBudget(withConsumables(world, demand)));
      return (most) => {
        const taken = take(most);
        budget.jobs -= taken;
        budget.vcpuMilli -= taken * vcpuMilli;
        return taken;
      };
    },
    // Where gaps are filled, those behind a job that waits may start before it.
    ...(queue.backfills !== true && { line: `${queue.arn} ${lane.share}` }),
  };
}

/** Whether only the machine keeps a share of it from taking a job. */
function isBelowMaximum(world: World, environment: Environment, demand: Demand): boolean {
  const left = environment.maxVcpuMilli - world.usedVcpuMilli(environment.arn);
  return demand.requirements.vcpuMilli <= left && misfitOf(world, environment, demand) === undefined;
}

/** The lanes as their first jobs would have their turns. Ends the order's own use. */
function lanesInOrder(order: Order): Lane[] {
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

/** Gives out the jobs that wait, never more than `most` in all. */
function takeWaiting(world: World, entries: readonly Waiting[], most: number): Take {
  let left = most;
  let at = 0;
  /** Of the entry that was looked at last. */
  let open = 0;
  return (wanted) => {
    let taken = 0;
    const limit = Math.min(wanted, left);
    while (taken < limit && (open > 0 || at < entries.length)) {
      if (open === 0) open = jobsOf(world, entries[at++]!);
      const some = Math.min(open, limit - taken);
      taken += some;
      open -= some;
    }
    left -= taken;
    return taken;
  };
}

/** None when the entry no longer waits. Children without a record count one by one, as many as may run beside their siblings. */
function jobsOf(world: World, entry: Waiting): number {
  if (!world.waits(entry)) return 0;
  return isArrayParent(entry.job) ? childrenThatMayStart(world, entry.job.id) : 1;
}

function childrenThatMayStart(world: World, arrayId: string): number {
  const progress = world.arrays.get(arrayId)!;
  const limit = world.jobs.get(arrayId)!.scheduling.maxActiveChildren ?? Infinity;
  const active = progress.count("STARTING") + progress.count("RUNNING");
  return Math.max(0, Math.min(progress.size - progress.recorded, limit - active));
}
