/** What Longshore tells of instances and environments under /longshore, where AWS's own APIs tell less. */

/** One instance of a compute environment. */
export interface InstanceReport {
  readonly instanceId: string;
  readonly computeEnvironment: string;
  readonly computeEnvironmentArn: string;
  readonly instanceType: string;
  /** As EC2 has it. */
  readonly state: "pending" | "running" | "shutting-down" | "terminated";
  /** It takes no new jobs. */
  readonly isDraining: boolean;
  readonly isSpot: boolean;
  readonly total: ReportedCapacity;
  readonly free: ReportedCapacity;
  /** Epoch ms. */
  readonly launchedAt: number;
  readonly runningAt?: number;
  /** US dollars for an hour of it, as the server's prices have it; absent where nobody knows. */
  readonly usdPerHour?: number;
  /** Ids of the jobs, or nodes of jobs, that it holds something for. */
  readonly jobs: readonly string[];
}

export interface ReportedCapacity {
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly gpus: number;
}

/** What a compute environment holds now. */
export interface EnvironmentReport {
  readonly computeEnvironment: string;
  readonly computeEnvironmentArn: string;
  /** Of the jobs that run there, or are about to. */
  readonly vcpusInUse: number;
  /** Absent: it has no instances of its own, but is a share of this machine. */
  readonly instances?: number;
}

export interface InstancesAnswer {
  readonly instances: readonly InstanceReport[];
}

export interface EnvironmentsAnswer {
  readonly environments: readonly EnvironmentReport[];
}

/** The instance is on its way out, and these jobs end with it. */
export interface TerminationAnswer {
  readonly instanceId: string;
  readonly jobs: readonly string[];
}
