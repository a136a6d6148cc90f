import type { AttemptUse } from "./cost/attempt-use.ts";
import type { DriverName } from "./driver-name.ts";
import type { ConsumableNeed, Job, JobState, StopRequest } from "./job.ts";
import type { Consumable, Environment, Queue, QuotaShare, ResourceStatus, SchedulingPolicy } from "./resources.ts";
import type { Instance } from "./instances/instance.ts";
import type { ScalingReason } from "./scaling/scaling-reason.ts";
import type { ShareUse } from "./order/share-use.ts";
import type { IndexSet, RecordedChildren } from "./array.ts";

/** One thing that the world learns from the store. */
export type Fact =
  /** Of a store that was restored from a backup, once for each time: part of the ids of attempts that are made from now on. */
  | { readonly kind: "era"; readonly era: string }
  | { readonly kind: "queues"; readonly queues: readonly Queue[] }
  | { readonly kind: "environments"; readonly environments: readonly Environment[] }
  | { readonly kind: "scheduling-policies"; readonly policies: readonly SchedulingPolicy[] }
  | { readonly kind: "quota-shares"; readonly quotaShares: readonly QuotaShare[] }
  | { readonly kind: "consumables"; readonly consumables: readonly Consumable[] }
  /** Read at start, in order of `seq`; afterwards all that happens to them are changes. `lastSeq`: the highest there ever was. */
  | { readonly kind: "instances"; readonly instances: readonly Instance[]; readonly lastSeq: number }
  /** A job that is not over: just submitted, or read at start. A parent comes before its children. */
  | { readonly kind: "job-admitted"; readonly job: Job }
  /** Everything submitted up to this `seq` has been read. */
  | { readonly kind: "jobs-read"; readonly lastSeq: number }
  /** What attempts that are over have used of queues with a fair-share policy: read at start. */
  | { readonly kind: "share-uses"; readonly uses: readonly ShareUse[] }
  /** How a job ended that another one depends on and that the world does not hold. Arrays bring their children's outcomes. */
  | { readonly kind: "outcome"; readonly jobId: string; readonly outcome: Outcome }
  /** Children of an array that is not over which are: read at start. */
  | {
      readonly kind: "children-ended";
      readonly parentId: string;
      readonly status: "SUCCEEDED" | "FAILED";
      readonly indexes: readonly number[];
    }
  | { readonly kind: "stop-requested"; readonly jobId: string; readonly stop: StopRequest }
  | DriverBoot
  /** The schedulingPriority of a job was changed. */
  | { readonly kind: "job-priority"; readonly jobId: string; readonly priority: number };

/** How a finished dependency ended. `failedChildren`: of an array that FAILED, the children that did. */
export interface Outcome {
  readonly succeeded: boolean;
  readonly failedChildren?: IndexSet;
}

/** One fact to commit. The engine applies it to the world first; a commit that fails drops the world. */
export type Change =
  | JobChange
  /** What an array's recorded children come to, with all other changes of the tick. */
  | { readonly kind: "array-summary"; readonly jobId: string; readonly recorded: RecordedChildren }
  /** A stop request that has been honoured, or has nothing to stop. A terminate that has replaced a cancel meanwhile stays. */
  | { readonly kind: "stop-dismissed"; readonly jobId: string; readonly stop: StopRequest["kind"] }
  | InstanceChange
  | ResourceChange
  | DriverBoot
  /** A registered host that was removed, and whose last job has ended. */
  | { readonly kind: "host-deleted"; readonly hostId: string; readonly environmentArn: string };

/** In which boot of its machine a driver was seen last. */
export interface DriverBoot {
  readonly kind: "driver-boot";
  readonly driver: DriverName;
  readonly bootId: string;
}

export type InstanceChange =
  /** It is to be launched. */
  | {
      readonly kind: "instance-launched";
      readonly instanceId: string;
      readonly instance: Instance;
      readonly because?: ScalingReason;
    }
  | { readonly kind: "instance-running"; readonly instanceId: string; readonly at: number }
  /** It takes no more jobs. `isLost`: it is gone already, and its attempts are told to end. `isOverdue`: it has never run, and should have by now. */
  | {
      readonly kind: "instance-terminating";
      readonly instanceId: string;
      readonly isLost?: true;
      readonly isOverdue?: true;
      readonly because?: ScalingReason;
    }
  /** It does not answer, or does again. */
  | { readonly kind: "instance-silent"; readonly instanceId: string; readonly isSilent: boolean }
  /** The last attempt on it has ended. */
  | { readonly kind: "instance-idle"; readonly instanceId: string; readonly since: number }
  /** It is no longer there. `launchFailure`: it never was, and why. */
  | {
      readonly kind: "instance-gone";
      readonly instanceId: string;
      readonly at: number;
      readonly launchFailure?: string;
    };

export interface JobChange {
  readonly kind: "job-changed";
  readonly jobId: string;
  /** For children: their record is made when the first change about it is committed. */
  readonly parent?: { readonly id: string; readonly index: number };
  readonly state: JobState;
  /** Log streams that appear with this change. */
  readonly logStreams?: readonly NewLogStream[];
  /** Logs to which nothing is written any more after this change. */
  readonly endedLogs?: readonly EndedLog[];
  /** What the attempt that ends with this change has used up for good. */
  readonly usedUp?: readonly ConsumableNeed[];
  /** What the attempt that ends with this change has held, used and cost. */
  readonly uses?: readonly AttemptUse[];
}

export interface EndedLog {
  readonly attemptId: string;
  readonly at: number;
}

export interface NewLogStream {
  readonly group: string;
  readonly name: string;
  /** Whose log it is: what a driver knows as an attempt. */
  readonly attemptId: string;
  readonly at: number;
}

export type ResourceChange =
  | {
      readonly kind: "environment-status" | "queue-status" | "quota-share-status";
      readonly arn: string;
      readonly version: number;
      readonly status: ResourceStatus;
      readonly statusReason: string;
    }
  | { readonly kind: "environment-deleted" | "queue-deleted" | "quota-share-deleted"; readonly arn: string };
