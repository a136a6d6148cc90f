import type * as Batch from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import type { Explanation } from "../../../../src/core/explain/explanation.ts";
import type { SharesAnswer } from "../../../../src/ports/share-report.ts";
import { allPages } from "../../api/all-pages.ts";
import { batch } from "../../api/batch.ts";
import { call } from "../../api/call.ts";
import { useLive } from "../../api/live.ts";
import { nameOfArn } from "../../components/resources/names.ts";

/** Events keep it fresh; a share's standing changes without them. */
const EVERY_MS = 5_000;

/** The snapshot of a queue follows what happens in it. */
export function useSnapshot(queue: Batch.JobQueueDetail) {
  const { jobQueueName, jobQueueArn } = queue;
  useLive([["queue", jobQueueName!]], ({ detail }) => (detail as { jobQueue?: string }).jobQueue === jobQueueArn);
  return useQuery({
    queryKey: ["queue", jobQueueName, "snapshot"],
    queryFn: () => batch("GetJobQueueSnapshot", { jobQueue: jobQueueName! }),
    refetchInterval: EVERY_MS,
  });
}

/** By id, those of the front that can be described: service jobs cannot. */
export function useFrontJobs(queue: Batch.JobQueueDetail, ids: readonly string[]) {
  return useQuery({
    queryKey: ["queue-front", queue.jobQueueName, ids],
    queryFn: async (): Promise<ReadonlyMap<string, Batch.JobDetail>> => {
      const { jobs = [] } = await batch("DescribeJobs", { jobs: [...ids] });
      return new Map(jobs.map((job) => [job.jobId!, job]));
    },
    enabled: ids.length > 0 && queue.jobQueueType !== "SAGEMAKER_TRAINING",
    placeholderData: (before) => before,
  });
}

export function useShares({ jobQueueName, schedulingPolicyArn }: Batch.JobQueueDetail) {
  return useQuery({
    queryKey: ["queue", jobQueueName, "shares"],
    queryFn: () => call<SharesAnswer>(`/longshore/queues/${encodeURIComponent(jobQueueName!)}/shares`, "longshore"),
    enabled: schedulingPolicyArn !== undefined,
    refetchInterval: EVERY_MS,
  });
}

export function useQuotaShares({ jobQueueName, schedulingPolicyArn, jobQueueType }: Batch.JobQueueDetail) {
  return useQuery({
    queryKey: ["queue", jobQueueName, "quota-shares"],
    queryFn: () =>
      allPages(
        (nextToken) =>
          batch("ListQuotaShares", { jobQueue: jobQueueName!, ...(nextToken !== undefined && { nextToken }) }),
        ({ quotaShares }) => quotaShares,
      ),
    enabled: schedulingPolicyArn !== undefined && jobQueueType === "SAGEMAKER_TRAINING",
    refetchInterval: EVERY_MS,
  });
}

/** Why a job waits. */
export function useExplanation(jobId: string | undefined, queueName: string) {
  return useQuery({
    queryKey: ["queue", queueName, "head", jobId],
    queryFn: () => call<Explanation>(`/longshore/jobs/${encodeURIComponent(jobId!)}/explanation`, "longshore"),
    enabled: jobId !== undefined,
    placeholderData: (before) => before,
  });
}

export function frontIds(snapshot: Batch.GetJobQueueSnapshotResponse | undefined): string[] {
  return (snapshot?.frontOfQueue?.jobs ?? []).map(({ jobArn }) => nameOfArn(jobArn!));
}
