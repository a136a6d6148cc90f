import type { EventTargets, RetriedLetters, TargetState } from "../ports/event-targets.ts";
import type { DeliveryOptions, Target } from "./delivery.ts";
import { Delivery } from "./delivery.ts";

export interface OpenTargets extends EventTargets {
  close(): Promise<void>;
}

/** Begins to deliver events. Only the server that leads does. */
export function openTargets(targets: readonly Target[], options: DeliveryOptions): OpenTargets {
  const deliveries = targets.map((target) => new Delivery(target, options));
  return {
    async states(): Promise<TargetState[]> {
      const [{ last }, counts] = await Promise.all([options.events.bounds(), options.table.countDeadLetters()]);
      return deliveries.map((delivery) => delivery.state(last, counts.get(delivery.name) ?? 0));
    },
    async retry(query): Promise<RetriedLetters> {
      // In the order in which they were given up.
      const letters = (await options.table.deadLetters(query)).toReversed();
      let delivered = 0;
      for (const { id, target, event } of letters) {
        const delivery = deliveries.find(({ name }) => name === target);
        const problem = delivery === undefined ? "there is no such target any more" : await delivery.tryOnce(event);
        if (problem === undefined) delivered += await options.table.removeDeadLetters([id]);
        else await options.table.failedAgain(id, problem);
      }
      return { delivered, failed: letters.length - delivered };
    },
    close: async () => void (await Promise.all(deliveries.map((delivery) => delivery.close()))),
  };
}
