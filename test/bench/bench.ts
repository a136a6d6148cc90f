import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How much is measured. */
export interface Sizes {
  /** Jobs of one round of figure 1. */
  readonly submitJobs: number;
  /** Children of one array of figure 2. */
  readonly processJobs: number;
  /** Single jobs of figure 3. */
  readonly latencyJobs: number;
  /** Submissions of figure 4. */
  readonly arraySubmits: number;
  /** Waiting jobs of figure 5. */
  readonly waitingJobs: number;
  /** Submissions that figure 5 watches. */
  readonly watchedSubmits: number;
  /** Jobs that are over, of figure 7, which has as many waiting ones as figure 5. */
  readonly finishedJobs: number;
  /** Requests of each kind in one round of figure 7. */
  readonly readRequests: number;
  /** Jobs of figure 9. */
  readonly simulatedJobs: number;
  /** Starts of figure 6. */
  readonly starts: number;
  /** Waiting jobs of figure 8. */
  readonly coreJobs: number;
  /** Programs that run at a time in figure 10. */
  readonly runningJobs: number;
  /** Jobs of one round of figure 11. */
  readonly containerJobs: number;
  /** Jobs that are over, of figure 12. */
  readonly oldJobs: number;
  /** Waiting jobs of figure 13. */
  readonly recoveredJobs: number;
  /** Of each kind, in figure 15. */
  readonly failovers: number;
  /** Of figure 16: those before its heap is looked at first, and those that are measured. */
  readonly warmUpPods: number;
  readonly pods: number;
  readonly rounds: number;
}

export const FULL: Sizes = {
  submitJobs: 10_000,
  processJobs: 2_000,
  latencyJobs: 200,
  arraySubmits: 20,
  waitingJobs: 100_000,
  watchedSubmits: 100,
  finishedJobs: 1_000_000,
  readRequests: 200,
  simulatedJobs: 1_000_000,
  starts: 10,
  coreJobs: 1_000_000,
  runningJobs: 2_000,
  containerJobs: 200,
  oldJobs: 10_000_000,
  recoveredJobs: 1_000_000,
  failovers: 5,
  warmUpPods: 2_000,
  pods: 10_000,
  rounds: 5,
};

export const QUICK: Sizes = {
  submitJobs: 3_000,
  processJobs: 500,
  latencyJobs: 50,
  arraySubmits: 20,
  waitingJobs: 10_000,
  watchedSubmits: 40,
  finishedJobs: 50_000,
  readRequests: 200,
  simulatedJobs: 100_000,
  starts: 3,
  coreJobs: 200_000,
  runningJobs: 300,
  containerJobs: 60,
  oldJobs: 100_000,
  recoveredJobs: 100_000,
  failovers: 1,
  warmUpPods: 500,
  pods: 1_500,
  rounds: 3,
};

/** What a figure is given. */
export interface Bench {
  readonly sizes: Sizes;
  /** Where the servers write their CPU profiles when they end, if anywhere. */
  readonly profileDirectory: string | undefined;
  progress(text: string): void;
  /** Runs `task` with an empty directory on the disk that is measured, and removes it. */
  withDirectory<T>(task: (directory: string) => Promise<T>): Promise<T>;
}

export function createBench(options: Pick<Bench, "sizes" | "profileDirectory" | "progress"> & { base: string }): Bench {
  const { base, ...rest } = options;
  return {
    ...rest,
    async withDirectory(task) {
      const directory = mkdtempSync(join(base, "longshore-bench-"));
      try {
        return await task(directory);
      } finally {
        rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      }
    },
  };
}
