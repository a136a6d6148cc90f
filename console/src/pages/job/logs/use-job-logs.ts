import { useQuery } from "@tanstack/react-query";
import type { JobLogs } from "../../../../../src/ports/job-logs.ts";
import { call } from "../../../api/call.ts";

/** Where the output of a job is. Below the job's own key: it is asked for again with it. */
export function useJobLogs(jobId: string) {
  return useQuery({
    queryKey: ["job", jobId, "logs"],
    queryFn: () => call<JobLogs>(`/longshore/jobs/${encodeURIComponent(jobId)}/logs`, "longshore"),
  });
}
