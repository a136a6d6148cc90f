import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { SUBMIT_PATH, submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import type { Figure, Measure } from "./figure.ts";
import { compared } from "./figure.ts";
import { runLoad } from "./load.ts";
import type { BenchServer } from "./server.ts";
import { withServer } from "./server.ts";

const JOB = submission(["true"]);
const CONNECTIONS = 64;
const WARM_UP = 500;
const MIB = 2 ** 20;

/** Figure 5: what many waiting jobs cost: memory, and the time of everything else. */
export const waitingJobs: Figure = {
  number: 5,
  title: "many waiting jobs",
  measure: (bench) =>
    bench.withDirectory((directory) => {
      const few = join(directory, "few");
      const many = join(directory, "many");
      return withServer(bench, few, async (idle) => {
        const kept = await withServer(bench, many, (full) => measureFilled(bench, idle, full));
        bench.progress("restart with the waiting jobs");
        const restarted = await withServer(bench, many, async (full) => [
          memory("after a restart", bench, residentBytes(full), residentBytes(idle)),
          start(bench, full, idle),
        ]);
        return [...kept, ...restarted.flat()];
      });
    }),
};

async function measureFilled(bench: Bench, idle: BenchServer, full: BenchServer): Promise<Measure[]> {
  for (const server of [idle, full]) {
    await server.calls.blockQueue();
    await runLoad(server.url, { path: SUBMIT_PATH, body: JOB, requests: WARM_UP, connections: CONNECTIONS });
  }
  const requests = bench.sizes.waitingJobs - WARM_UP;
  bench.progress(`${bench.sizes.waitingJobs} jobs are submitted`);
  await runLoad(full.url, { path: SUBMIT_PATH, body: JOB, requests, connections: CONNECTIONS });
  await submitUntilRunnableMs(full);
  const resident = memory("as submitted", bench, residentBytes(full), residentBytes(idle));
  bench.progress("submissions beside the waiting jobs");
  const limits: number[] = [];
  const values: number[] = [];
  for (let count = 0; count < bench.sizes.watchedSubmits; count += 1) {
    limits.push(await submitUntilRunnableMs(idle));
    values.push(await submitUntilRunnableMs(full));
  }
  const time = compared("SubmitJob until RUNNABLE", "ms", { values, limits }, "few waiting", { atMost: 2 });
  return [...resident, time];
}

/** A new job is RUNNABLE after a whole tick of the scheduler has seen it. */
async function submitUntilRunnableMs({ calls }: BenchServer): Promise<number> {
  const startedAt = performance.now();
  const jobId = await calls.submit(JOB);
  await calls.until(jobId, ({ status }) => status === "RUNNABLE");
  return performance.now() - startedAt;
}

function memory(when: string, { sizes }: Bench, full: number, idle: number): Measure[] {
  const limit = { what: `${WARM_UP} waiting`, value: idle / MIB };
  const value = full / MIB;
  const perJob = Math.round((full - idle) / (sizes.waitingJobs - WARM_UP));
  return [
    { what: `RSS, ${sizes.waitingJobs} waiting, ${when}`, unit: "MiB", value, limit, ratio: full / idle },
    { what: `per waiting job, ${when}`, unit: "bytes", value: perJob, target: { atMost: 2_000 } },
  ];
}

function start(bench: Bench, full: BenchServer, idle: BenchServer): Measure {
  const limit = { what: "empty data directory", value: idle.readyMs };
  const what = `start with ${bench.sizes.waitingJobs} waiting`;
  return { what, unit: "ms", value: full.readyMs, limit, ratio: full.readyMs / idle.readyMs };
}

function residentBytes({ pid }: BenchServer): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024;
}
