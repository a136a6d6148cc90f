import type { Queue } from "./resources.ts";
import { BACKFILL_TAG, countIn, MAX_RUNNING_JOBS_TAG } from "./submission/own-tags.ts";

/** What the tags of a job queue ask of the scheduler. */
export function askedByQueueTags(tags: Readonly<Record<string, string>>): Pick<Queue, "backfills" | "maxRunningJobs"> {
  const maxRunningJobs = countIn(tags[MAX_RUNNING_JOBS_TAG]);
  return {
    ...(tags[BACKFILL_TAG] === "true" && { backfills: true }),
    ...(maxRunningJobs !== undefined && { maxRunningJobs }),
  };
}
