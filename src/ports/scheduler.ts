import type { AttemptUse } from "../core/cost/attempt-use.ts";
import type { Explanation } from "../core/explain/explanation.ts";
import type { Preview, Proposal } from "../core/explain/preview.ts";
import type { SharesOfQueue } from "../core/explain/share-standings.ts";
import type { WaitingJob } from "../core/explain/waiting-reason.ts";
import type { GoneInstance } from "../core/instances/gone-instances.ts";
import type { InstanceUse } from "../core/instances/instance-use.ts";
import type { Occupancy } from "../core/occupancy.ts";
import type { QueueSnapshot } from "../core/queue-snapshot.ts";

export interface JobCount {
  readonly total: number;
  readonly ofAccount: number;
}

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
  /** How many vCPUs the scheduler wants there now. Undefined where nothing is launched. */
  desiredVcpus(environmentArn: string): number | undefined;
  /** The instances of an environment, oldest first, after the last tick. Undefined for an environment without instances. */
  instances(environmentArn: string): readonly InstanceUse[] | undefined;
  /** The instances of an environment that went within the last hour, as far as that is remembered. */
  goneInstances(environmentArn: string): readonly GoneInstance[];
  /**
   * Takes an instance away at once, whatever is on it, as somebody does who terminates it in EC2. What runs there ends as soon as it is known to be
   * gone. Nothing happens when it is not there.
   */
  terminateInstance(instanceId: string): Promise<void>;
  /** What the attempts that run after the last tick have cost until now. */
  runningUses(): AttemptUse[];
  /** How many jobs there are that are not over, children that have started included; undefined when another server has them. */
  unfinished(account: string): JobCount | undefined;
  /** What waits and runs in a queue, after the last tick. */
  snapshot(queueArn: string): QueueSnapshot;
  /** How the shares of a queue stand, after the last tick; undefined where there are none. */
  shares(queueArn: string): SharesOfQueue | undefined;
}
