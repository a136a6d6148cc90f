import type { MachineName } from "../clusters/machine-name.ts";
import type { Usage } from "../usage.ts";

/**
 * One container of a job that runs several: those of a multi-container job (ecsProperties, eksProperties), and those of each node of a
 * multi-node parallel job. A job with one container has no units. An attempt starts all its units in one place, and ends with them.
 */
export interface Unit {
  /** The container's name, unique within its node. */
  readonly name: string;
  /** The node of a multi-node parallel job. */
  readonly node?: number;
  /**
   * Its exit code counts for the result, and when it ends, for whatever reason, the others of its node are stopped (reference 3.5). Of each
   * node at least one is.
   */
  readonly essential: boolean;
  /** The containers of a pod: the end of an essential one does not stop the others, the node is over when all essential ones are (reference 3.4). */
  readonly othersGoOn?: true;
  readonly dependsOn: readonly UnitDependency[];
  /**
   * How long after its own start it may take to end, where others wait for its end; then they give up. So does ECS, whose documentation tells it
   * by an example: "if a startTimeout value is specified for containerB and it doesn't reach the desired status within that time then containerA
   * gives up".
   */
  readonly startTimeoutMs?: number;
  /** Between SIGTERM and SIGKILL when it is stopped; 30 s without it. */
  readonly stopTimeoutMs?: number;
  /** Where the awslogs driver puts the output; absent with any other log driver. The stream is `prefix/name/taskId`. */
  readonly log?: { readonly group: string; readonly prefix: string };
}

export interface UnitDependency {
  /** Index of the unit waited for, in the same list of units. */
  readonly unit: number;
  readonly condition: "START" | "COMPLETE" | "SUCCESS";
}

/** The nodes of a multi-node parallel job; each unit says which one it is of. */
export interface Nodes {
  readonly count: number;
  /** Index of the node that starts first, and whose end is the job's. */
  readonly main: number;
}

/** How far one unit of an attempt is. */
export interface UnitState {
  /** `starting`: a driver is told to run it. What never ran is `ended` without `startedAt`. */
  readonly status: "waiting" | "starting" | "running" | "ended";
  /** Epoch ms, as all times. */
  readonly startedAt?: number;
  /** As an attempt's own. */
  readonly clockSetMs?: number;
  readonly stoppedAt?: number;
  /** Absent when it never ran, or was lost with its host. */
  readonly exitCode?: number;
  readonly reason?: string;
  /** It never ran because what it was to run on went away. */
  readonly isLost?: true;
  readonly logStreamName?: string;
  readonly usage?: Usage;
  /** In a cluster: the one that it is on. */
  readonly machine?: MachineName;
  /** Of its node, where the driver can tell one: an IPv4 address that the other nodes reach. */
  readonly address?: string;
  /** Set when it was told to end before it ended by itself. */
  readonly stopping?: UnitStopping;
  /** As an attempt's own: it was active in the backup that the store was restored from. */
  readonly isRestored?: true;
}

export interface UnitStopping {
  readonly reason: string;
  /** Epoch ms of the decision: SIGTERM then, SIGKILL after the unit's stop timeout. */
  readonly at: number;
  /** A TerminateJob of its node alone. */
  readonly isTerminated?: true;
}
