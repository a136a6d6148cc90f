import type { Dependency, JobStatus } from "../job.ts";
import type { BlockedReason } from "../placement.ts";
import type { EnvironmentVerdict } from "./obstacles.ts";
import type { Occupant } from "./occupants.ts";

/** One thing that keeps a job from starting. All of a job's blockers have to go before it does. */
export type Blocker =
  | OpenDependency
  /** It can never start, and fails as soon as nothing else keeps it waiting. */
  | { readonly kind: "refusal"; readonly reason: string }
  /** No environment of its queue takes it. `reason` is what all of them together come to. */
  | {
      readonly kind: "placement";
      readonly reason: BlockedReason;
      readonly environments: readonly EnvironmentVerdict[];
    }
  | MissingConsumable
  /** As many children of its array run as may at a time. */
  | { readonly kind: "crowded"; readonly arrayId: string; readonly limit: number; readonly siblingsBefore: number }
  /** The queue's own rules keep it back: the limits of quota shares, the reservation of a fair-share policy, so many jobs at a time. */
  | { readonly kind: "policy"; readonly reason: PolicyReason }
  /** The job at the head of its queue cannot start, and holds up those behind it. */
  | { readonly kind: "behind"; readonly headJobId: string; readonly headReason: BlockedReason }
  /** Another queue is served first, and its head waits for what may be the same room. Which one is not told of another account's or region's. */
  | {
      readonly kind: "queue-before";
      readonly priority?: number;
      readonly queueArn?: string;
      readonly headJobId?: string;
    };

/** What has nothing to do with room. */
export type PolicyReason = Extract<
  BlockedReason,
  { readonly kind: "above-quota" | "quota" | "reservation" | "queue-limit" }
>;

/** A dependency that is neither met nor failed yet. */
export interface OpenDependency {
  readonly kind: "dependency";
  /** The job, array or child that it waits for. */
  readonly jobId: string;
  readonly type?: Dependency["type"];
  readonly status: JobStatus;
  /** Where that one waits for others in turn: a job at the far end that waits for none. */
  readonly root?: { readonly jobId: string; readonly status: JobStatus };
}

/** A consumable resource of which not enough is free. */
export interface MissingConsumable {
  readonly kind: "consumable";
  readonly arn: string;
  readonly quantity: number;
  readonly available: number;
  /** Absent when there is no such resource. */
  readonly total?: number;
  /** Some of those that hold it; `holderCount` is their number. */
  readonly holders: readonly (Occupant & { readonly quantity: number })[];
  readonly holderCount: number;
  /** Of the jobs that are served before it, as far as they were looked at, how many want of it too. */
  readonly wantedBefore: number;
}
