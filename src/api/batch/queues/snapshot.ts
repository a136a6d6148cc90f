import type {
  FrontOfQueueJobSummary,
  QueueSnapshotCapacityUsage,
  QueueSnapshotUtilizationDetail,
} from "@aws-sdk/client-batch";
import type { FirstOfShares, Placed } from "../../../core/front.ts";
import type { Job } from "../../../core/job.ts";
import { requirementsOf, shareOf } from "../../../core/job.ts";
import type { QueueSettings } from "../../../ports/store.ts";
import type { BatchHandlers, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { arnOf } from "../names.ts";
import { findQueue } from "./queue-lookup.ts";
import { isQuotaManaged } from "../sharing/quota-shares.ts";

/** GetJobQueueSnapshot: what is next in a queue, and what its jobs hold (reference 7.5). */
export function snapshotHandler(backend: Backend): Required<Pick<BatchHandlers, "GetJobQueueSnapshot">> {
  return {
    async GetJobQueueSnapshot({ jobQueue }, call) {
      const { arn, settings } = await findQueue(backend, call, jobQueue);
      const isQuota = await isQuotaManaged(backend, settings);
      const { front, firstOfShares, active } = backend.scheduler.snapshot(arn);
      const lastUpdatedAt = backend.clock.now();
      const summary = summaryOf(call, settings);
      const shares = byShare(settings, active);
      return {
        frontOfQueue: { jobs: front.map(summary), lastUpdatedAt },
        ...(isQuota && { frontOfQuotaShares: { quotaShares: firsts(firstOfShares, summary), lastUpdatedAt } }),
        queueUtilization: {
          totalCapacityUsage: usageOf(settings, active),
          ...(shares !== undefined && ofShares(settings, shares, isQuota)),
          lastUpdatedAt,
        },
      };
    },
  };
}

function summaryOf(call: Call, { jobQueueType }: QueueSettings): (placed: Placed) => FrontOfQueueJobSummary {
  const type = jobQueueType === "SAGEMAKER_TRAINING" ? "service-job" : "job";
  return ({ jobId, since }) => ({ jobArn: arnOf(call, type, jobId), earliestTimeAtPosition: since });
}

function firsts(firstOfShares: FirstOfShares, summary: ReturnType<typeof summaryOf>) {
  return Object.fromEntries([...firstOfShares].map(([shareArn, placed]) => [shareName(shareArn), [summary(placed)]]));
}

/** Of an ARN its last part; an identifier is its own name. */
function shareName(share: string): string {
  return share.slice(share.lastIndexOf("/") + 1);
}

/** Training is counted in instances, pods in Kubernetes' cpu, all else in vCPUs. */
function usageOf({ jobQueueType }: QueueSettings, jobs: readonly Job[]): QueueSnapshotCapacityUsage[] {
  if (jobQueueType === "SAGEMAKER_TRAINING") return instancesOf(jobs);
  const vcpuMilli = jobs.reduce((sum, job) => sum + requirementsOf(job).vcpuMilli, 0);
  return [{ capacityUnit: jobQueueType === "EKS" ? "cpu" : "VCPU", quantity: vcpuMilli / 1000 }];
}

function instancesOf(jobs: readonly Job[]): QueueSnapshotCapacityUsage[] {
  const counts = new Map<string, number>();
  for (const { type, count } of jobs.flatMap(({ scheduling }) => scheduling.instances ?? [])) {
    counts.set(type, (counts.get(type) ?? 0) + count);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([capacityUnit, quantity]) => ({ capacityUnit, quantity }));
}

const TOP_SHARES = 20;

/** The shares that hold most. */
function ofShares(
  settings: QueueSettings,
  shares: ReadonlyMap<string, readonly Job[]>,
  isQuota: boolean,
): Pick<QueueSnapshotUtilizationDetail, "fairshareUtilization" | "quotaShareUtilization"> {
  const used = [...shares].map(([name, jobs]) => ({ name, capacityUsage: usageOf(settings, jobs) }));
  const sizeOf = ({ capacityUsage }: (typeof used)[number]): number =>
    capacityUsage.reduce((sum, { quantity = 0 }) => sum + quantity, 0);
  const top = used.toSorted((a, b) => sizeOf(b) - sizeOf(a) || (a.name < b.name ? -1 : 1)).slice(0, TOP_SHARES);
  if (isQuota) {
    const named = top.map(({ name, capacityUsage }) => ({ quotaShareName: name, capacityUsage }));
    return { quotaShareUtilization: { topCapacityUtilization: named } };
  }
  const identified = top.map(({ name, capacityUsage }) => ({ shareIdentifier: name, capacityUsage }));
  return { fairshareUtilization: { activeShareCount: used.length, topCapacityUtilization: identified } };
}

/** By the name of the quota share, or the share identifier, in queues with a scheduling policy. */
function byShare({ schedulingPolicyArn }: QueueSettings, jobs: readonly Job[]): Map<string, Job[]> | undefined {
  if (schedulingPolicyArn === undefined) return undefined;
  const sharing = jobs.filter(({ scheduling }) => shareOf(scheduling) !== "");
  return Map.groupBy(sharing, ({ scheduling }) => shareName(shareOf(scheduling)));
}
