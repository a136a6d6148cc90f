/** What the processor of an instance runs (runtimePlatform.cpuArchitecture). */
export type Architecture = "X86_64" | "ARM64";

/** A type of instance, as the scheduler sees it. Integers only. */
export interface InstanceType {
  /** Such as `m6i.2xlarge`. */
  readonly name: string;
  readonly vcpuMilli: number;
  /** What jobs can use of its memory. */
  readonly memoryMiB: number;
  readonly gpus: number;
  readonly architecture: Architecture;
  readonly microUsdPerHour: number;
}

/** One instance of a compute environment. It goes on when the server does not; its record goes when it is no longer there. */
export interface Instance {
  /** Follows from `seq`: a launch that is decided twice is the same one. */
  readonly id: string;
  /** Order of all launches there ever were; none is used twice. */
  readonly seq: number;
  readonly environmentArn: string;
  /** As it was at the launch, whatever the environment allows by now. */
  readonly type: InstanceType;
  /** Jobs are placed on instances that run, on no others. A terminating one ends when its jobs have. */
  readonly status: "launching" | "running" | "terminating";
  /** When it was decided. Epoch ms, as all times. */
  readonly launchedAt: number;
  readonly runningAt?: number;
  /** When its last job ended; absent: it never had one. Not kept up while it has jobs. */
  readonly lastUsedAt?: number;
  /** Set with `terminating` when it is already gone, and its jobs are about to end. */
  readonly isLost?: true;
  /** It was launched on Spot. */
  readonly isSpot?: true;
  /** It does not answer: no job is placed on it until it does. Those that it has may go on. */
  readonly isSilent?: true;
  /** The registered host that it stands for, by id: it is no instance that was launched. */
  readonly host?: string;
  /** It is a part of this machine: what it holds, nothing else has. */
  readonly isSlice?: true;
  /** What is to happen to it, instead of that it runs at once and for good: injected, to see how jobs bear it. */
  readonly fate?: Fate;
}

/** What a user wants to happen to the instances of an environment, or to its tasks on Fargate. */
export interface Fate {
  /** From the launch until it runs. */
  readonly bootMs?: number;
  /** It cannot be launched, for this reason. */
  readonly launchFailure?: string;
  /** It is launched, and never registers with its cluster. */
  readonly neverJoins?: true;
  /** Of Spot: it is taken back so long after it ran. */
  readonly interruptAfterMs?: number;
}

/** What a compute environment may launch, and how (reference 6.4, 6.5). */
export interface Launching {
  /** Those allowed, in order of preference by the allocation strategy. */
  readonly types: readonly InstanceType[];
  /** With an ordered strategy, by name of the type: the place of its entry in the user's list. All sizes of a family have the family's. */
  readonly ranks?: ReadonlyMap<string, number>;
  readonly strategy: AllocationStrategy;
  readonly isSpot: boolean;
  readonly minVcpuMilli: number;
  /** computeResources.desiredvCpus: what the user asked for. */
  readonly desiredVcpuMilli: number;
  /** Its instances are parts of this machine, which bounds how many there are. */
  readonly areSlices?: true;
  readonly fate?: Fate;
  /** From the launch until an instance has to run; without it they may take as long as they want. */
  readonly joinTimeoutMs?: number;
  /** scalingPolicy.minScaleDownDelayMinutes, counted from the end of an instance's last job; 0: off. */
  readonly scaleDownDelayMs: number;
}

export type AllocationStrategy =
  | "BEST_FIT"
  | "BEST_FIT_PROGRESSIVE"
  | "BEST_FIT_PROGRESSIVE_ORDERED"
  | "SPOT_CAPACITY_OPTIMIZED"
  | "SPOT_PRICE_CAPACITY_OPTIMIZED"
  | "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED";

/** What came of the last launches of one type in one environment: forgotten when one of them runs. */
export interface LaunchFailure {
  readonly type: string;
  readonly at: number;
  readonly reason: string;
  /** In a row. */
  readonly count: number;
}
