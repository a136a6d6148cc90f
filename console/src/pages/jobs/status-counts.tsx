import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import type { JobFilters } from "../../api/job-search.ts";
import { searchJobs } from "../../api/job-search.ts";

const NUMBERS = new Intl.NumberFormat("en");

export interface StatusCountsProps {
  readonly filters: JobFilters;
  readonly onStatus: (status: string) => void;
}

/** How many jobs the chosen queues have in each status; one click shows only those. */
export function StatusCounts({ filters: { queues }, onStatus }: StatusCountsProps) {
  const { data } = useQuery({
    queryKey: ["job-counts", queues ?? null],
    queryFn: ({ signal }) =>
      searchJobs({ filters: { ...(queues !== undefined && { queues }) }, limit: 1, counts: true }, signal),
    refetchInterval: 10_000,
  });
  const counts = data?.counts?.filter(({ count }) => count > 0) ?? [];
  if (counts.length === 0) return null;
  return (
    <SpaceBetween direction="horizontal" size="s">
      {counts.map(({ status, count, isMore }) => (
        <Link
          key={status}
          href={`/jobs?status=${status}`}
          fontSize="body-s"
          onFollow={(event) => {
            event.preventDefault();
            onStatus(status);
          }}
        >
          {`${status} ${isMore ? "more than " : ""}${NUMBERS.format(count)}`}
        </Link>
      ))}
    </SpaceBetween>
  );
}
