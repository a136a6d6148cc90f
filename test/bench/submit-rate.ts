import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SUBMIT_PATH, submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import { startChild } from "./child.ts";
import type { Figure } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import type { Load } from "./load.ts";
import { runLoad } from "./load.ts";
import { withServer } from "./server.ts";

const LIMIT_SERVER = new URL("./limit-server.ts", import.meta.url);
const CONNECTIONS = 64;
/** Both servers compile their hot paths before anything counts. */
const WARM_UP = 3_000;
const CALIBRATION = 50;

/** Figure 1: jobs that are accepted and durable, per second. */
export const submitRate: Figure = {
  number: 1,
  title: "SubmitJob, durable, over keep-alive HTTP",
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const body = submission(["echo", "hello"]);
      const rowBytes = await storedBytesOfJob(bench, join(directory, "calibration"), body);
      const limit = await startChild(LIMIT_SERVER, [join(directory, "limit.db"), String(rowBytes)]);
      try {
        return await withServer(bench, join(directory, "data"), async (server) => {
          await server.calls.blockQueue();
          const load: Load = { path: SUBMIT_PATH, body, requests: bench.sizes.submitJobs, connections: CONNECTIONS };
          for (const { url } of [limit, server]) await runLoad(url, { ...load, requests: WARM_UP });
          const rounds = await inTurns(
            bench.sizes.rounds,
            { limit: () => runLoad(limit.url, load), value: () => runLoad(server.url, load) },
            (round) => bench.progress(`round ${round} of ${bench.sizes.rounds}`),
          );
          const limitIs = `node:http + synced ${rowBytes} B row`;
          return [compared("jobs accepted", "1/s", rounds, limitIs, { atLeast: 0.5 })];
        });
      } finally {
        await limit.stop();
      }
    }),
};

/** What the server keeps of one such job: the bytes of its row. */
async function storedBytesOfJob(bench: Bench, dataDir: string, body: string): Promise<number> {
  await withServer(bench, dataDir, async ({ calls }) => {
    await calls.blockQueue();
    for (let count = 0; count < CALIBRATION; count += 1) await calls.submit(body);
  });
  const database = new DatabaseSync(join(dataDir, "longshore.db"), { readOnly: true });
  try {
    const columns = database.prepare("SELECT name FROM pragma_table_info('jobs')").all();
    const lengths = columns.map(({ name }) => `coalesce(length("${String(name)}"), 0)`).join(" + ");
    const row = database.prepare(`SELECT avg(${lengths}) AS bytes FROM jobs WHERE name = 'bench'`).get();
    return Math.round(Number(row!["bytes"]));
  } finally {
    database.close();
  }
}
