import type { Lane, Waiting } from "../waiting.ts";
import { compareWaiting } from "../waiting.ts";
import type { Order } from "./order.ts";

/** First in, first out; the first job that cannot start holds up all others (reference 7.2; 10 no. 30). */
export function fifoOrder(lanes: readonly Lane[], waits: (entry: Waiting) => boolean): Order {
  let left = [...lanes];
  return {
    next: () => (left.length > 1 ? earliest(left, waits) : left[0]),
    placed: () => {},
    emptied(lane) {
      left = left.filter((one) => one !== lane);
    },
    blocked: () => "queue",
  };
}

function earliest(lanes: readonly Lane[], waits: (entry: Waiting) => boolean): Lane | undefined {
  let found: { readonly lane: Lane; readonly first: Waiting } | undefined;
  for (const lane of lanes) {
    const first = lane.first(waits);
    if (first !== undefined && (found === undefined || compareWaiting(first, found.first) < 0)) found = { lane, first };
  }
  return found?.lane;
}
