import type { Change } from "../core/changes.ts";
import type { AttemptUse } from "../core/cost/attempt-use.ts";
import { priced } from "../core/cost/attempt-use.ts";
import type { PriceBook } from "../core/cost/price.ts";
import { NO_PRICES } from "../core/cost/price.ts";
import { runningUses } from "../core/cost/use-of.ts";
import type { World } from "../core/world.ts";

/** What attempts cost is worked out once, when they end: prices that change later change nothing. */
export function withPrices(changes: readonly Change[], prices: PriceBook = NO_PRICES): readonly Change[] {
  return changes.map((change) =>
    change.kind === "job-changed" && change.uses !== undefined
      ? { ...change, uses: change.uses.map((use) => priced(use, prices)) }
      : change,
  );
}

/** What attempts that run have cost until now; none while there is no world. */
export function costsUntilNow(world: World | undefined, now: number, prices: PriceBook = NO_PRICES): AttemptUse[] {
  return world === undefined ? [] : runningUses(world, now).map((use) => priced(use, prices));
}
