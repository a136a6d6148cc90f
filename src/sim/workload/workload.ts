import { shared } from "./shared.ts";

/** What jobs of a workload ask for and where they go. Equal jobs share one. */
export interface JobKind {
  /** Of each node, where there are several. */
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly gpus: number;
  /** More than one: a multi-node parallel job. */
  readonly nodes?: number;
  /** An array job of so many children. */
  readonly arraySize?: number;
  /** By name. */
  readonly queue?: string;
  readonly share?: string;
  readonly priority?: number;
  readonly timeoutSeconds?: number;
  /** How long the user believed that it would run. */
  readonly expectedSeconds?: number;
}

export interface WorkloadJob {
  /** Since the first submission of the workload. */
  readonly submitMs: number;
  /** How long each of its attempts runs, if nobody ends it. */
  readonly runMs: number;
  /** With which each of its attempts ends. */
  readonly exitCode: number;
  readonly kind: JobKind;
  readonly name?: string;
}

export interface Workload {
  /** In order of submission; the first one is submitted at 0. */
  readonly jobs: readonly WorkloadJob[];
  /** What the reader should know of how it was read, such as what was left out. */
  readonly notes: readonly string[];
}

/** Makes one object of equal kinds. */
export function jobKinds(): (kind: JobKind) => JobKind {
  return shared((kind) => JSON.stringify(kind));
}

/** In order of submission, jobs of one time as they came; time begins with the first. Workloads hold for longer than their jobs' order. */
export function workloadOf(jobs: WorkloadJob[], notes: readonly string[]): Workload {
  jobs.sort((a, b) => a.submitMs - b.submitMs);
  const first = jobs[0]?.submitMs ?? 0;
  return { jobs: first === 0 ? jobs : jobs.map((job) => ({ ...job, submitMs: job.submitMs - first })), notes };
}

/** The same jobs, submitted so many times as fast. */
export function spedUp({ jobs, notes }: Workload, factor: number): Workload {
  return { jobs: jobs.map((job) => ({ ...job, submitMs: Math.round(job.submitMs / factor) })), notes };
}
