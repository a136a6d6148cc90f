import type { CountsByStatus } from "../core/status-counts.ts";
import type { ChronicleEntry } from "./chronicle.ts";

/** What one environment holds now. */
export interface EnvironmentFacts {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  /** STARTING and RUNNING. */
  readonly jobs: number;
  /** Absent where there is no such bound. */
  readonly maxVcpuMilli?: number;
  /** Absent where nothing is launched. */
  readonly desiredVcpuMilli?: number;
  /** Absent where there are none. */
  readonly instances?: number;
  /** Its jobs are pods of a cluster, on machines that are no part of this one. */
  readonly isInCluster?: true;
}

/** How things are after the last tick, of all accounts. */
export interface PresentFacts {
  /** By ARN: every queue. */
  readonly queues: ReadonlyMap<string, CountsByStatus>;
  readonly environments: ReadonlyMap<string, EnvironmentFacts>;
}

/** What the server that leads knows of the present. */
export interface Present {
  /** Undefined before the first tick. Costs in queues, environments and active attempts. */
  facts(): PresentFacts | undefined;
  /** What is not in the chronicle yet: minutes that are to be written, and last the one that runs. */
  unwritten(): readonly ChronicleEntry[];
}
