import type { Cluster } from "../cluster/cluster.ts";
import { environmentArn } from "../cluster/cluster-facts.ts";
import type { Simulated, Unfinished } from "../simulation.ts";
import type { Distribution } from "./samples.ts";
import { distributionOf, jainIndex } from "./samples.ts";

const HOUR_MS = 3_600_000;

/** What a simulation came to, as `--json` gives it. */
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
  /** Jain's index of what each share got: 1 when all got the same. */
  readonly fairness?: number;
  readonly shares: readonly ShareReport[];
  readonly unfinished: readonly Unfinished[];
}

export interface ShareReport {
  readonly share: string;
  readonly jobs: number;
  readonly vcpuHours: number;
  readonly waitingSeconds?: Distribution;
}

export function reportOf(name: string, { recorder, unfinished }: Simulated, cluster: Cluster): Report {
  const { beginsAt, lastEndAt } = recorder;
  const makespanMs = lastEndAt - beginsAt;
  const heldVcpuMs = cluster.environments.reduce(
    (sum, environment) => sum + recorder.vcpusByEnvironment.get(environmentArn(environment.name))!.area(lastEndAt),
    0,
  );
  const maxVcpus = cluster.environments.reduce((sum, environment) => sum + environment.maxVcpus, 0);
  const over = recorder.succeeded + recorder.failed;
  const shares = [...recorder.shares.values()].map((share): ShareReport => {
    const waiting = distributionOf(share.waitingMs);
    return {
      ...{ share: share.name, jobs: share.waitingMs.count, vcpuHours: share.vcpus.area(lastEndAt) / HOUR_MS },
      ...(waiting !== undefined && { waitingSeconds: inSeconds(waiting) }),
    };
  });
  const waiting = distributionOf(recorder.waitingMs);
  const boundedSlowdown = distributionOf(recorder.slowdowns);
  const fairness = jainIndex(shares.map(({ vcpuHours }) => vcpuHours));
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
      utilisation: heldVcpuMs / (maxVcpus * makespanMs),
    }),
    vcpuHours: heldVcpuMs / HOUR_MS,
    ...(fairness !== undefined && { fairness }),
    shares: shares.toSorted((a, b) => b.vcpuHours - a.vcpuHours || (a.share < b.share ? -1 : 1)),
    unfinished,
  };
}

function inSeconds({ mean, median, p95, max }: Distribution): Distribution {
  return { mean: mean / 1000, median: median / 1000, p95: p95 / 1000, max: max / 1000 };
}
