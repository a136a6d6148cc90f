/** How the shares of a queue with a fair-share policy stand, as the server answers GET /longshore/queues/:queue/shares. */
export interface SharesAnswer {
  /** Absent in a queue that has no such policy: it has no shares. */
  readonly fairShare?: FairShareReport;
}

export interface FairShareReport {
  /** ARN. */
  readonly schedulingPolicy: string;
  /** How long usage counts: shareDecaySeconds, and at least the shortest time that counts. */
  readonly windowSeconds: number;
  /** How many active shares there are: all of them are told. */
  readonly shares: readonly ShareReport[];
}

/** One share that has jobs, or used something within the window. Those that have jobs waiting come first, the next one to be served before all others. */
export interface ShareReport {
  readonly share: string;
  readonly weight: number;
  /** Of the window, at the last tick. */
  readonly usedVcpuSeconds: number;
  /** `usedVcpuSeconds` times `weight`: who has least is served. */
  readonly standing: number;
  /** What its jobs hold now. */
  readonly vcpusInUse: number;
  /** Jobs that are not over; an array is one. */
  readonly openJobs: number;
  /** Its first job that waits; absent when none does. */
  readonly nextJob?: string;
}
