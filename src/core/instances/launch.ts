import type { InstanceChange } from "../changes.ts";
import { hexId } from "../ids.ts";
import type { World } from "../world.ts";
import type { InstanceType } from "./instance.ts";

/** The change by which the next instance of an environment is to be launched. Applied before the next one is asked for. */
export function launch(world: World, environmentArn: string, type: InstanceType, now: number): InstanceChange {
  const seq = world.instances.lastSeq + 1;
  const instanceId = `i-${hexId(`${environmentArn} instance ${seq}`, 17)}`;
  const instance = { id: instanceId, seq, environmentArn, type, status: "launching", launchedAt: now } as const;
  return { kind: "instance-launched", instanceId, instance };
}
