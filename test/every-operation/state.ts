import type { BatchClient } from "@aws-sdk/client-batch";
import type { JobStatus } from "../../src/core/job.ts";
import { SERVICE_JOB_STATUSES } from "../../src/core/job.ts";
import { until } from "../support/until.ts";
import type { Names } from "./world.ts";
import { send } from "./world.ts";

/** All that a client can see of an account and region, as text, once the scheduler has looked at what was submitted and what runs has ended. */
export function visibleState(client: BatchClient, names: Names): Promise<string> {
  return until("all jobs wait or are over", async () => {
    const jobs = new Map(await Promise.all(SERVICE_JOB_STATUSES.map((status) => jobsOf(client, names, status))));
    if (UNSETTLED.some((status) => jobs.get(status)!.length > 0)) return false;
    return JSON.stringify([[...jobs], await resources(client, names)], withoutTimes, 1);
  });
}

const UNSETTLED = ["SUBMITTED", "SCHEDULED", "STARTING", "RUNNING"] as const;

async function jobsOf(
  client: BatchClient,
  names: Names,
  jobStatus: JobStatus,
): Promise<readonly [JobStatus, unknown[]]> {
  const service = await send(client, "ListServiceJobs", { jobQueue: names.trainingQueue, jobStatus });
  if (jobStatus === "SCHEDULED") return [jobStatus, service.jobSummaryList];
  const queues = [names.queue, names.fairQueue];
  const pages = await Promise.all(queues.map((jobQueue) => send(client, "ListJobs", { jobQueue, jobStatus })));
  return [jobStatus, [...pages, service].flatMap(({ jobSummaryList }): unknown[] => jobSummaryList)];
}

function resources(client: BatchClient, names: Names): Promise<unknown[]> {
  return Promise.all([
    send(client, "DescribeComputeEnvironments", {}),
    send(client, "DescribeJobQueues", {}),
    send(client, "DescribeJobDefinitions", {}),
    send(client, "DescribeServiceEnvironments", {}),
    send(client, "ListConsumableResources", {}),
    policies(client),
    send(client, "ListQuotaShares", { jobQueue: names.trainingQueue }),
    send(client, "DescribeJobs", { jobs: [names.jobId, names.arrayJobId, names.multinodeJobId] }),
    send(client, "DescribeServiceJob", { jobId: names.serviceJobId }),
  ]);
}

/** Not the times at which a summary was made, nor why a job waits: others may come before it. */
function withoutTimes(key: string, value: unknown): unknown {
  return NOT_STATE.has(key) ? undefined : value;
}

const NOT_STATE = new Set(["$metadata", "statusSummaryLastUpdatedAt", "statusReason"]);

async function policies(client: BatchClient): Promise<object> {
  const { schedulingPolicies } = await send(client, "ListSchedulingPolicies", {});
  const arns = schedulingPolicies.map(({ arn }) => arn);
  return send(client, "DescribeSchedulingPolicies", { arns });
}
