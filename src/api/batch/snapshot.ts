import type { QueueSnapshotUtilizationDetail } from "@aws-sdk/client-batch";
import type { Job } from "../../core/job.ts";
import type { QueueSettings, ResourceRecord } from "../../ports/store.ts";
import type { BatchHandlers, Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { arnOf, scopeOf } from "./names.ts";
import { findQueue } from "./queue-lookup.ts";

/** GetJobQueueSnapshot: what is next in a queue, and what its jobs hold (reference 7.5). */
export function snapshotHandler(backend: Backend): Required<Pick<BatchHandlers, "GetJobQueueSnapshot">> {
  return {
    async GetJobQueueSnapshot({ jobQueue }, call) {
      const queue = await findQueue(backend, call, jobQueue);
      const { front, active } = backend.scheduler.snapshot(queue.arn);
      const lastUpdatedAt = backend.clock.now();
      const jobs = front.map(({ jobId, since }) => ({
        jobArn: arnOf(call, "job", jobId),
        earliestTimeAtPosition: since,
      }));
      return {
        frontOfQueue: { jobs, lastUpdatedAt },
        queueUtilization: { ...(await utilization(backend, call, queue, active)), lastUpdatedAt },
      };
    },
  };
}

const TOP_SHARES = 20;

async function utilization(
  backend: Backend,
  call: Call,
  { settings }: ResourceRecord<QueueSettings>,
  active: readonly Job[],
): Promise<QueueSnapshotUtilizationDetail> {
  const usage = (jobs: readonly Job[]) => [{ capacityUnit: unitOf(settings), quantity: vcpusOf(jobs) }];
  const total = { totalCapacityUsage: usage(active) };
  if (settings.schedulingPolicyArn === undefined) return total;
  const shares = [...(await byShare(backend, call, active))];
  const top = shares.toSorted(([a, ofA], [b, ofB]) => vcpusOf(ofB) - vcpusOf(ofA) || (a < b ? -1 : 1));
  const topCapacityUtilization = top
    .slice(0, TOP_SHARES)
    .map(([shareIdentifier, jobs]) => ({ shareIdentifier, capacityUsage: usage(jobs) }));
  return { ...total, fairshareUtilization: { activeShareCount: shares.length, topCapacityUtilization } };
}

/** ECS counts in vCPUs, Kubernetes in its cpu. */
function unitOf({ jobQueueType }: QueueSettings): string {
  return jobQueueType === "EKS" ? "cpu" : "VCPU";
}

function vcpusOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, { scheduling }) => sum + scheduling.requirements.vcpuMilli, 0) / 1000;
}

/** A child is of its parent's share. */
async function byShare({ store }: Backend, call: Call, jobs: readonly Job[]): Promise<Map<string, Job[]>> {
  const owner = ({ id, parent }: Job): string => parent?.id ?? id;
  const records = await store.jobs.find(scopeOf(call), [...new Set(jobs.map(owner))]);
  const shares = new Map(records.map(({ id, shareIdentifier }) => [id, shareIdentifier]));
  const found = new Map<string, Job[]>();
  for (const job of jobs) {
    const share = shares.get(owner(job));
    if (share !== undefined) found.set(share, [...(found.get(share) ?? []), job]);
  }
  return found;
}
