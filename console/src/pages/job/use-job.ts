import type { DescribeJobsResponse, JobDetail } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { batch } from "../../api/batch.ts";
import { CallFailed } from "../../api/call.ts";
import { useLive } from "../../api/live.ts";
import { takeEarly } from "../../api/early.ts";
import { ownerOf } from "./job-id.ts";

/** The one job that the page is about, as DescribeJobs tells it; asked for again when something happens to it. */
export function useJob(jobId: string) {
  const owner = ownerOf(jobId);
  useLive([["job", jobId]], ({ detail }) => {
    const told = detail.jobId;
    return told === jobId || (told !== undefined && (told === owner || ownerOf(told) === jobId));
  });
  return useQuery({
    queryKey: ["job", jobId],
    queryFn: () => describeJob(jobId),
  });
}

async function describeJob(jobId: string): Promise<JobDetail> {
  const early = takeEarly<DescribeJobsResponse>(`job ${jobId}`);
  const { jobs = [] } = await (early ?? batch("DescribeJobs", { jobs: [jobId] }));
  const [job] = jobs;
  if (job === undefined) throw new CallFailed(404, "ResourceNotFoundException", `There is no job ${jobId}.`);
  return job;
}
