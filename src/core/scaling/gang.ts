import type { InstanceType } from "../instances/instance.ts";

/** Where a job of several nodes could be. */
export interface Gang {
  readonly environmentArn: string;
  readonly type: InstanceType;
  /** How many instances it lacks. */
  readonly missing: number;
  /** How far behind the oldest instance of all the last of its own is. */
  readonly behind: number;
}

/** Of what it lacks. */
export function costOf({ missing, type }: Gang): number {
  return missing * type.microUsdPerHour;
}
