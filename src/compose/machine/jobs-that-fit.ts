import { getHeapStatistics } from "node:v8";

/** Of a job that waits, measured with a million of them (docs/benchmarks.md), and some more for what one that runs has. */
const BYTES_PER_JOB = 500;
/** The other half is for requests, their answers, and a world that is read anew. */
const PART_FOR_JOBS = 0.5;

/** How many jobs that are not over the scheduler can have in memory. */
export function jobsThatFit(): number {
  return Math.floor((getHeapStatistics().heap_size_limit * PART_FOR_JOBS) / BYTES_PER_JOB);
}
