import type { Job } from "../job.ts";
import type { BlockedReason } from "../placement.ts";
import type { Lane } from "../waiting.ts";

/** Whose turn it is in one queue, in one tick. It goes on when the queue is held up: somebody may start without delaying the job that holds it up. */
export interface Order {
  /** The lane whose first job is tried next; undefined when nobody is left. The same one again and again, until something has come of it. */
  next(): Lane | undefined;
  /** What the policy itself has against the lane's first job starting now, whatever room there is. Asked once for each job that is tried. */
  refusal?(lane: Lane, job: Job): BlockedReason | undefined;
  /** How many milli-vCPU may still be taken by shares that hold something already; absent: the policy has nothing against it. */
  unreservedVcpuMilli?(): number;
  /** A job of the lane was placed, or a child of this array. */
  placed(lane: Lane, job: Job): void;
  /** The lane has nothing more that could start in this tick. */
  emptied(lane: Lane): void;
  /** The lane's first job cannot start. Whether that holds up the whole queue, or this lane only. */
  blocked(lane: Lane, reason: BlockedReason): "queue" | "lane";
  /** While a lane holds up the queue: when time alone may give its turn to another one. Epoch ms; Infinity: never. */
  turnEndsAt?(): number;
}
