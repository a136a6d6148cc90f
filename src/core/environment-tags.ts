import type { Fate } from "./instances/instance.ts";
import { countIn } from "./submission/own-tags.ts";

/** Tags of compute environments that say what AWS Batch has no member for: docs/instances.md. */

/** `shared`: an environment of type EC2 or SPOT has no instances of its own, its jobs take their shares of the machine. */
export const CAPACITY_TAG = "longshore:capacity";
export const CAPACITIES = ["instances", "shared"] as const;

/** For how many seconds an instance is on its way, from its launch until it runs. */
export const BOOT_SECONDS_TAG = "longshore:boot-seconds";

/** No instance can be launched, for this reason. */
export const LAUNCH_FAILURE_TAG = "longshore:launch-failure";

/** `true`: instances are launched and never register with their cluster. */
export const NEVER_JOINS_TAG = "longshore:never-joins";

/** Of SPOT and FARGATE_SPOT: after so many seconds an instance, or a task, is taken back. */
export const INTERRUPT_TAG = "longshore:interrupt-after-seconds";

/** What the tags want to happen to instances and tasks; undefined when nothing special is. */
export function askedFate(tags: Readonly<Record<string, string>>, isSpot: boolean): Fate | undefined {
  const bootSeconds = countIn(tags[BOOT_SECONDS_TAG]);
  const launchFailure = tags[LAUNCH_FAILURE_TAG];
  const interruptSeconds = isSpot ? countIn(tags[INTERRUPT_TAG]) : undefined;
  const fate: Fate = {
    ...(bootSeconds !== undefined && { bootMs: bootSeconds * 1000 }),
    ...(launchFailure && { launchFailure }),
    ...(tags[NEVER_JOINS_TAG] === "true" && { neverJoins: true }),
    ...(interruptSeconds !== undefined && { interruptAfterMs: interruptSeconds * 1000 }),
  };
  return Object.keys(fate).length === 0 ? undefined : fate;
}
