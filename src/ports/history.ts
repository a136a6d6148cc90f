/** What is over and kept. Whatever is removed is unknown everywhere from then on; the logs of removed jobs are deleted, and soon gone. */
export interface History {
  /** The values that the tag longshore:history-days has among jobs that are over; undefined for those without it. */
  kinds(): Promise<(string | undefined)[]>;
  /** When the first of a kind's jobs ended, epoch ms; undefined when there is none. */
  firstEnd(kind: string | undefined): Promise<number | undefined>;
  /**
   * Removes jobs of a kind that ended before `time`, the first ones first, at most `limit`. Those on which jobs depend that are not over are
   * kept. Returns how many were removed.
   */
  removeJobs(kind: string | undefined, time: number, limit: number): Promise<number>;
  /** Removes what is left of removed arrays: at most `limit` children. Returns how many. */
  removeChildren(limit: number): Promise<number>;
  /** Removes job definitions that were deregistered before `time`, at most `limit`. Their revisions are never given again. Returns how many. */
  removeDefinitions(time: number, limit: number): Promise<number>;
}
