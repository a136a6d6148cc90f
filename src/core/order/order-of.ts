import type { Queue } from "../resources.ts";
import type { World } from "../world.ts";
import { fifoOrder } from "./fifo.ts";
import type { Order } from "./order.ts";

/** The order that the queue's scheduling policy asks for. */
export function orderOf(world: World, queue: Queue): Order {
  const lanes = world.waitingJobs(queue.arn)?.lanes() ?? [];
  return fifoOrder(lanes, world.waits);
}
