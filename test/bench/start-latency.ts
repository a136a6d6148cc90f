import { execFile } from "node:child_process";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BatchCalls } from "./batch-calls.ts";
import { submission } from "./batch-calls.ts";
import type { Figure, Measure, Rounds } from "./figure.ts";
import { inTurns } from "./figure.ts";
import { withServer } from "./server.ts";
import { percentile } from "./statistics.ts";

const WARM_UP = 20;
const POLL_MS = 2;
/** Writes when it runs, by the clock that this process reads too. */
const TELL_TIME = ["date", "+%s%N"] as const;

/** Figure 3: how long after SubmitJob is sent the job's program runs. The program itself tells, so no polling blurs it. */
export const startLatency: Figure = {
  number: 3,
  title: "SubmitJob sent until the program runs",
  measure: (bench) =>
    bench.withDirectory((directory) =>
      withServer(bench, join(directory, "data"), async ({ calls }) => {
        for (let count = 0; count < WARM_UP; count += 1) await jobLatencyMs(calls);
        const file = openSync(join(directory, "synced"), "w");
        try {
          const count = bench.sizes.latencyJobs;
          const rounds = await inTurns(
            count,
            { limit: () => spawnLatencyMs(file), value: () => jobLatencyMs(calls) },
            (round) => round % 20 === 0 && bench.progress(`job ${round} of ${count}`),
          );
          return [measure("median", rounds, 0.5), measure("99th percentile", rounds, 0.99)];
        } finally {
          closeSync(file);
        }
      }),
    ),
};

function measure(what: string, { values, limits }: Rounds, share: number): Measure {
  const value = percentile(values, share);
  const limit = percentile(limits, share);
  return {
    what,
    unit: "ms",
    value,
    limit: { what: "fdatasync + sh that runs it", value: limit },
    ratio: value / limit,
  };
}

async function jobLatencyMs(calls: BatchCalls): Promise<number> {
  const sentAt = tickOfClock();
  const jobId = await calls.submit(submission(TELL_TIME));
  const job = await calls.until(jobId, ({ status }) => status === "SUCCEEDED", POLL_MS);
  return epochMsOf(await calls.firstLine(job)) - sentAt;
}

async function spawnLatencyMs(file: number): Promise<number> {
  const startedAt = tickOfClock();
  writeSync(file, "x".repeat(1000));
  fdatasyncSync(file);
  const { stdout } = await promisify(execFile)("sh", ["-c", TELL_TIME.join(" ")]);
  return epochMsOf(stdout) - startedAt;
}

/** Epoch ms, read just as it changes: to be compared with `date`, which reads the same clock in nanoseconds. */
function tickOfClock(): number {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return now;
}

function epochMsOf(nanoseconds: string): number {
  if (!/^\d{19}\s*$/.test(nanoseconds)) throw new Error(`Not a time in nanoseconds: ${JSON.stringify(nanoseconds)}`);
  return Number(BigInt(nanoseconds.trim()) / 1000n) / 1000;
}
