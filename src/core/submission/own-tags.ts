/** Tags of jobs, definitions and queues that say what AWS Batch has no member for: docs/beyond-aws.md. */

/** How many children of an array run at a time. On a definition: of each array that is made of it, unless the job says otherwise. */
export const ARRAY_CONCURRENCY_TAG = "longshore:array-concurrency";

/** What memory a job asks for after it ran out of it. On a definition: of each job that is made of it, unless the job says otherwise; so are those below. */
export const MEMORY_LADDER_TAG = "longshore:memory-ladder";

/** Shown on a job that has climbed its memory ladder: the MiB that it asks for now. */
export const MEMORY_LEARNED_TAG = "longshore:memory-learned";

/** How many attempts that the infrastructure lost do not count as attempts. */
export const INFRASTRUCTURE_RETRIES_TAG = "longshore:infrastructure-retries";

/** Of a job queue: how many of its jobs may hold capacity at a time. */
export const MAX_RUNNING_JOBS_TAG = "longshore:max-running-jobs";

/** For how many days a job is kept after its end. */
export const HISTORY_DAYS_TAG = "longshore:history-days";

/** For how many seconds an attempt is expected to run. On a definition: each job that is made of it, unless the job says otherwise. */
export const EXPECTED_SECONDS_TAG = "longshore:expected-seconds";

/** Of a job queue: whether jobs may start before the one at its head, where that delays it in nothing. */
export const BACKFILL_TAG = "longshore:backfill";

/** The job that this one runs again. */
export const RERUN_OF_TAG = "longshore:rerun-of";

/** Which indexes the children of an array have, or the index of a single job: `3 7 100-120 of 1000`, or `failed` with the tag above. */
export const ARRAY_INDEXES_TAG = "longshore:array-indexes";

/** Of a tag's value, in characters. */
export const MAX_TAG_LENGTH = 256;

/** The number from 1 that a tag's value says. Undefined for all else: what was tagged under `--strict` was not checked, and asks for nothing later. */
export function countIn(value: string | undefined): number | undefined {
  return value !== undefined && /^[1-9]\d*$/.test(value) ? Number(value) : undefined;
}
