import type { Cluster, ClusterEnvironment } from "../cluster/cluster.ts";
import { weightFactorOf } from "../cluster/sharing.ts";
import { environmentArn } from "../cluster/cluster-facts.ts";
import type { Simulated, Unfinished } from "../simulation.ts";
import type { ShareUse } from "./fairness.ts";
import { fairnessOf } from "./fairness.ts";
import type { Recorder, ShareRecord } from "./recorder.ts";
import type { Distribution } from "./samples.ts";
import { distributionOf } from "./samples.ts";
import type { TimeSeries } from "./time-series.ts";
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
  /** The part of the vCPUs that were there that jobs held. */
  readonly utilisation?: number;
  /** That jobs held. */
  readonly vcpuHours: number;
  /** That were there: of instances that ran, and of all of a pool. */
  readonly capacityVcpuHours: number;
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
  readonly capacityVcpuHours: number;
  readonly costUsd?: number;
  /** How many instances of each type were launched. */
  readonly launched?: Readonly<Record<string, number>>;
}

export interface ShareReport {
  readonly share: string;
  /** Its own, or that of its prefix. */
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
  const capacityVcpuHours = sumOf(environments, (environment) => environment.capacityVcpuHours);
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
    ...(makespanMs > 0 && { throughputPerHour: over / (makespanMs / HOUR_MS) }),
    ...(capacityVcpuHours > 0 && { utilisation: vcpuHours / capacityVcpuHours }),
    vcpuHours,
    capacityVcpuHours,
    ...(isPriced && { costUsd: sumOf(environments, ({ costUsd }) => costUsd!) }),
    ...(fairness !== undefined && { fairness }),
    environments,
    shares,
    unfinished,
    series: seriesOf(
      recorder,
      cluster.environments,
      shares.map(({ share }) => share),
    ),
  };
}

function environmentReport(environment: ClusterEnvironment, recorder: Recorder): EnvironmentReport {
  const { name, type, maxVcpus } = environment;
  const vcpuHours = recorder.vcpusByEnvironment.get(environmentArn(name))!.area(recorder.lastAt) / HOUR_MS;
  const capacity = environment.launching === undefined ? ofPool(environment, recorder) : ofFleet(environment, recorder);
  return { environment: name, type, maxVcpus, vcpuHours, ...capacity };
}

function ofPool({ name, maxVcpus, prices }: ClusterEnvironment, recorder: Recorder) {
  const { lastAt } = recorder;
  const arn = environmentArn(name);
  const hours = (series: TimeSeries): number => series.area(lastAt) / HOUR_MS;
  const vcpuHours = hours(recorder.vcpusByEnvironment.get(arn)!);
  const gibHours = hours(recorder.memoryMiBByEnvironment.get(arn)!) / 1024;
  return {
    capacityVcpuHours: (maxVcpus * (lastAt - recorder.beginsAt)) / HOUR_MS,
    ...(prices !== undefined && { costUsd: vcpuHours * prices.perVcpuHour + gibHours * prices.perGibHour }),
  };
}

function ofFleet({ name, pricePercent }: ClusterEnvironment, { fleets, lastAt }: Recorder) {
  const { vcpus, microUsdPerHour, launched } = fleets.of(environmentArn(name));
  const onDemandUsd = microUsdPerHour.area(lastAt) / HOUR_MS / 1e6;
  return {
    capacityVcpuHours: vcpus.area(lastAt) / HOUR_MS,
    ...(pricePercent !== undefined && { costUsd: (onDemandUsd * pricePercent) / 100 }),
    launched: Object.fromEntries([...launched].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function shareReport({ name, weights, vcpus, waitingMs, slowdowns }: ShareRecord, until: number): ShareReport {
  const waiting = distributionOf(waitingMs);
  const boundedSlowdown = distributionOf(slowdowns);
  return {
    ...{
      share: name,
      weightFactor: weightFactorOf(weights, name),
      jobs: waitingMs.count,
      vcpuHours: vcpus.area(until) / HOUR_MS,
    },
    ...(waiting !== undefined && { waitingSeconds: inSeconds(waiting) }),
    ...(boundedSlowdown !== undefined && { boundedSlowdown }),
  };
}

function useOf({ name, weights, vcpus, waiting }: ShareRecord, until: number): ShareUse {
  return {
    ...{ name, weights },
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
