import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { SUBMIT_PATH, submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import type { Figure, Measure, Target } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import { runLoad } from "./load.ts";
import type { BenchServer } from "./server.ts";
import { withServer } from "./server.ts";

const JOB = submission(["true"]);
const CONNECTIONS = 64;
/** Jobs that wait in the server to compare with too: its code has to be as warm as that of the full one. */
const WARM_UP = 2_000;
const MIB = 2 ** 20;
/** After a restart: before it, garbage of the load counts too. */
const BYTES_PER_JOB: Target = { atMost: 2_000 };

/** Figure 5: what many waiting jobs cost: memory, and the time of everything else. */
export const waitingJobs: Figure = {
  number: 5,
  title: "many waiting jobs",
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const withBoth = (task: (idle: BenchServer, full: BenchServer) => Promise<Measure[]>): Promise<Measure[]> =>
        withServer(bench, join(directory, "few"), (idle) =>
          withServer(bench, join(directory, "many"), (full) => task(idle, full)),
        );
      const filled = await withBoth((idle, full) => measureFilled(bench, idle, full));
      bench.progress("restart with the waiting jobs");
      const restarted = await withBoth(async (idle, full) => [
        ...memory("after a restart", bench, residentBytes(full), residentBytes(idle), BYTES_PER_JOB),
        start(bench, full, idle),
      ]);
      return [...filled, ...restarted];
    }),
};

async function measureFilled(bench: Bench, idle: BenchServer, full: BenchServer): Promise<Measure[]> {
  const submitToIdle = await prepare(idle);
  const submitToFull = await prepare(full);
  bench.progress(`${bench.sizes.waitingJobs} jobs are submitted`);
  await submitWaiting(full, bench.sizes.waitingJobs - WARM_UP);
  await submitToFull();
  const resident = memory("as submitted", bench, residentBytes(full), residentBytes(idle));
  bench.progress("submissions beside the waiting jobs");
  const rounds = await inTurns(bench.sizes.watchedSubmits, { limit: submitToIdle, value: submitToFull }, () => {});
  const limitIs = `${WARM_UP} waiting`;
  return [...resident, compared("SubmitJob until PENDING", "ms", rounds, limitIs, { atMost: 2 })];
}

/** Blocks the queue and warms the server up. Returns what submits one more job and gives the ms until the scheduler has dealt with it. */
async function prepare(server: BenchServer): Promise<() => Promise<number>> {
  const { calls } = server;
  // A job with a dependency leaves SUBMITTED in a tick of the scheduler; one without is RUNNABLE at once.
  const dependent = submission(["true"], { dependsOn: [{ jobId: await calls.blockQueue() }] });
  await submitWaiting(server, WARM_UP);
  return async () => {
    const startedAt = performance.now();
    const jobId = await calls.submit(dependent);
    await calls.until(jobId, ({ status }) => status === "PENDING");
    return performance.now() - startedAt;
  };
}

async function submitWaiting({ url }: BenchServer, requests: number): Promise<void> {
  await runLoad(url, { path: SUBMIT_PATH, body: JOB, requests, connections: CONNECTIONS });
}

function memory(when: string, { sizes }: Bench, full: number, idle: number, target?: Target): Measure[] {
  const limit = { what: `${WARM_UP} waiting`, value: idle / MIB };
  const value = full / MIB;
  const perJob = Math.round((full - idle) / (sizes.waitingJobs - WARM_UP));
  return [
    { what: `RSS, ${sizes.waitingJobs} waiting, ${when}`, unit: "MiB", value, limit, ratio: full / idle },
    { what: `per waiting job, ${when}`, unit: "bytes", value: perJob, ...(target && { target }) },
  ];
}

function start(bench: Bench, full: BenchServer, idle: BenchServer): Measure {
  const limit = { what: `${WARM_UP} waiting`, value: idle.readyMs };
  const what = `start with ${bench.sizes.waitingJobs} waiting`;
  return { what, unit: "ms", value: full.readyMs, limit, ratio: full.readyMs / idle.readyMs };
}

function residentBytes({ pid }: BenchServer): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) * 1024;
}
