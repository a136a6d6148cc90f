import { useQuery } from "@tanstack/react-query";
import type { Explanation } from "../../../../../src/core/explain/explanation.ts";
import { call } from "../../../api/call.ts";

/** What is in a job's way changes with other jobs, of which no event of its own tells. */
const EVERY_MS = 3_000;

export function useExplanation(jobId: string, isLive: boolean) {
  return useQuery({
    queryKey: ["job", jobId, "explanation"],
    queryFn: () => call<Explanation>(`/longshore/jobs/${encodeURIComponent(jobId)}/explanation`, "longshore"),
    refetchInterval: isLive ? EVERY_MS : false,
  });
}
