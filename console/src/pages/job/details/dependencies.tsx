import type { JobDependency } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { PageLink } from "../../../components/resources/page-link.tsx";
import { batch } from "../../../api/batch.ts";
import { JobStatus } from "../../../components/job-status.tsx";
import { jobPath } from "../job-id.ts";

/** Jobs that must come first, with how they are. */
export function Dependencies({ dependsOn }: { readonly dependsOn: readonly JobDependency[] }) {
  const ids = dependsOn.flatMap(({ jobId }) => jobId ?? []);
  const { data = [] } = useQuery({
    queryKey: ["job", "dependencies", ids],
    queryFn: async () => (await batch("DescribeJobs", { jobs: ids })).jobs ?? [],
    enabled: ids.length > 0,
  });
  return (
    <ul className="details-list">
      {dependsOn.map(({ jobId, type }) => {
        const job = data.find((one) => one.jobId === jobId);
        return (
          <li key={`${jobId} ${type}`}>
            {jobId === undefined ? (
              "Its own children, one after the other"
            ) : (
              <>
                <PageLink to={jobPath(jobId)}>{job?.jobName ?? jobId}</PageLink>{" "}
                {job && <JobStatus status={job.status} />}
              </>
            )}
            {type !== undefined && ` (${type})`}
          </li>
        );
      })}
    </ul>
  );
}
