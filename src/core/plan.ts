import type { InstanceChange, JobChange } from "./changes.ts";
import type { BlockedReason } from "./placement.ts";
import type { Shortage } from "./shortage.ts";

/** What one tick decided. */
export interface Plan {
  /** Starts of jobs, and ends of such as were at the head of their queue for too long. */
  readonly changes: readonly JobChange[];
  /** Launches and terminations. */
  readonly instanceChanges: readonly InstanceChange[];
  /** By queue ARN: who cannot start there. Queues in which nobody waits for anything are left out. */
  readonly blocked: ReadonlyMap<string, QueueBlock>;
  /** By shape: what its jobs lack of a consumable resource. They wait, and those behind them do not. */
  readonly short: ReadonlyMap<string, Shortage>;
  /** The limit of placements was reached; the next tick goes on at once. */
  readonly isPartial: boolean;
  /** Epoch ms: when time alone changes something next. */
  readonly wakeAt?: number;
}

/** What holds up a queue. */
export interface QueueBlock {
  /** The job that everything else in the queue waits for. */
  readonly head?: BlockedHead;
  /** By share: the first job of a lane that holds up this lane. That of `head` is one of them. */
  readonly lanes: ReadonlyMap<string, BlockedHead>;
}

export interface BlockedHead {
  readonly jobId: string;
  readonly reason: BlockedReason;
}
