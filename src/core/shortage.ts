import type { Demand } from "./job.ts";
import type { World } from "./world.ts";

/** The first consumable resource of which not enough is free. `total` is absent when there is no such resource. */
export interface Shortage {
  readonly kind: "consumable";
  readonly arn: string;
  readonly quantity: number;
  readonly available: number;
  readonly total?: number;
}

/** What keeps a job from starting, of all that it has to hold at once (reference 3.6). */
export function shortage(world: World, { consumables = [] }: Demand): Shortage | undefined {
  for (const { arn, quantity } of consumables) {
    const total = world.consumables.get(arn)?.total;
    const available = Math.max(0, (total ?? 0) - world.inUse(arn));
    if (total === undefined || quantity > available) {
      return { kind: "consumable", arn, quantity, available, ...(total !== undefined && { total }) };
    }
  }
  return undefined;
}
