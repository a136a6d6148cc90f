import type { Change } from "../core/changes.ts";
import type { Plan } from "../core/plan.ts";
import type { World } from "../core/world.ts";

/**
 * Sees what the engine does, once it is committed: what is kept for charts, counted for others and traced hangs on this. Nobody waits for it, it changes
 * nothing, and what it throws is told and forgotten. It must cost in what has changed, not in what there is.
 */
export interface EngineObserver {
  /** In the same breath as the commit. */
  committed(report: TickReport): void;
  /** A tick is over, with all that followed from it. `commitMs` is absent when it had nothing to commit. */
  ticked(tick: { readonly tookMs: number; readonly commitMs?: number; readonly hasFailed: boolean }): void;
}

export interface TickReport {
  /** With the changes. It stays the same one until a tick fails. */
  readonly world: World;
  readonly plan: Pick<Plan, "changes" | "blocked">;
  readonly changes: readonly Change[];
  /** It was read for this tick. */
  readonly isNewWorld: boolean;
  /** Epoch ms. */
  readonly at: number;
}
