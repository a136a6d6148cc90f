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
  /** ARNs of the queues of which jobs are over, also of such as were deleted. */
  queuesOfEnded(): Promise<string[]>;
  /** Where the n-th of a queue's jobs stands that are over, from the newest; undefined when there are fewer. */
  nthNewest(queueArn: string, n: number): Promise<Submitted | undefined>;
  /** Looks at some of a queue's jobs that are over, the oldest first, and removes those that may go. Undefined when none is left to be looked at. */
  removeOldest(bite: OldestJobs): Promise<{ readonly removed: number; readonly lookedTo: Submitted } | undefined>;
  /** Removes what is left of removed arrays: at most `limit` children. Returns how many. */
  removeChildren(limit: number): Promise<number>;
  /** Removes job definitions that were deregistered before `time`, at most `limit`. Their revisions are never given again. Returns how many. */
  removeDefinitions(time: number, limit: number): Promise<number>;
}

/** A place in the order in which jobs were submitted. */
export interface Submitted {
  /** Epoch ms. */
  readonly createdAt: number;
  readonly seq: number;
}

export interface OldestJobs {
  readonly queueArn: string;
  readonly status: "SUCCEEDED" | "FAILED";
  /** Those behind this place. */
  readonly after: Submitted;
  /** Those before this one; it stays. */
  readonly before: Submitted;
  /** Those that ended before, epoch ms. */
  readonly endedBefore: number;
  /** Those of which the tag longshore:history-days says how long they are kept stay. */
  readonly tagsCount: boolean;
  readonly limit: number;
}
