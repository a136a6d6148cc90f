import { randomFrom } from "./random.ts";
import type { Workload, WorkloadJob } from "./workload.ts";
import { jobKinds, workloadOf } from "./workload.ts";

export interface SyntheticOptions {
  readonly jobs: number;
  readonly seed: number;
  /** What the jobs' demand is measured by: together they need 90 % of it, while they come. */
  readonly vcpus: number;
}

const LOAD = 0.9;

/** By vCPUs of a job, how many of a hundred jobs ask for so many. Many small ones, and few large ones that bring most of the work. */
const SIZES: readonly (readonly [vcpus: number, jobs: number])[] = [
  [1, 45],
  [2, 20],
  [4, 15],
  [8, 12],
  [16, 8],
];

const MIB_PER_VCPU = 2_048;

/** The median run time and the spread of its logarithm: half of all jobs run less than five minutes, one of a hundred more than two hours. */
const RUN_SECONDS = { median: 300, sigma: 1.4, most: 86_400 };

/** What users say how long their jobs will run: the next of these that is enough. */
const ESTIMATES_SECONDS = [300, 900, 3_600, 14_400, 43_200, 86_400];

const SHARES = 20;

/** One job of twenty fails. */
const FAILURES = 0.05;

/** Jobs that come one by one at random, of sizes and run times as batch systems have them, of 20 shares of which the first ones have most. Times are whole seconds, as in traces. */
export function syntheticWorkload({ jobs, seed, vcpus }: SyntheticOptions): Workload {
  const random = randomFrom(seed);
  const kindOf = jobKinds();
  // No job may be larger than what there is: it would hold up the others for ever.
  const sizes = SIZES.filter(([size]) => size <= vcpus);
  const between = meanWork(sizes) / (vcpus * LOAD);
  let submitSeconds = 0;
  const list = Array.from({ length: jobs }, (): WorkloadJob => {
    submitSeconds += -Math.log(1 - random()) * between;
    const size = weighted(sizes, random());
    const share = `share${Math.floor(SHARES * random() ** 2) + 1}`;
    const seconds = runSeconds(random);
    const expectedSeconds = ESTIMATES_SECONDS.find((estimate) => estimate >= seconds)!;
    return {
      submitMs: Math.floor(submitSeconds) * 1_000,
      runMs: seconds * 1_000,
      exitCode: random() < FAILURES ? 1 : 0,
      kind: kindOf({ vcpus: size, memoryMiB: size * MIB_PER_VCPU, gpus: 0, share, expectedSeconds }),
    };
  });
  return workloadOf(list, [`${jobs} synthetic jobs, seed ${seed}.`]);
}

function meanWork(sizes: typeof SIZES): number {
  const jobs = sizes.reduce((sum, [, count]) => sum + count, 0);
  const meanSize = sizes.reduce((sum, [size, count]) => sum + size * count, 0) / jobs;
  return meanSize * RUN_SECONDS.median * Math.exp(RUN_SECONDS.sigma ** 2 / 2);
}

function weighted(sizes: typeof SIZES, random: number): number {
  const total = sizes.reduce((sum, [, jobs]) => sum + jobs, 0);
  let left = random * total;
  for (const [size, jobs] of sizes) {
    left -= jobs;
    if (left < 0) return size;
  }
  return sizes.at(-1)![0];
}

/** Log-normal, by Box and Muller. */
function runSeconds(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const seconds = Math.exp(Math.log(RUN_SECONDS.median) + RUN_SECONDS.sigma * normal);
  return Math.min(RUN_SECONDS.most, Math.max(1, Math.round(seconds)));
}
