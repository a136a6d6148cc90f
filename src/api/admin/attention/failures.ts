import type { AttentionItem } from "../../../core/attention/attention-item.ts";
import type { FailedJob, PeakAbove } from "../../../core/attention/failure-attention.ts";
import { failureAttention, ranOutOfMemory } from "../../../core/attention/failure-attention.ts";
import { requirementsOf } from "../../../core/job.ts";
import type { QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { arnOf } from "../../batch/names.ts";
import type { Call } from "../../wire/operations.ts";
import { endedGroups } from "../cost/cost-report.ts";

const FAILED_OF_QUEUE = 50;
const LOOKED_BACK_MS = 3_600_000;
/** What jobs needed longer ago says less about the next one, and costs to read. */
const MEASURED_MS = 7 * 24 * 3_600_000;

/** Failures of the last hour that have one cause. */
export async function attentionOfFailures(
  backend: Backend,
  call: Call,
  queues: readonly ResourceRecord<QueueSettings>[],
): Promise<AttentionItem[]> {
  const failed = await recentFailures(backend, queues);
  return failureAttention(failed, failed.some(ranOutOfMemory) ? await measuredPeaks(backend, call) : undefined);
}

async function recentFailures(
  { store, clock }: Backend,
  queues: readonly ResourceRecord<QueueSettings>[],
): Promise<FailedJob[]> {
  const since = clock.now() - LOOKED_BACK_MS;
  const failed: FailedJob[] = [];
  for (const { arn } of queues) {
    for (const { job } of await store.jobs.list(arn, { status: "FAILED", limit: FAILED_OF_QUEUE })) {
      const { id, definitionArn, state } = job;
      // Nobody needs to be told what he has done himself.
      if ((state.stoppedAt ?? 0) < since || state.isTerminated === true || state.isCancelled === true) continue;
      failed.push({ id, definitionArn, state, memoryMiB: requirementsOf(job).memoryMiB });
    }
  }
  return failed;
}

/** The same measurements that GET /longshore/advice goes by. */
async function measuredPeaks({ store, clock }: Backend, call: Call): Promise<PeakAbove> {
  const groups = await endedGroups(store.uses, {
    ...{ queueArnPrefix: arnOf(call, "job-queue", ""), from: clock.now() - MEASURED_MS },
    ...{ by: { kind: "size" }, isMeasured: true, except: [] },
  });
  const sizes = [...groups].map(([key, { peakMemoryMiB }]) => {
    const [definitionArn = "", , memoryMiB] = key.split(" ");
    return { definitionArn, memoryMiB: Number(memoryMiB), peakMemoryMiB };
  });
  return (definitionArn, aboveMiB) => {
    const larger = sizes.filter((one) => one.definitionArn === definitionArn && one.memoryMiB > aboveMiB);
    return larger.length === 0 ? undefined : Math.max(...larger.map(({ peakMemoryMiB }) => peakMemoryMiB));
  };
}
