import type { Queue } from "./resources.ts";
import { BACKFILL_TAG, MAX_RUNNING_JOBS_TAG } from "./submission/own-tags.ts";

/** What the tags of a job queue ask of the scheduler; their values were checked. */
export function askedByQueueTags(tags: Readonly<Record<string, string>>): Pick<Queue, "backfills" | "maxRunningJobs"> {
  const { [BACKFILL_TAG]: backfills, [MAX_RUNNING_JOBS_TAG]: maxRunningJobs } = tags;
  return {
    ...(backfills === "true" && { backfills: true }),
    ...(maxRunningJobs !== undefined && { maxRunningJobs: Number(maxRunningJobs) }),
  };
}
