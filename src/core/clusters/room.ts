import type { DriverName } from "../driver-name.ts";
import { podsOf } from "../holdings.ts";
import type { Demand } from "../job.ts";
import type { Environment } from "../resources.ts";
import type { World } from "../world.ts";
import type { ClusterShare } from "./place.ts";

/** Why no job of this demand begins in a cluster now. What of its machines is free, only the cluster knows: its pods wait there for a place. */
export type ClusterReason =
  /** maxvCpus does not suffice beside what runs. */
  | { readonly kind: "cluster-full"; readonly freeVcpuMilli: number; readonly maxVcpuMilli: number }
  /** As many pods wait for a place there as may. */
  | { readonly kind: "cluster-backlog"; readonly pods: number };

/** An environment whose jobs are pods of a cluster. */
export type ClusterEnvironment = Environment & { readonly cluster: ClusterShare; readonly driver: DriverName };

export function isInCluster(environment: Environment): environment is ClusterEnvironment {
  return environment.cluster !== undefined;
}

/** Undefined when it may begin. */
export function clusterReason(
  world: World,
  environment: ClusterEnvironment,
  demand: Demand,
): ClusterReason | undefined {
  const { arn, maxVcpuMilli, cluster } = environment;
  const freeVcpuMilli = Math.max(0, maxVcpuMilli - world.usedVcpuMilli(arn));
  if (demand.requirements.vcpuMilli > freeVcpuMilli) return { kind: "cluster-full", freeVcpuMilli, maxVcpuMilli };
  const pods = world.startingPods(arn);
  // A job of more nodes than may wait begins alone.
  const isTooMany = pods > 0 && pods + podsOf(demand) > cluster.pendingPods;
  return isTooMany ? { kind: "cluster-backlog", pods } : undefined;
}
