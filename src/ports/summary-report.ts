/** What `GET /longshore/summary` answers: how things are now, in the caller's account and region. */
export interface SummaryReport {
  readonly jobs: JobCounts;
  readonly queues: readonly QueueSummary[];
  readonly environments: readonly EnvironmentSummary[];
}

/** Children of arrays count one by one, their parents do not. */
export interface JobCounts {
  /** STARTING and RUNNING. */
  readonly running: number;
  /** SUBMITTED, PENDING, RUNNABLE and SCHEDULED. */
  readonly waiting: number;
  /** Of jobs that are not over; statuses without any are left out. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Within the last 24 hours, as far as history is kept. */
  readonly submittedLastDay: number;
  readonly succeededLastDay: number;
  readonly failedLastDay: number;
}

export interface QueueSummary extends JobCounts {
  readonly jobQueue: string;
  readonly jobQueueArn: string;
  /** Epoch ms: when the oldest of its RUNNABLE jobs was submitted. Absent where there is none; children of arrays do not count. */
  readonly oldestWaitSince?: number;
}

export interface EnvironmentSummary {
  readonly computeEnvironment: string;
  readonly computeEnvironmentArn: string;
  /** Of the jobs that run there, or are about to. */
  readonly vcpusInUse: number;
  readonly memoryMiBInUse: number;
  readonly runningJobs: number;
  /** Absent where there is no such bound. */
  readonly maxvCpus?: number;
  /** Absent where nothing is launched. */
  readonly desiredvCpus?: number;
  /** Absent: it has none, but is a share of this machine. */
  readonly instances?: number;
}
