import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SUBMIT_PATH, submission } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import { Connection } from "./connection.ts";
import type { Figure, Measure, Target } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import { KEPT_DAYS, lastExpiring, makeHistory, spreadIds } from "./history.ts";
import type { BenchServer } from "./server.ts";
import { startServerProcess, withServer } from "./server.ts";
import { median } from "./statistics.ts";

/** A store with so many finished jobs costs the same. */
const FEW = 10_000;
/** So many go when their days are over. */
const EXPIRING = 2_000;
const PAGE = 100;
/** Jobs that are described, each of them more than once: it is not the disk that is measured. */
const DESCRIBED = 3_000;
const ROUNDS = 5;
const REQUESTS = 30;
const STARTS = 3;
const BYTES_PER_JOB = 3_000;
const DAY_MS = 86_400_000;
const CLOCK_AHEAD = new URL("../e2e/clock-ahead.ts", import.meta.url).href;
const LIMIT_IS = `with ${FEW} finished`;
const SAME: Target = { atMost: 1.5 };

/** Figure 12: everything beside very many jobs that are over. */
export const oldStore: Figure = {
  number: 12,
  title: "an old store",
  unavailable() {
    const { bavail, bsize } = statfsSync(tmpdir());
    const isEnough = bavail * bsize > 10_000_000 * BYTES_PER_JOB;
    return Promise.resolve(isEnough ? undefined : "the disk has no room for ten million jobs");
  },
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const [few, many] = [join(directory, "few"), join(directory, "many")];
      bench.progress(`a history of ${bench.sizes.oldJobs} jobs is made`);
      await makeHistory(bench, few, { finished: FEW, waiting: 0, expiring: EXPIRING });
      await makeHistory(bench, many, { finished: bench.sizes.oldJobs, waiting: 0, expiring: EXPIRING });
      return measureStores(bench, few, many);
    }),
};

export async function measureStores(bench: Bench, few: string, many: string): Promise<Measure[]> {
  bench.progress("starts");
  const starting = { limit: () => startMs(bench, few), value: () => startMs(bench, many) };
  const starts = await inTurns(STARTS, starting, () => {});
  // While no server has them for itself.
  const ids = { limit: spreadIds(few, DESCRIBED), value: spreadIds(many, DESCRIBED) };
  const served = await withServer(bench, few, (small) =>
    withServer(bench, many, (large) => measureServed(bench, { ids, small, large })),
  );
  bench.progress("removal");
  const removing = { limit: () => removalMs(bench, few), value: () => removalMs(bench, many) };
  const removals = await inTurns(1, removing, () => {});
  return [
    compared("start", "ms", starts, LIMIT_IS, SAME),
    ...served,
    compared(`start until ${EXPIRING} jobs are removed`, "ms", removals, LIMIT_IS, { atMost: 2 }),
  ];
}

type Side = "limit" | "value";
const SIDES: readonly Side[] = ["limit", "value"];

interface Served {
  readonly ids: Readonly<Record<Side, readonly string[]>>;
  readonly small: BenchServer;
  readonly large: BenchServer;
}

async function measureServed(bench: Bench, { ids, small, large }: Served): Promise<Measure[]> {
  const connections = { limit: await Connection.open(small.url), value: await Connection.open(large.url) };
  const measured = async (what: string, path: string, input: (side: Side, at: number) => object) => {
    bench.progress(what);
    const rounds: { values: number[]; limits: number[] } = { values: [], limits: [] };
    for (let round = 0; round <= ROUNDS; round += 1) {
      const times = await bothMs(connections, path, input);
      if (round === 0) continue; // what is read for the first time
      rounds.values.push(median(times.value));
      rounds.limits.push(median(times.limit));
    }
    return compared(`${what}: median`, "ms", rounds, LIMIT_IS, SAME);
  };
  const list = (more: object): object => ({ jobQueue: "default", maxResults: PAGE, ...more });
  const measures = [
    await measured("DescribeJobs of 100 ids", "/v1/describejobs", (side, at) => ({
      jobs: ids[side].slice((at * PAGE) % DESCRIBED, ((at * PAGE) % DESCRIBED) + PAGE),
    })),
    await measured("ListJobs, 100 that succeeded", "/v1/listjobs", () => list({ jobStatus: "SUCCEEDED" })),
    await measured("ListJobs, 100 by name", "/v1/listjobs", () =>
      list({ filters: [{ name: "JOB_NAME", values: ["job-1*"] }] }),
    ),
    await measured("SubmitJob", SUBMIT_PATH, () => JSON.parse(submission(["true"])) as object),
  ];
  for (const connection of Object.values(connections)) connection.close();
  const resident = { values: [residentMiB(large)], limits: [residentMiB(small)] };
  return [...measures, compared("RSS after these requests", "MiB", resident, LIMIT_IS, SAME)];
}

/** One request of each store in turn: whatever else the machine does meets both. */
async function bothMs(
  connections: Readonly<Record<Side, Connection>>,
  path: string,
  input: (side: Side, at: number) => object,
): Promise<Record<Side, number[]>> {
  const times: Record<Side, number[]> = { limit: [], value: [] };
  for (let at = 0; at < REQUESTS; at += 1) {
    for (const side of at % 2 === 0 ? SIDES : SIDES.toReversed()) {
      const body = JSON.stringify(input(side, at));
      const startedAt = performance.now();
      const answer = await connections[side].post(path, body);
      times[side].push(performance.now() - startedAt);
      if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body.toString("utf8")}`);
    }
  }
  return times;
}

async function startMs(bench: Bench, dataDir: string): Promise<number> {
  const server = await startServerProcess(bench, dataDir);
  await server.stop();
  return server.readyMs;
}

/** When their days are over: from the start until the last of those jobs is unknown. */
async function removalMs(bench: Bench, dataDir: string): Promise<number> {
  const jobs = [lastExpiring(dataDir, EXPIRING)];
  const startedAt = performance.now();
  const ahead = { NODE_OPTIONS: `--import=${CLOCK_AHEAD}`, TEST_CLOCK_AHEAD_MS: String((KEPT_DAYS + 1) * DAY_MS) };
  const server = await startServerProcess(bench, dataDir, ahead);
  const connection = await Connection.open(server.url);
  for (let isThere = true; isThere;) {
    const { body } = await connection.post("/v1/describejobs", JSON.stringify({ jobs }));
    isThere = (JSON.parse(body.toString("utf8")) as { jobs: unknown[] }).jobs.length > 0;
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
  const ms = performance.now() - startedAt;
  connection.close();
  await server.stop();
  return ms;
}

function residentMiB({ pid }: BenchServer): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
}
