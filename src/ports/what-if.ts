import type { Launching } from "../core/instances/instance.ts";
import type { Capacity, ShareWeight } from "../core/resources.ts";

/** What POST /longshore/what-if takes. Names, not ARNs. What is not named stays as it is. */
export interface WhatIfRequest {
  /** How far back jobs count: by when they were submitted, 1 to 168. */
  readonly hours: number;
  readonly changes: WhatIfChanges;
}

export interface WhatIfChanges {
  readonly queues?: readonly {
    readonly jobQueueName: string;
    readonly priority?: number;
    /** All that it would have, in their order. */
    readonly computeEnvironments?: readonly string[];
  }[];
  readonly environments?: readonly { readonly computeEnvironmentName: string; readonly maxvCpus: number }[];
  /** The weights of these shares; those of others stay. */
  readonly policies?: readonly {
    readonly name: string;
    readonly shareDistribution: readonly { readonly shareIdentifier: string; readonly weightFactor: number }[];
  }[];
  /** In queues with a scheduling policy. */
  readonly jobs?: readonly { readonly jobId: string; readonly schedulingPriority: number }[];
}

/** What is answered: a line of JSON each, the last of which is the report or the failure. */
export type WhatIfLine =
  | { readonly progress: WhatIfProgress }
  | { readonly report: WhatIfReport }
  | { readonly failure: string };

export interface WhatIfProgress {
  readonly step: "reading" | "as it was" | "with the changes";
  readonly done: number;
  readonly of: number;
}

export interface WhatIfReport {
  /** Epoch ms: the window whose jobs are compared. */
  readonly from: number;
  readonly to: number;
  /** What the reader should know of how it was done. */
  readonly notes: readonly string[];
  /** What happened. */
  readonly actual: WhatIfOutcome;
  /** The same simulated, without changes: how far it is from `actual` says how far to trust the rest. */
  readonly asItWas: WhatIfOutcome;
  readonly changed: WhatIfOutcome;
  /** How many jobs would have started a second or more earlier or later with the changes than without them, both simulated. */
  readonly earlier: number;
  readonly later: number;
}

export interface WhatIfOutcome {
  /** Submitted in the window, and of them those that started, and those that ended. Each child of an array counts. */
  readonly jobs: number;
  readonly started: number;
  readonly ended: number;
  readonly waitingSeconds?: WaitingTimes;
  /** From the first submission of the window to the last end of its jobs. */
  readonly makespanSeconds: number;
  readonly endedPerHour: number;
  /** That these jobs held. */
  readonly vcpuHours: number;
  /** Those with most jobs first, 100 at most. */
  readonly queues: readonly GroupOutcome[];
  readonly shares: readonly GroupOutcome[];
  /** From `from` on, each value the mean of a step. */
  readonly series: {
    readonly stepSeconds: number;
    readonly waitingJobs: readonly number[];
    readonly usedVcpus: readonly number[];
  };
}

export interface GroupOutcome {
  /** Of a share: `queue / share`. */
  readonly name: string;
  readonly jobs: number;
  readonly waitingSeconds?: WaitingTimes;
}

export interface WaitingTimes {
  readonly median: number;
  readonly p95: number;
  readonly mean: number;
  readonly max: number;
}

/** What is simulated: a cluster as it is and as it would be, under the same jobs. Times are ms from the window's begin. */
export interface WhatIfTask {
  readonly lengthMs: number;
  readonly jobs: readonly PastJob[];
  readonly before: WhatIfCluster;
  readonly after: WhatIfCluster;
}

/** A job, or a child of an array, that has run. */
export interface PastJob {
  /** Name of its queue. */
  readonly queue: string;
  readonly share?: string;
  readonly priority?: number;
  /** With the changes, where that is another one. */
  readonly changedPriority?: number;
  /** Of each node. */
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly gpus: number;
  readonly nodes?: number;
  readonly expectedSeconds?: number;
  /** When it was submitted, or what it waited for was over. Negative: before the window, so that it only is there to be in the way. */
  readonly readyMs: number;
  readonly startedMs: number;
  /** Absent: it runs. */
  readonly stoppedMs?: number;
  /** For how long its attempts ran together, so far. */
  readonly runMs: number;
}

export interface WhatIfCluster {
  readonly environments: readonly WhatIfEnvironment[];
  readonly queues: readonly WhatIfQueue[];
  /** What shares of the machine have together. */
  readonly machine: Capacity;
}

export interface WhatIfEnvironment {
  readonly name: string;
  readonly maxVcpus: number;
  readonly launching?: Launching;
  readonly bootSeconds: number;
}

export interface WhatIfQueue {
  readonly name: string;
  readonly priority: number;
  /** In the order in which they are tried. */
  readonly environments: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly sharing?: WhatIfSharing;
}

export interface WhatIfSharing {
  readonly decaySeconds: number;
  readonly reservationPercent: number;
  readonly weights: readonly ShareWeight[];
}

export type WhatIfFindings = Pick<WhatIfReport, "actual" | "asItWas" | "changed" | "earlier" | "later">;

/** Runs simulations where they hold up nobody. */
export interface WhatIfSimulator {
  /** Rejects with WhatIfFailed, and with the signal's reason when it is aborted. */
  simulate(
    task: WhatIfTask,
    watch: { readonly signal: AbortSignal; readonly onProgress: (progress: WhatIfProgress) => void },
  ): Promise<WhatIfFindings>;
}

/** A simulation that took too long, or too much memory, or failed. The message is for people. */
export class WhatIfFailed extends Error {
  override readonly name = "WhatIfFailed";
}
