import type { ClusterEnvironment } from "../cluster/cluster.ts";
import { environmentArn } from "../cluster/cluster-facts.ts";
import type { Recorder } from "./recorder.ts";
import type { Samples } from "./samples.ts";

/** Shares that have a series of their own: those that got most. */
const MOST_SHARES = 20;

/** What there was at a time: each value is the mean of its bucket. */
export interface Series {
  readonly bucketSeconds: number;
  readonly waitingJobs: readonly number[];
  readonly usedVcpus: readonly number[];
  readonly capacityVcpus: readonly number[];
  readonly shares: readonly { readonly share: string; readonly vcpus: readonly number[] }[];
  /** How many jobs waited for up to so long, and longer than the step before; the last step has no bound. */
  readonly waitingSteps: readonly { readonly upToSeconds?: number; readonly jobs: number }[];
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const STEPS_SECONDS = [1, 10, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY];

export function seriesOf(
  recorder: Recorder,
  environments: readonly ClusterEnvironment[],
  shares: readonly string[],
): Series {
  const until = recorder.lastAt;
  const { widthMs, values: waitingJobs } = recorder.waiting.means(until);
  const used = [...recorder.vcpusByEnvironment.values()].map((series) => series.means(until).values);
  const capacity = environments.map(({ name, launching, maxVcpus }) =>
    launching === undefined
      ? waitingJobs.map(() => maxVcpus)
      : recorder.fleets.of(environmentArn(name)).vcpus.means(until).values,
  );
  return {
    bucketSeconds: widthMs / 1000,
    waitingJobs,
    usedVcpus: waitingJobs.map((_, bucket) => sumAt(used, bucket)),
    capacityVcpus: waitingJobs.map((_, bucket) => sumAt(capacity, bucket)),
    shares: shares
      .slice(0, MOST_SHARES)
      .map((share) => ({ share, vcpus: recorder.shares.get(share)!.vcpus.means(until).values })),
    waitingSteps: stepsOf(recorder.waitingMs),
  };
}

function sumAt(series: readonly (readonly number[])[], bucket: number): number {
  return series.reduce((sum, values) => sum + values[bucket]!, 0);
}

function stepsOf(waitingMs: Samples): Series["waitingSteps"] {
  const sorted = waitingMs.sorted();
  let from = 0;
  const steps = STEPS_SECONDS.map((upToSeconds) => {
    let to = from;
    while (to < sorted.length && sorted[to]! <= upToSeconds * 1000) to += 1;
    const jobs = to - from;
    from = to;
    return { upToSeconds, jobs };
  });
  return [...steps, { jobs: sorted.length - from }];
}
