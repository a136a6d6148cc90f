/** Tags of jobs that say what AWS Batch has no member for: docs/beyond-aws.md. */

/** How many children of an array run at a time. On a definition: of each array that is made of it, unless the job says otherwise. */
export const ARRAY_CONCURRENCY_TAG = "longshore:array-concurrency";

/** For how many days a job is kept after its end. */
export const HISTORY_DAYS_TAG = "longshore:history-days";
