import { statSync } from "node:fs";
import { join } from "node:path";
import type { BatchCalls } from "./batch-calls.ts";
import { submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import type { Figure, Measure } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import { withServer } from "./server.ts";

const SINGLE = submission(["true"]);
const ARRAY = submission(["true"], { arrayProperties: { size: 10_000 } });
const WARM_UP = 20;
/** Many, because a database grows by pages. */
const GROWTH_SUBMITS = 200;

/** Figure 4: an array of 10,000 costs what one job costs. */
export const arraySubmit: Figure = {
  number: 4,
  title: "an array of 10,000 accepted",
  measure: (bench) =>
    bench.withDirectory(async (directory) => [
      await submitTimes(bench, join(directory, "times")),
      await growth(bench, directory),
    ]),
};

function submitTimes(bench: Bench, dataDir: string): Promise<Measure> {
  return withServer(bench, dataDir, async ({ calls }) => {
    await calls.blockQueue();
    for (let count = 0; count < WARM_UP; count += 1) await submitMs(calls, SINGLE);
    const rounds = await inTurns(
      bench.sizes.arraySubmits,
      { limit: () => submitMs(calls, SINGLE), value: () => submitMs(calls, ARRAY) },
      () => {},
    );
    return compared("SubmitJob of the array", "ms", rounds, "SubmitJob of one job", { atMost: 2 });
  });
}

async function submitMs(calls: BatchCalls, body: string): Promise<number> {
  const startedAt = performance.now();
  const jobId = await calls.submit(body);
  const ms = performance.now() - startedAt;
  // What the scheduler still does with this one must not delay the next one.
  await calls.until(jobId, ({ status }) => status !== "SUBMITTED");
  return ms;
}

async function growth(bench: Bench, directory: string): Promise<Measure> {
  bench.progress("growth of the database");
  const array = await bytesPerSubmit(bench, join(directory, "arrays"), ARRAY);
  const single = await bytesPerSubmit(bench, join(directory, "singles"), SINGLE);
  const limit = { what: "one job", value: single };
  return { what: "database growth", unit: "bytes", value: array, limit, ratio: array / single, target: { atMost: 2 } };
}

/** Measured between two ends of the server, when all is in the one file. */
async function bytesPerSubmit(bench: Bench, dataDir: string, body: string): Promise<number> {
  const sizeAfter = async (submits: number): Promise<number> => {
    await withServer(bench, dataDir, async ({ calls }) => {
      if (submits === 0) await calls.blockQueue();
      for (let count = 0; count < submits; count += 1) await calls.submit(body);
    });
    return statSync(join(dataDir, "longshore.db")).size;
  };
  const before = await sizeAfter(0);
  return Math.round(((await sizeAfter(GROWTH_SUBMITS)) - before) / GROWTH_SUBMITS);
}
