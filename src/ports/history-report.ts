/** What `GET /longshore/history` answers: how each queue and environment did over time, for charts. */
export interface HistoryReport {
  /** Epoch ms: the beginning of the first step. */
  readonly from: number;
  /** Epoch ms: the end of the last step. */
  readonly to: number;
  /** Seconds: a minute at least. */
  readonly step: number;
  readonly series: {
    /** Beginnings of the steps, epoch ms: as many as each series below has values. */
    readonly times: readonly number[];
    /** All queues that were asked for together. */
    readonly total: QueueValues;
    /** Those with most jobs first, 50 at most. None when only environments were asked for. */
    readonly queues: readonly QueueSeries[];
    /** Those with most in use first, 50 at most. None when only queues were asked for. */
    readonly environments: readonly EnvironmentSeries[];
  };
}

/** One value for each step; null: nobody led then, and nothing is known. */
export type Values = readonly (number | null)[];

export interface QueueValues {
  /** Jobs that came within the step; children of arrays count one by one, in this and all others. */
  readonly submitted: Values;
  /** Attempts that were given a place. */
  readonly started: Values;
  readonly succeeded: Values;
  readonly failed: Values;
  /** RUNNABLE jobs at the end of the minute; of longer steps the average of their minutes. */
  readonly waiting: Values;
  /** STARTING and RUNNING, the same. */
  readonly running: Values;
  /** Seconds from RUNNABLE to STARTING of the attempts that started within the step; null also where none did. Within a tenth. */
  readonly waitSecondsP50: Values;
  readonly waitSecondsP95: Values;
  /** Exactly. */
  readonly waitSecondsMax: Values;
}

export interface QueueSeries extends QueueValues {
  readonly jobQueue: string;
  readonly jobQueueArn: string;
}

/** At the end of the minute; of longer steps the average of their minutes. */
export interface EnvironmentSeries {
  readonly computeEnvironment: string;
  readonly computeEnvironmentArn: string;
  readonly vcpusInUse: Values;
  readonly memoryMiBInUse: Values;
  readonly maxvCpus: Values;
  /** Null where nothing is launched. */
  readonly desiredvCpus: Values;
  /** Null where there are none. */
  readonly instances: Values;
}
