import type { ClusterShare } from "./clusters/place.ts";
import type { DriverName } from "./driver-name.ts";
import type { Host } from "./instances/host.ts";
import type { Launching } from "./instances/instance.ts";

/** Life of compute environments and job queues (reference: CEStatus, JQStatus). DELETED is the absence of the resource. */
export type ResourceStatus = "CREATING" | "UPDATING" | "DELETING" | "VALID" | "INVALID";

/** A compute environment as the scheduler sees it. */
export interface Environment {
  readonly arn: string;
  /** Raised with each write of the resource; a change made for an older version is not committed. */
  readonly version: number;
  readonly enabled: boolean;
  readonly status: ResourceStatus;
  /** computeResources.maxvCpus in milli-vCPU; service environments and UNMANAGED ones have no such bound. */
  readonly maxVcpuMilli: number;
  /** Service environments only: the most instances at once, by type, or of all types together under NUM_INSTANCES (reference 3.8). */
  readonly maxInstances?: ReadonlyMap<string, number>;
  /** Jobs run on instances: launched for them, or registered. Without it the environment is a share of the machine's own capacity. */
  readonly instances?: Launching;
  /** Jobs run as pods of a cluster, which places them on machines of its own. */
  readonly cluster?: ClusterShare;
  readonly isFargate: boolean;
  /** Multi-node parallel jobs do not run there: on On-Demand instances only, of managed environments (reference 3.3). */
  readonly takesNoNodes?: true;
  /** computeResources.type SPOT or FARGATE_SPOT. */
  readonly isSpot?: true;
  /** FARGATE_SPOT: a task is taken back so long after it ran. Injected, to see how jobs bear it. */
  readonly interruptTasksAfterMs?: number;
  /** UNMANAGED: its instances are the user's own machines, of which `hosts` are registered. Nothing is launched there. */
  readonly isUnmanaged: boolean;
  readonly hosts?: readonly Host[];
  /** unmanagedvCpus: how much a fair-share reservation is a part of. Nothing else goes by it. */
  readonly unmanagedVcpuMilli?: number;
  /** Why it is INVALID, or will be as soon as it is no longer CREATING or UPDATING. */
  readonly problem?: string;
  /** While it is INVALID: its statusReason. */
  readonly invalidReason?: string;
  /** While it is UPDATING: its instances are replaced. */
  readonly replacement?: Replacement;
  /** From the tag `longshore:driver`, else the server's default. */
  readonly driver: DriverName | "auto";
}

/**
 * An infrastructure update (reference 6.7): instances that were launched before it take no more jobs and go when theirs have ended. In a share of the
 * machine there are none to replace; jobs end there only where they are to end at once.
 */
export interface Replacement {
  /** Epoch ms, of the update. */
  readonly at: number;
  /** Epoch ms: jobs that still run on such an instance are told to end. */
  readonly jobsEndAt: number;
}

/** A job queue as the scheduler sees it. */
export interface Queue {
  readonly arn: string;
  readonly version: number;
  readonly status: ResourceStatus;
  readonly priority: number;
  /** ARNs, in the order in which they are tried. */
  readonly environmentArns: readonly string[];
  /** Without one the queue is served first in, first out. */
  readonly policyArn?: string;
  /** How many of its jobs may hold capacity at a time. */
  readonly maxRunningJobs?: number;
  /** Whether jobs may start before the blocked one at the head, where that does not delay it. */
  readonly backfills?: boolean;
  readonly timeLimits?: readonly TimeLimit[];
}

/** What becomes of a job that is at the head of its queue for too long, and why it is (reference 3.10). */
export interface TimeLimit {
  /** The statusReason up to its " - ". */
  readonly reason: string;
  readonly maxTimeSeconds: number;
  readonly action: "CANCEL" | "TERMINATE";
}

/** A scheduling policy as the scheduler sees it (reference 7.3, 3.9). */
export type SchedulingPolicy = FairSharePolicy | { readonly kind: "quota-share"; readonly arn: string };

export interface FairSharePolicy {
  readonly kind: "fair-share";
  readonly arn: string;
  /** 0 means the built-in minimum (reference 10, no. 34). */
  readonly decaySeconds: number;
  /** computeReservation, 0 to 99. */
  readonly reservationPercent: number;
  readonly weights: readonly ShareWeight[];
}

export interface ShareWeight {
  /** A share identifier, or the beginning of some and a `*`. */
  readonly identifier: string;
  /** 0.0001 to 999.9999: the higher, the less a share gets. */
  readonly weight: number;
}

/** A quota share as the scheduler sees it (reference 3.9). */
export interface QuotaShare {
  readonly arn: string;
  readonly version: number;
  readonly status: ResourceStatus;
  readonly enabled: boolean;
  /** Its own instances at once, by type. */
  readonly limits: ReadonlyMap<string, number>;
  readonly strategy: "RESERVE" | "LEND" | "LEND_AND_BORROW";
  /** LEND_AND_BORROW: how much of its own limit it may borrow beyond it; -1 is without limit. */
  readonly borrowLimitPercent: number;
  readonly inSharePreemption: boolean;
}

/** A consumable resource as the scheduler sees it (reference 3.6). */
export interface Consumable {
  readonly arn: string;
  /** What there is of it in all, in use or not; what was used up for good is no more. */
  readonly total: number;
  readonly isReplenishable: boolean;
}

/** What the machine, or one instance, holds. */
export interface Capacity {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  /** Absent: none. */
  readonly gpus?: number;
}

/** The tag by which a compute environment picks its driver. */
export const DRIVER_TAG = "longshore:driver";

/** AWS's words for a resource that can be used (reference 6.2). */
export const HEALTHY = { environment: "ComputeEnvironment Healthy", queue: "JobQueue Healthy" } as const;

/** computeResources.type FARGATE or FARGATE_SPOT. */
export function isFargate(type: string | undefined): boolean {
  return type?.startsWith("FARGATE") === true;
}

/** computeResources.type SPOT or FARGATE_SPOT. */
export function isSpot(type: string | undefined): boolean {
  return type?.endsWith("SPOT") === true;
}

/** These, by ARN, and no others. */
export function refill<Resource extends { readonly arn: string }>(
  resources: Map<string, Resource>,
  all: readonly Resource[],
) {
  resources.clear();
  for (const resource of all) resources.set(resource.arn, resource);
}

/** Changes what is known of one, if it is there. */
export function replaceIn<T>(resources: Map<string, T>, arn: string, change: Partial<T>): void {
  const resource = resources.get(arn);
  if (resource !== undefined) resources.set(arn, { ...resource, ...change });
}

/** A total that was lowered below what is in use ends at nothing. */
export function useUp(consumables: Map<string, Consumable>, arn: string, quantity: number): void {
  replaceIn(consumables, arn, { total: Math.max(0, (consumables.get(arn)?.total ?? 0) - quantity) });
}

export function removeHost(environments: Map<string, Environment>, environmentArn: string, hostId: string): void {
  const hosts = environments.get(environmentArn)?.hosts?.filter(({ id }) => id !== hostId);
  if (hosts !== undefined) replaceIn(environments, environmentArn, { hosts });
}
