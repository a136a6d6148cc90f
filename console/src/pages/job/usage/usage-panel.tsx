import type { JobDetail } from "@aws-sdk/client-batch";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { hasNodes, isArray } from "../job-state.ts";
import { CostSection } from "./cost-section.tsx";
import { UseOverTime } from "./use-over-time.tsx";

/** What a job used, against what it asked for, and what that cost. */
export default function UsagePanel({ job }: { readonly job: JobDetail }) {
  return (
    <SpaceBetween size="l">
      <CostSection job={job} isOfMany={isArray(job) || hasNodes(job)} />
      {!isArray(job) && <UseOverTime job={job} />}
    </SpaceBetween>
  );
}
