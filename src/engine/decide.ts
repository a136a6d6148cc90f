import { clockSet } from "../core/clock-set.ts";
import type { Change } from "../core/changes.ts";
import { BlockedHeads } from "../core/events/blocked-heads.ts";
import type { NewEvent } from "../core/events/event.ts";
import { jobEvent } from "../core/events/event.ts";
import { scalingEvent } from "../core/events/scaling-events.ts";
import type { Plan } from "../core/plan.ts";
import { reconcile } from "../core/reconcile.ts";
import { schedule } from "../core/schedule.ts";
import { idleInstances, summaries } from "../core/summaries.ts";
import type { World } from "../core/world.ts";
import { crashPoint } from "../ports/crash-points.ts";
import type { DriverName } from "../ports/driver.ts";
import type { ProvisionerEvent } from "../ports/provisioner.ts";
import { lastOfEachJob } from "./last-changes.ts";
import type { ObservedInstances } from "./observe-instances.ts";
import { observeInstances, observeNewInstances } from "./observe-instances.ts";
import type { Observed, ReportedEvent } from "./observe.ts";
import { observe, observeNewWorld } from "./observe.ts";

export interface Situation {
  readonly reported: readonly ReportedEvent[];
  readonly reportedInstances: readonly ProvisionerEvent[];
  /** The world was read for this tick. */
  readonly isNewWorld: boolean;
  readonly now: number;
  /** The machine's clock was set forward by so much since the last tick, ms; negative: back. */
  readonly clockSetByMs: number;
  hasDriver(driver: DriverName): boolean;
}

export interface Decision {
  readonly instances: ObservedInstances;
  readonly observed: Observed;
  readonly plan: Plan;
  /** All that is to be committed. The world is as though it were. */
  readonly changes: readonly Change[];
  /** What is told of it, in the order in which it happened. */
  readonly events: readonly NewEvent[];
}

/** A world that is dropped takes with it what was not committed, and so not told. */
const blockedHeads = new WeakMap<World, BlockedHeads>();

function blockedHeadsOf(world: World): BlockedHeads {
  let heads = blockedHeads.get(world);
  if (heads === undefined) blockedHeads.set(world, (heads = new BlockedHeads()));
  return heads;
}

/** Steps 3 to 5 of a tick: observe, reconcile, schedule. */
export function decide(world: World, situation: Situation): Decision {
  const { reported, reportedInstances, isNewWorld, now, clockSetByMs, hasDriver } = situation;
  const moved = clockSetByMs === 0 ? [] : clockSet(world, clockSetByMs);
  const instances = observeInstances(world, reportedInstances, now);
  const observed = observe(world, reported, now);
  if (isNewWorld) observeNewWorld(world, observed, hasDriver, now);
  if (isNewWorld) observeNewInstances(world, instances);
  crashPoint("tick.observe");
  const reconciled = reconcile(world, now);
  crashPoint("tick.reconcile");
  const plan = schedule(world, now);
  const changes = lastOfEachJob([
    ...moved,
    ...instances.changes,
    ...observed.changes,
    ...reconciled,
    ...plan.changes,
    ...plan.instanceChanges,
    ...summaries(world),
    ...idleInstances(world),
  ]);
  const events: NewEvent[] = [
    ...world.instances.told.splice(0).flatMap((one) => scalingEvent(one) ?? []),
    ...world.transitions.splice(0).map(jobEvent),
    ...blockedHeadsOf(world).news(world, plan),
  ];
  return { instances, observed, plan, changes, events };
}
