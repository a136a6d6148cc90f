import type { Preemption } from "../quota/claims.ts";
import type { Queue } from "../resources.ts";
import type { World } from "../world.ts";
import { FairShareOrder, fairSharePolicyOf } from "./fair-share.ts";
import { fifoOrder } from "./fifo.ts";
import type { Order } from "./order.ts";
import { quotaOrder } from "./quota.ts";

/** The order that the queue's scheduling policy asks for. `preempt` tells a job at once to end. */
export function orderOf(world: World, queue: Queue, now: number, preempt: (preemption: Preemption) => void): Order {
  const fairShare = fairSharePolicyOf(world, queue);
  if (fairShare !== undefined) return new FairShareOrder(world, queue, fairShare, now);
  return quotaOrder(world, queue, preempt) ?? fifoOrder(world.waitingJobs(queue.arn)?.lanes() ?? [], world.waits);
}
