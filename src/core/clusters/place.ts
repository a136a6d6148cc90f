import type { DriverName } from "../driver-name.ts";

/** What an environment is in the cluster that its `driver` speaks to. */
export interface ClusterShare {
  readonly namespace: string;
  /** So many pods may wait for a place there at a time: an autoscaler sees demand, and the order of all others stays the scheduler's. */
  readonly pendingPods: number;
}

/** Where the jobs of an environment that is in a cluster run, or why they cannot. */
export type ClusterPlace =
  | { readonly kind: "in-cluster"; readonly driver: DriverName; readonly share: ClusterShare }
  | { readonly kind: "unusable"; readonly problem: string };
