import type * as Batch from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { allPages } from "../../api/all-pages.ts";
import { batch } from "../../api/batch.ts";

const EVERY_MS = 5_000;
/** More jobs than that are not listed for one resource. */
const MOST_JOBS = 200;

export function useConsumables() {
  return useQuery({
    queryKey: ["consumables"],
    queryFn: (): Promise<Batch.ConsumableResourceSummary[]> =>
      allPages(
        (nextToken) => batch("ListConsumableResources", { ...(nextToken !== undefined && { nextToken }) }),
        ({ consumableResources }) => consumableResources,
      ),
    refetchInterval: EVERY_MS,
  });
}

export function useConsumable(name: string) {
  return useQuery({
    queryKey: ["consumables", "of", name],
    queryFn: () => batch("DescribeConsumableResource", { consumableResource: name }),
    refetchInterval: EVERY_MS,
  });
}

/** Those that hold it, are about to, or wait for it. */
const UNFINISHED = ["RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED"];

export function useConsumers(name: string) {
  return useQuery({
    queryKey: ["consumables", "jobs", name],
    queryFn: async () => {
      const lists = await Promise.all(
        UNFINISHED.map((status) =>
          batch("ListJobsByConsumableResource", {
            ...{ consumableResource: name, maxResults: 100 },
            filters: [{ name: "JOB_STATUS", values: [status] }],
          }),
        ),
      );
      return lists.flatMap(({ jobs }) => jobs ?? []).slice(0, MOST_JOBS);
    },
    refetchInterval: EVERY_MS,
  });
}
