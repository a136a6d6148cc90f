import type { Cluster, ClusterEnvironment } from "../cluster/cluster.ts";
import { environmentArn } from "../cluster/cluster-facts.ts";
import type { Simulated, Unfinished } from "../simulation.ts";
import type { ShareUse } from "./fairness.ts";
import { fairnessOf } from "./fairness.ts";
import type { Recorder, ShareRecord } from "./recorder.ts";
import type { Distribution } from "./samples.ts";
import { distributionOf } from "./samples.ts";
import type { Series } from "./series.ts";
import { seriesOf } from "./series.ts";

const HOUR_MS = 3_600_000;

/** What a simulation came to, as `--json` gives it. What cannot be known is absent. */
export interface Report {
  readonly name: string;
  readonly jobs: Readonly<Record<"submitted" | "succeeded" | "failed" | "unfinished", number>>;
  /** From the submission until the first attempt runs; of jobs that are over. */
  readonly waitingSeconds?: Distribution;
  /** From submission to end, over the run time or 10 s if that is longer. */
  readonly boundedSlowdown?: Distribution;
  /** From the first submission to the last end. */
  readonly makespanSeconds: number;
  readonly throughputPerHour?: number;
  /** The part of all vCPUs that jobs held, from the first submission to the last end. */
  readonly utilisation?: number;
  readonly vcpuHours: number;
  readonly costUsd?: number;
  /** Of the shares that have jobs waiting at the same time: Jain's index, 1 when each gets what it is to get. Absent where no two ever wait together. */
  readonly fairness?: number;
  readonly environments: readonly EnvironmentReport[];
  /** Those that got most come first. */
  readonly shares: readonly ShareReport[];
  readonly unfinished: readonly Unfinished[];
  readonly series: Series;
}

export interface EnvironmentReport {
  readonly environment: string;
  readonly type: ClusterEnvironment["type"];
  readonly maxVcpus: number;
  readonly vcpuHours: number;
  readonly costUsd?: number;
}

export interface ShareReport {
  readonly share: string;
  readonly weightFactor: number;
  /** That are over. */
  readonly jobs: number;
  readonly vcpuHours: number;
  readonly waitingSeconds?: Distribution;
  readonly boundedSlowdown?: Distribution;
}

export function reportOf(name: string, { recorder, unfinished }: Simulated, cluster: Cluster): Report {
  const environments = cluster.environments.map((environment) => environmentReport(environment, recorder));
  const shares = [...recorder.shares.values()].map((share) => shareReport(share, recorder.lastEndAt)).toSorted(byUse);
  const makespanMs = recorder.lastEndAt - recorder.beginsAt;
  const over = recorder.succeeded + recorder.failed;
  const vcpuHours = sumOf(environments, (environment) => environment.vcpuHours);
  const maxVcpus = sumOf(environments, (environment) => environment.maxVcpus);
  const waiting = distributionOf(recorder.waitingMs);
  const boundedSlowdown = distributionOf(recorder.slowdowns);
  const fairness = fairnessOf([...recorder.shares.values()].map((share) => useOf(share, recorder.lastAt)));
  const isPriced = environments.every(({ costUsd }) => costUsd !== undefined);
  return {
    name,
    jobs: {
      ...{ submitted: recorder.submitted, succeeded: recorder.succeeded, failed: recorder.failed },
      unfinished: recorder.unfinished,
    },
    ...(waiting !== undefined && { waitingSeconds: inSeconds(waiting) }),
    ...(boundedSlowdown !== undefined && { boundedSlowdown }),
    makespanSeconds: makespanMs / 1000,
    ...(makespanMs > 0 && {
      throughputPerHour: over / (makespanMs / HOUR_MS),
      utilisation: vcpuHours / (maxVcpus * (makespanMs / HOUR_MS)),
    }),
    vcpuHours,
    ...(isPriced && { costUsd: sumOf(environments, ({ costUsd }) => costUsd!) }),
    ...(fairness !== undefined && { fairness }),
    environments,
    shares,
    unfinished,
    series: seriesOf(
      recorder,
      maxVcpus,
      shares.map(({ share }) => share),
    ),
  };
}

function environmentReport(
  { name, type, maxVcpus, prices }: ClusterEnvironment,
  recorder: Recorder,
): EnvironmentReport {
  const arn = environmentArn(name);
  const vcpuHours = recorder.vcpusByEnvironment.get(arn)!.area(recorder.lastEndAt) / HOUR_MS;
  const gibHours = recorder.memoryMiBByEnvironment.get(arn)!.area(recorder.lastEndAt) / HOUR_MS / 1024;
  return {
    ...{ environment: name, type, maxVcpus, vcpuHours },
    ...(prices !== undefined && { costUsd: vcpuHours * prices.perVcpuHour + gibHours * prices.perGibHour }),
  };
}

function shareReport({ name, weight, vcpus, waitingMs, slowdowns }: ShareRecord, until: number): ShareReport {
  const waiting = distributionOf(waitingMs);
  const boundedSlowdown = distributionOf(slowdowns);
  return {
    ...{ share: name, weightFactor: weight, jobs: waitingMs.count, vcpuHours: vcpus.area(until) / HOUR_MS },
    ...(waiting !== undefined && { waitingSeconds: inSeconds(waiting) }),
    ...(boundedSlowdown !== undefined && { boundedSlowdown }),
  };
}

function useOf({ weight, vcpus, waiting }: ShareRecord, until: number): ShareUse {
  return {
    weightFactor: weight,
    vcpus: vcpus.means(until).values,
    waitingJobs: waiting.means(until).values,
  };
}

function byUse(a: ShareReport, b: ShareReport): number {
  return b.vcpuHours - a.vcpuHours || (a.share < b.share ? -1 : 1);
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}

function inSeconds({ mean, median, p95, max }: Distribution): Distribution {
  return { mean: mean / 1000, median: median / 1000, p95: p95 / 1000, max: max / 1000 };
}
