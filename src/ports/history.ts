/** What is over and kept. Whatever is removed is unknown everywhere from then on; the logs of removed jobs are deleted, and soon gone. */
export interface History {
  /** The numbers of days that the tag longshore:history-days says of jobs that are over. */
  keptDays(): Promise<number[]>;
  /** When the first job ended whose tag says so many days, epoch ms; undefined when there is none. No days: whose tag says none. */
  firstEnd(days: number | undefined): Promise<number | undefined>;
  /**
   * Removes such jobs that ended before `time`, the first ones first, at most `limit`. Those on which jobs depend that are not over are kept.
   * Returns how many were removed.
   */
  removeJobs(days: number | undefined, time: number, limit: number): Promise<number>;
  /** Removes what is left of removed arrays: at most `limit` children. Returns how many. */
  removeChildren(limit: number): Promise<number>;
  /** Removes job definitions that were deregistered before `time`, at most `limit`. Their revisions are never given again. Returns how many. */
  removeDefinitions(time: number, limit: number): Promise<number>;
}
