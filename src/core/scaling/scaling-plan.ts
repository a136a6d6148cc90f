import type { InstanceType } from "../instances/instance.ts";
import type { ScalingReason } from "./scaling-reason.ts";

/** What becomes of an environment's instances. */
export interface ScalingPlan {
  readonly launches: readonly Launches[];
  readonly terminations: readonly Termination[];
  /** Epoch ms: when time alone changes the plan. */
  readonly wakeAt?: number;
}

/** So many of one type. */
export interface Some {
  readonly type: InstanceType;
  readonly count: number;
}

export interface Launches extends Some {
  readonly environmentArn: string;
  readonly because: ScalingReason;
}

export interface Termination {
  readonly environmentArn: string;
  readonly instanceId: string;
  readonly because: ScalingReason;
}
