import type { InstanceChange } from "../changes.ts";
import { hexId } from "../ids.ts";
import type { ScalingReason } from "../scaling/scaling-reason.ts";
import type { World } from "../world.ts";
import type { Instance, InstanceType } from "./instance.ts";

export interface LaunchOptions {
  /** It stands for this one. */
  readonly host?: string;
  readonly because?: ScalingReason;
}

/** The change by which the next instance of an environment is to be launched. Applied before the next one is asked for. */
export function launch(
  world: World,
  environmentArn: string,
  type: InstanceType,
  now: number,
  { host, because }: LaunchOptions = {},
): InstanceChange {
  const seq = world.instances.lastSeq + 1;
  const instanceId = `i-${hexId(`${environmentArn} instance ${seq}`, 17)}`;
  const { areSlices, fate, isSpot } = world.environments.get(environmentArn)?.instances ?? {};
  const instance: Instance = {
    ...{ id: instanceId, seq, environmentArn, type, status: "launching", launchedAt: now },
    ...(areSlices !== undefined && { isSlice: areSlices }),
    ...(fate !== undefined && { fate }),
    ...(isSpot === true && { isSpot }),
    ...(host !== undefined && { host }),
  };
  return { kind: "instance-launched", instanceId, instance, ...(because !== undefined && { because }) };
}
