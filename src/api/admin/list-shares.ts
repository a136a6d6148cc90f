import type { SharesAnswer } from "../../ports/share-report.ts";
import type { Backend } from "../batch/backend.ts";
import { toArn } from "../batch/names.ts";
import { findQueue } from "../batch/queues/queue-lookup.ts";
import type { Call } from "../wire/operations.ts";

/** The shares of a queue, and who of them is served next. For who may have a snapshot of the queue. */
export async function listShares(backend: Backend, call: Call, nameOrArn: string): Promise<SharesAnswer> {
  const denied = call.denial("batch:GetJobQueueSnapshot", toArn(call, "job-queue", nameOrArn));
  if (denied !== undefined) throw denied;
  const { arn } = await findQueue(backend, call, nameOrArn);
  const found = backend.scheduler.shares(arn);
  if (found === undefined) return {};
  const { policyArn, windowSeconds, shares } = found;
  return {
    fairShare: {
      ...{ schedulingPolicy: policyArn, windowSeconds },
      shares: shares.map((share) => ({ ...share, standing: share.usedVcpuSeconds * share.weight })),
    },
  };
}
