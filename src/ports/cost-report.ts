/** What attempts used and cost, as the server answers and the command line shows it. */
export interface CostReport {
  /** What they are grouped by: `queue`, `tag:team`, ... */
  readonly by: string;
  /** Those that ended then or later, and before; ISO 8601. Those that run count until now, unless `to` is past. */
  readonly from?: string;
  readonly to?: string;
  readonly total: CostTotals;
  /** Most expensive first. */
  readonly groups: readonly CostGroup[];
  /** How many groups there are: more than are told, when there are many. */
  readonly groupCount: number;
}

export interface CostGroup extends CostTotals {
  /** An ARN, a job id, the value of a tag; "" for what has none. */
  readonly key: string;
  /** The same for people, where it is called otherwise. */
  readonly name?: string;
}

export interface CostTotals {
  /** Those that run among them. */
  readonly attempts: number;
  readonly running: number;
  /** What was asked for, by the time that it was held. */
  readonly vcpuHours: number;
  readonly gibHours: number;
  readonly gpuHours: number;
  /** Processor time that was used, of those attempts of which it is known. */
  readonly cpuHours: number;
  /** How many ran of which it is not known; those that still run are among them. */
  readonly unmeasured: number;
  /** Of the attempt that held most; absent where it is known of none. */
  readonly peakMemoryMiB?: number;
  /** Of those attempts whose price is known. */
  readonly usd: number;
  readonly unpriced: number;
}

/** What a job's attempts used and cost. */
export interface JobUsage {
  readonly jobId: string;
  /** Of an array: of all its children. */
  readonly total: CostTotals;
  /** In their order; none of an array itself. */
  readonly attempts: readonly AttemptUsage[];
}

export interface AttemptUsage {
  /** The ECS task's id. */
  readonly attemptId: string;
  /** Epoch ms, as DescribeJobs has them. Absent when it never ran, or runs. */
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  /** What it asked for. */
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly gpus: number;
  /** The numbers of the GPUs that it held. */
  readonly gpuIds?: readonly string[];
  /** The type of the instance that it was on; `2 m6i.large` for several. */
  readonly instances?: string;
  /** Absent where it was not measured. */
  readonly cpuSeconds?: number;
  readonly peakMemoryMiB?: number;
  /** Absent where no price is known. */
  readonly usd?: number;
  /** Of an attempt of several containers. */
  readonly containers?: readonly ContainerUsage[];
}

export interface ContainerUsage {
  readonly name: string;
  /** Of a multi-node parallel job. */
  readonly node?: number;
  readonly cpuSeconds?: number;
  readonly peakMemoryMiB?: number;
}

/** What jobs that asked for the same have shown to need: the most is to be saved with the first ones. */
export interface AdviceReport {
  readonly sizes: readonly SizeAdvice[];
  /** How many sizes there are: more than are told, when there are many. */
  readonly sizeCount: number;
}

/** The jobs of one definition that asked for the same. */
export interface SizeAdvice {
  /** ARN. */
  readonly jobDefinition: string;
  /** What each attempt asked for. */
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Of which is known what they used. */
  readonly attempts: number;
  /** The most that one of them held. */
  readonly peakMemoryMiB?: number;
  /** How many processors were busy on average. */
  readonly vcpusUsed: number;
  /** What would have been enough for all of them, and a quarter to spare; absent where that is not much less, or too few attempts say so. */
  readonly enoughMemoryMiB?: number;
}
