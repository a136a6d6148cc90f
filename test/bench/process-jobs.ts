import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BatchCalls } from "./batch-calls.ts";
import { submission } from "./batch-calls.ts";
import type { Figure } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import { processorMs } from "./processor-time.ts";
import { VCPUS, withServer } from "./server.ts";
import { median } from "./statistics.ts";

const WARM_UP = 200;
const POLL_MS = 25;
const SERVER_TIME = "processor time of the server for one, RUNNABLE to SUCCEEDED";

/** Figure 2: whole jobs per second, from SubmitJob of an array to all its children SUCCEEDED. */
export const processJobs: Figure = {
  number: 2,
  title: "no-op process jobs, end to end",
  measure: (bench) =>
    bench.withDirectory((directory) =>
      withServer(bench, join(directory, "data"), async ({ calls, pid }) => {
        const size = bench.sizes.processJobs;
        const ofOneJobMs: number[] = [];
        const value = async (): Promise<number> => {
          const before = processorMs(pid);
          const rate = await jobsPerSecond(calls, size);
          ofOneJobMs.push((processorMs(pid) - before) / size);
          return rate;
        };
        await jobsPerSecond(calls, WARM_UP);
        const rounds = await inTurns(bench.sizes.rounds, { limit: () => programsPerSecond(size), value }, (round) =>
          bench.progress(`round ${round} of ${bench.sizes.rounds}`),
        );
        return [
          compared("jobs succeeded", "1/s", rounds, `xargs -P ${VCPUS} true`, { atLeast: 0.5 }),
          { what: SERVER_TIME, unit: "ms", value: median(ofOneJobMs), target: { atMost: 1.5 } },
        ];
      }),
    ),
};

async function jobsPerSecond(calls: BatchCalls, size: number): Promise<number> {
  const startedAt = performance.now();
  const jobId = await calls.submit(submission(["true"], { arrayProperties: { size } }));
  await calls.until(jobId, ({ status }) => status === "SUCCEEDED", POLL_MS);
  return size / ((performance.now() - startedAt) / 1000);
}

async function programsPerSecond(count: number): Promise<number> {
  const startedAt = performance.now();
  await promisify(execFile)("sh", ["-c", `seq ${count} | xargs -P ${VCPUS} -n 1 /bin/true`]);
  return count / ((performance.now() - startedAt) / 1000);
}
