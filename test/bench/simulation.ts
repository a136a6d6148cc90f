import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figure } from "./figure.ts";
import type { SimulationLoad } from "./simulation-load.ts";

/** A million jobs in a minute. */
const MOST_MS_PER_JOB = 60_000 / 1_000_000;

/** Figure 9: `longshore simulate` of a synthetic workload, from its making to its report, on one core. */
export const simulation: Figure = {
  number: 9,
  title: "simulation",
  async measure({ sizes: { simulatedJobs: jobs } }) {
    const { ms, bareMs } = await measured(jobs);
    const limit = { what: `${jobs} jobs' events through a heap`, value: (jobs / bareMs) * 1000 };
    const value = (jobs / ms) * 1000;
    return [
      {
        what: `${jobs} jobs, end to end on one core`,
        unit: "ms",
        value: ms,
        target: { atMost: MOST_MS_PER_JOB * jobs },
      },
      { what: "jobs", unit: "1/s", value, limit, ratio: value / limit.value },
    ];
  },
};

async function measured(jobs: number): Promise<SimulationLoad> {
  const script = fileURLToPath(new URL("simulation-load.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--single-threaded", script, String(jobs)]);
  return JSON.parse(stdout) as SimulationLoad;
}
