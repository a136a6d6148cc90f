import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench } from "./bench.ts";
import type { CoreLoad } from "./core-load.ts";
import type { Figure } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import { median } from "./statistics.ts";

const FEW = 10_000;

/** Figure 8: the scheduler's core alone, without store, drivers or network: what a placement costs, and a job that waits. */
export const core: Figure = {
  number: 8,
  title: "the scheduler's core",
  async measure(bench) {
    const { coreJobs, rounds } = bench.sizes;
    const loads: CoreLoad[] = [];
    const microsOf = async (jobs: number): Promise<number> => {
      const load = await measured(jobs);
      if (jobs === coreJobs) loads.push(load);
      return 1e6 / load.placementsPerSecond;
    };
    const perPlacement = await inTurns(
      rounds,
      { limit: () => microsOf(FEW), value: () => microsOf(coreJobs) },
      progressOf(bench),
    );
    const middle = (pick: (load: CoreLoad) => number): number => median(loads.map(pick));
    const waiting = `${coreJobs} jobs of 200 shapes wait, 10,000 instances`;
    return [
      {
        what: `placements, ${waiting}`,
        unit: "1/s",
        value: middle((load) => load.placementsPerSecond),
        target: { atLeast: 20_000 },
      },
      compared("of one placement", "us", perPlacement, `${FEW} waiting`, { atMost: 1.5 }),
      {
        what: "a tick that changes nothing",
        unit: "ms",
        value: middle((load) => load.idleTickMs),
        target: { atMost: 1 },
      },
      {
        what: "per waiting job",
        unit: "bytes",
        value: middle((load) => load.bytesPerWaitingJob),
        target: { atMost: 600 },
      },
      {
        what: "per array child that has not run",
        unit: "bytes",
        value: middle((load) => load.bytesPerArrayChild),
        target: { atMost: 100 },
      },
    ];
  },
};

function progressOf({ progress, sizes }: Bench): (round: number) => void {
  return (round) => progress(`round ${round} of ${sizes.rounds}`);
}

async function measured(jobs: number): Promise<CoreLoad> {
  const script = fileURLToPath(new URL("core-load.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    "--max-old-space-size=4096",
    script,
    String(jobs),
  ]);
  return JSON.parse(stdout) as CoreLoad;
}
