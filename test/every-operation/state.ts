import type { BatchClient } from "@aws-sdk/client-batch";
import type { Names } from "./world.ts";
import { send } from "./world.ts";

const JOB_STATUSES = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"] as const;

/** All that a client can see of an account and region, as text. Times at which a summary was made are left out. */
export async function visibleState(client: BatchClient, names: Names): Promise<string> {
  const pages = await Promise.all([
    send(client, "DescribeComputeEnvironments", {}),
    send(client, "DescribeJobQueues", {}),
    send(client, "DescribeJobDefinitions", {}),
    send(client, "DescribeServiceEnvironments", {}),
    send(client, "ListConsumableResources", {}),
    policies(client),
    send(client, "ListQuotaShares", { jobQueue: names.trainingQueue }),
    ...[names.queue, names.fairQueue].flatMap((jobQueue) =>
      JOB_STATUSES.map((jobStatus) => send(client, "ListJobs", { jobQueue, jobStatus })),
    ),
    ...JOB_STATUSES.map((jobStatus) => send(client, "ListServiceJobs", { jobQueue: names.trainingQueue, jobStatus })),
    send(client, "DescribeJobs", { jobs: [names.jobId, names.arrayJobId, names.multinodeJobId] }),
    send(client, "DescribeServiceJob", { jobId: names.serviceJobId }),
  ]);
  return JSON.stringify(pages, (key, value: unknown) => (NOT_STATE.has(key) ? undefined : value), 1);
}

const NOT_STATE = new Set(["$metadata", "statusSummaryLastUpdatedAt", "statusReason"]);

async function policies(client: BatchClient): Promise<object> {
  const { schedulingPolicies } = await send(client, "ListSchedulingPolicies", {});
  const arns = schedulingPolicies.map(({ arn }) => arn);
  return send(client, "DescribeSchedulingPolicies", { arns });
}
