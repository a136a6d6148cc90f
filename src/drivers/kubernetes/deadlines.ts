import type { Pod } from "./api/objects.ts";
import type { NodeCondition } from "./pod-context.ts";
import type { Patience } from "./patience.ts";
import { instantOf } from "./times.ts";

/** When a pod is given up, and why. */
export interface Deadline {
  /** By the clock. */
  readonly at: number;
  readonly why: string;
}

/** What is known of a pod that is not over. */
export interface Watched {
  readonly pod: Pod;
  readonly node: NodeCondition;
  /** When the node was first seen to be away. */
  readonly nodeAwaySince: number | undefined;
  /** When the API was asked to delete it, or it was seen to be deleted. */
  readonly deletedSince: number | undefined;
}

/** When it counts as lost: nobody will ever tell how it ended. Undefined as long as the cluster can tell. */
export function lostAt({ pod, node, nodeAwaySince, deletedSince }: Watched, patience: Patience): Deadline | undefined {
  const { nodeName } = pod.spec ?? {};
  if (!nodeName) return undefined;
  const killAt = deletedSince === undefined ? undefined : deletedSince + graceMs(pod);
  if ((node.kind === "gone" || node.kind === "not-ready") && nodeAwaySince !== undefined) {
    const [away, mostMs] =
      node.kind === "gone"
        ? [`The node ${nodeName} is not in the cluster any more`, patience.goneNodeMs]
        : [`The node ${nodeName} is not ready: ${node.why}`, patience.nodeMs];
    // Who is away and has been asked to kill it will not tell of it any more, and the cluster has given it up too.
    const awayAt = nodeAwaySince + mostMs;
    const at = killAt === undefined ? awayAt : Math.min(awayAt, Math.max(killAt, nodeAwaySince) + patience.goneNodeMs);
    return { at, why: away };
  }
  if (killAt === undefined) return undefined;
  return { at: killAt + patience.killMs, why: `The node ${nodeName} does not tell how the pod ended` };
}

function graceMs({ metadata }: Pod): number {
  return (metadata?.deletionGracePeriodSeconds ?? 0) * 1000;
}

/** Since when a node that has the pod has not got any of its containers to begin. Undefined where it has, or has none. */
export function idleSince({ spec, status, metadata }: Pod): number | undefined {
  if (!spec?.nodeName || status?.phase !== "Pending" || metadata?.deletionTimestamp !== undefined) return undefined;
  const hasBegun = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].some(
    ({ state }) => state?.running !== undefined || state?.terminated !== undefined,
  );
  if (hasBegun) return undefined;
  const placed = status.conditions?.find(({ type }) => type === "PodScheduled");
  return instantOf(placed?.lastTransitionTime);
}
