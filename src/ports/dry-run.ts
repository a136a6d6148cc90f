import type { Preview } from "../core/explain/preview.ts";

/** What would become of a submission, as the server answers and the command line shows it. */
export interface DryRun extends Preview {
  readonly jobName: string;
  readonly jobQueue: string;
  readonly jobDefinition: string;
  /** Of one job, or of each child of an array. */
  readonly resources: { readonly vcpus: number; readonly memoryMiB: number; readonly gpus: number };
  readonly arraySize?: number;
  readonly predictedStart: PredictedStart;
  readonly cost: Cost;
}

/** When the job, or an array's first child, would start. */
export type PredictedStart =
  /** `at` in ISO 8601. */
  | { readonly at: string; readonly inSeconds: number }
  /** Why it cannot be known. */
  | { readonly unknown: string };

/** What a job would cost on AWS, in US dollars. What this server's own machine costs is not in it. */
export type Cost = KnownCost | { readonly unknown: string };

export interface KnownCost {
  /** What the figures mean, for people. */
  readonly meaning: string;
  /** Of one job, or of each child of an array, while it runs. */
  readonly usdPerHour: number;
  /** How long one attempt may take: the timeout. Without one the whole is not known. */
  readonly atMostSeconds?: number;
  /** One attempt of all children, each for so long. */
  readonly atMostUsd?: number;
}
