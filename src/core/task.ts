/**
 * One container of a job that runs several: those of a multi-container job (ecsProperties, eksProperties), and those of each node of a
 * multi-node parallel job. A job with one container has no units. An attempt starts all its units in one place, and ends with them.
 */
export interface Unit {
  /** The container's name, unique within its node. */
  readonly name: string;
  /** The node of a multi-node parallel job. */
  readonly node?: number;
  /** When an essential container ends, for whatever reason, the others of its node are stopped (reference 3.5). */
  readonly essential: boolean;
  readonly dependsOn: readonly UnitDependency[];
  /** How long its dependencies may take to be met. */
  readonly startTimeoutMs?: number;
  /** Between SIGTERM and SIGKILL when it is stopped. */
  readonly stopTimeoutMs?: number;
  /** Where the awslogs driver puts the output; absent with any other log driver. The stream is `prefix/name/taskId`. */
  readonly log?: { readonly group: string; readonly prefix: string };
}

export interface UnitDependency {
  /** Index of the unit waited for, in the same list of units. */
  readonly unit: number;
  readonly condition: "START" | "COMPLETE" | "SUCCESS";
}
