import type { ReportedCapacity } from "./capacity-reports.ts";

/** What the API tells of registered hosts, and the command line shows. */

export interface HostReport {
  readonly name: string;
  readonly computeEnvironment: string;
  readonly computeEnvironmentArn: string;
  readonly endpoint: string;
  /** Only active hosts take jobs; one that is being removed is forgotten when its last job has ended. */
  readonly state: "active" | "draining" | "removing";
  /** Whether it answers. A lost one has not for so long that what ran there is over. */
  readonly sight: "connecting" | "in-sight" | "out-of-sight" | "lost";
  /** Epoch ms: since when it has not answered. */
  readonly unseenSince?: number;
  /** What was wrong the last time that somebody tried to reach it. */
  readonly problem?: string;
  /** What its engine told of it last. */
  readonly total: ReportedCapacity;
  readonly architecture: string;
  readonly engineVersion: string;
  /** What the jobs on it hold. */
  readonly inUse: ReportedCapacity;
  /** Ids of the jobs on it. */
  readonly jobs: readonly string[];
  /** The instance that it is now, for ECS, EC2 and jobs; absent while it is none. */
  readonly instanceId?: string;
  /** Epoch ms. */
  readonly registeredAt: number;
}

export interface HostsAnswer {
  readonly hosts: readonly HostReport[];
}

export interface HostAnswer {
  readonly host: HostReport;
  /** What the user should know: one sentence each. */
  readonly notes: readonly string[];
}

export interface HostRequest {
  readonly name: string;
  readonly endpoint: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly gpus?: number;
}
