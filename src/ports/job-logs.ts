/** What `GET /longshore/jobs/:jobId/logs` tells: where the output of each container of each attempt is. Its lines: GetLogEvents, or `/log` of the same path. */
export interface JobLogs {
  readonly jobId: string;
  /** Oldest attempt first; of an attempt in the order of nodes, then of containers. */
  readonly logs: readonly JobLog[];
}

export interface JobLog {
  /** From 1. */
  readonly attempt: number;
  /** Of a multi-node parallel job. */
  readonly node?: number;
  /** Absent where the job has one only. */
  readonly container?: string;
  /** Absent where no log is kept, as with a log driver that takes the output elsewhere. */
  readonly logGroupName?: string;
  /** Absent until it runs. */
  readonly logStreamName?: string;
  /** Epoch ms, as all times. */
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly exitCode?: number;
  readonly reason?: string;
}
