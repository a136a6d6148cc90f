/** What `GET /longshore/jobs/:jobId/usage-series?attempt=N` tells: what an attempt of a job used while it ran, against what it asked for. */
export interface UsageSeries {
  readonly jobId: string;
  /** How many attempts the job has that can be asked for; an array's own job has none. */
  readonly attemptCount: number;
  /** The one that was asked for, by default the last one. Absent while the job has none. */
  readonly attempt?: AttemptUsageSeries;
}

export interface AttemptUsageSeries {
  /** From 1. */
  readonly number: number;
  readonly attemptId: string;
  /** Epoch ms, as all times. */
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  /** It runs: there will be more. */
  readonly isGrowing: boolean;
  /** All units together. */
  readonly request: UsageRequest;
  /** One of an ordinary job; of a job of several containers or nodes each of them, in the order of nodes. */
  readonly units: readonly UnitUsageSeries[];
}

export interface UsageRequest {
  readonly vcpus: number;
  readonly memoryMiB: number;
}

export interface UnitUsageSeries {
  /** Of its container; absent where the job has one only. */
  readonly name?: string;
  /** Of a multi-node parallel job. */
  readonly node?: number;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  /** Absent where it has none of its own: the containers of a task may share what the task has. */
  readonly request?: Partial<UsageRequest>;
  /**
   * In order of time, few hundred at most: the longer it runs, the farther apart. Empty where its driver cannot measure, and for its first second.
   * Between two points that are far apart nobody looked: no server was there.
   */
  readonly points: readonly UsagePoint[];
  /** All that it used, when it is over, and the most memory that it held at a time: also of what ended before it was looked at. */
  readonly cpuSeconds?: number;
  readonly peakMemoryMiB?: number;
}

export interface UsagePoint {
  /** Epoch ms. */
  readonly at: number;
  /** vCPUs that were busy for it, on average since the point before this one, or since the start. */
  readonly vcpus: number;
  /** What it held then, without what the kernel keeps of files and could drop (as `docker stats` shows it). Absent at the end, when it is gone. */
  readonly memoryMiB?: number;
}
