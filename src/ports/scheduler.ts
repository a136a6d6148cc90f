import type { Explanation } from "../core/explain/explanation.ts";
import type { Preview, Proposal } from "../core/explain/preview.ts";
import type { WaitingJob } from "../core/explain/waiting-reason.ts";
import type { Occupancy } from "../core/occupancy.ts";
import type { QueueSnapshot } from "../core/queue-snapshot.ts";

/** The engine as the API sees it. */
export interface Scheduler {
  /** There are new jobs or stop requests. Resolves when a tick has seen them. */
  nudge(): Promise<void>;
  /** Compute environments or job queues were written. Resolves when a tick has seen them. */
  nudgeResources(): Promise<void>;
  /** The priority of a job was written. Resolves when a tick has seen it. */
  nudgePriority(jobId: string): Promise<void>;
  /** How much of a consumable resource the attempts hold that are active after the last tick. */
  inUse(consumableArn: string): number;
  /** Why a RUNNABLE job waits, after the last tick; undefined when nothing is in its way. */
  waitingText(job: WaitingJob): string | undefined;
  /** Why a job is where it is, after the last tick; undefined when the scheduler does not have it: it is over, or was not read yet. */
  explain(jobId: string): Explanation | undefined;
  /** What would become of a job that were submitted now; undefined before the first tick. Nothing is written. */
  preview(proposal: Proposal): Promise<Preview | undefined>;
  /** What runs in an environment, after the last tick; undefined when the scheduler does not have it. */
  occupancy(environmentArn: string): Occupancy | undefined;
  /** How many vCPUs the scheduler wants there now: those of the instances that are there or on their way. Undefined for an environment without instances. */
  desiredVcpus(environmentArn: string): number | undefined;
  /** What waits and runs in a queue, after the last tick. */
  snapshot(queueArn: string): QueueSnapshot;
}
