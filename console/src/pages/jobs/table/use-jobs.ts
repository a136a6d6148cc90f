import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { FoundJob, JobFilters, JobSearchAnswer } from "../../../api/job-search.ts";
import { jobsById, searchJobs, searchPage } from "../../../api/job-search.ts";
import { useLive } from "../../../api/live.ts";

export interface JobsQuery {
  readonly filters: JobFilters;
  readonly sort: "newest" | "oldest";
  readonly limit: number;
  /** "" for the first page. */
  readonly at: string;
}

/** Newer jobs are counted so far. */
const MOST_NEWER = 100;

/**
 * One page of jobs. Which jobs are on it stays as it is until the page is asked for again; what they are at is kept up to date by events, and newer jobs that
 * match are counted.
 */
export function useJobs({ filters, sort, limit, at }: JobsQuery, isAsked: boolean) {
  const key = useMemo(() => JSON.stringify({ filters, sort, limit, at }), [filters, sort, limit, at]);
  const page = useQuery({
    queryKey: ["jobs", key],
    queryFn: ({ signal }): Promise<JobSearchAnswer> =>
      searchPage({ filters, sort, limit, ...(at !== "" && { pageToken: at }) }, signal),
    enabled: isAsked,
    staleTime: Infinity,
    gcTime: 60_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    placeholderData: keepPreviousData,
  });
  const jobs = page.data?.jobs ?? NONE;
  const ids = useMemo(() => jobs.map(({ jobId }) => jobId), [jobs]);
  const rowsKey = ["job-rows", ids];
  const rows = useQuery({
    queryKey: rowsKey,
    queryFn: ({ signal }) => jobsById(ids, signal),
    enabled: ids.length > 0,
    // The page has just told it.
    initialData: EMPTY,
    staleTime: 2_000,
    initialDataUpdatedAt: () => page.dataUpdatedAt,
  });
  const idSet = useMemo(() => new Set(ids), [ids]);
  useLive([rowsKey], ({ detail }) => detail.jobId !== undefined && isOneOf(detail.jobId, idSet));
  const current = useMemo(() => jobs.map((job) => rows.data.get(job.jobId) ?? job), [jobs, rows.data]);

  const { previousToken } = page.data ?? {};
  const seesNewest = at === "" && sort === "newest" && isAsked && !page.isPlaceholderData;
  const newerKey = ["jobs-newer", key, previousToken];
  const newer = useQuery({
    queryKey: newerKey,
    queryFn: async ({ signal }) =>
      (await searchJobs({ filters, sort, limit: MOST_NEWER, pageToken: previousToken! }, signal)).jobs.length,
    enabled: seesNewest && previousToken !== undefined,
    refetchInterval: 30_000,
  });
  // Where there is nothing, nothing can jump.
  const isEmpty = page.data !== undefined && jobs.length === 0;
  useLive(isEmpty ? [["jobs", key]] : [newerKey]);
  return {
    page,
    jobs: current,
    newer: seesNewest && previousToken !== undefined ? (newer.data ?? 0) : 0,
    isNewerCutOff: newer.data === MOST_NEWER,
  };
}

const NONE: readonly FoundJob[] = [];
const EMPTY: ReadonlyMap<string, FoundJob> = new Map<string, FoundJob>();

/** An array's row tells of its children. */
function isOneOf(jobId: string, ids: ReadonlySet<string>): boolean {
  return ids.has(jobId) || ids.has(jobId.replace(/:\d+$/, ""));
}
