import type { DescribeJobsCommandOutput, ListJobsCommandOutput } from "@aws-sdk/client-batch";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import type { ChildServer } from "./child.ts";
import { startChild } from "./child.ts";
import { Connection } from "./connection.ts";
import type { Figure, Measure } from "./figure.ts";
import { compared } from "./figure.ts";
import type { Holdings } from "./history.ts";
import { jobIds, makeHistory } from "./history.ts";
import { withServer } from "./server.ts";
import { median, percentile } from "./statistics.ts";

const LIMIT_SERVER = new URL("./read-limit-server.ts", import.meta.url);
const PAGE = 100;
/** Both servers compile their hot paths before anything counts. */
const WARM_UP = 100;
/** A history so much smaller costs the same. */
const SMALLER = 20;

/** What ListJobs says of a job. */
const LISTED_COLUMNS =
  "id, scope, queue_arn, name, definition_arn, created_at, share_identifier, children, state, scheduling";

/** Figure 7: reading jobs beside many that are over and many that wait. */
export const reads: Figure = {
  number: 7,
  title: "reads",
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const { finishedJobs: finished, waitingJobs: waiting } = bench.sizes;
      bench.progress("a small history is made");
      const few = await timesBeside(bench, join(directory, "few"), {
        finished: finished / SMALLER,
        waiting: waiting / SMALLER,
      });
      bench.progress(`a history of ${finished} jobs is made`);
      const many = await timesBeside(bench, join(directory, "many"), { finished, waiting });
      return many.flatMap((times, index) => [
        tail(times),
        growth(times.what, times.values.flat(), few[index]!.values.flat(), finished / SMALLER),
      ]);
    }),
};

/** Of single requests, ms; by round. */
interface Times {
  readonly what: string;
  readonly values: readonly (readonly number[])[];
  readonly limits: readonly (readonly number[])[];
}

function tail({ what, values, limits }: Times): Measure {
  const tails = (rounds: Times["values"]): number[] => rounds.map((round) => percentile(round, 0.99));
  const rounds = { values: tails(values), limits: tails(limits) };
  return compared(`${what}: 99th percentile`, "ms", rounds, "the bare rows by key", { atMost: 3 });
}

function growth(what: string, values: readonly number[], few: readonly number[], finished: number): Measure {
  const [value, limit] = [median(values), median(few)];
  return {
    ...{ what: `${what}: median`, unit: "ms", value },
    ...{ limit: { what: `with ${finished} finished`, value: limit }, ratio: value / limit, target: { atMost: 1.5 } },
  };
}

async function timesBeside(bench: Bench, dataDir: string, holdings: Holdings): Promise<Times[]> {
  await makeHistory(bench, dataDir, holdings);
  const copy = join(dataDir, "copy.db");
  copyFileSync(join(dataDir, "longshore.db"), copy);
  const ids = jobIds(dataDir);
  const limits = await Promise.all([bareServer(copy, "*"), bareServer(copy, LISTED_COLUMNS)]);
  try {
    return await withServer(bench, dataDir, async ({ url }) => {
      const connections = await Promise.all([url, ...limits.map((limit) => limit.url)].map(Connection.open));
      const [server, describeLimit, listLimit] = connections;
      const listed = (what: string, query: object) => timed(bench, what, walkingPages(server!, query), listLimit!);
      const times = [
        await timed(bench, "DescribeJobs of 100 ids", describingAny(server!, ids), describeLimit!),
        await listed("ListJobs, 100 that succeeded", { jobStatus: "SUCCEEDED" }),
        await listed("ListJobs, 100 that wait", { jobStatus: "RUNNABLE" }),
        await listed("ListJobs, 100 before a time", {
          filters: [{ name: "BEFORE_CREATED_AT", values: [String(Date.now())] }],
        }),
        await listed("ListJobs, 100 by name", { filters: [{ name: "JOB_NAME", values: ["job-1*"] }] }),
      ];
      for (const connection of connections) connection.close();
      return times;
    });
  } finally {
    for (const server of limits) await server.stop();
  }
}

function bareServer(database: string, columns: string): Promise<ChildServer> {
  return startChild(LIMIT_SERVER, [database, columns]);
}

/** Each call does one request, and tells how long its answer took and which jobs are in it. */
type Reading = () => Promise<{ ms: number; ids: readonly string[] }>;

/** Jobs of whatever age, other ones with each request. */
function describingAny(server: Connection, ids: readonly string[]): Reading {
  let at = 0;
  return async () => {
    // A prime number of jobs apart, so that all of them come in turn.
    const chosen = Array.from({ length: PAGE }, () => ids[(at += 15_485_863) % ids.length]!);
    const { ms, text } = await answered(server, "/v1/describejobs", { jobs: chosen });
    const { jobs = [] } = JSON.parse(text) as DescribeJobsCommandOutput;
    if (jobs.length !== PAGE) throw new Error(`${PAGE} jobs asked for, ${jobs.length} described.`);
    return { ms, ids: chosen };
  };
}

/** One page after the other, and again from the first one. */
function walkingPages(server: Connection, query: object): Reading {
  let nextToken = "";
  return async () => {
    const input = { jobQueue: "default", maxResults: PAGE, nextToken, ...query };
    const { ms, text } = await answered(server, "/v1/listjobs", input);
    const output = JSON.parse(text) as ListJobsCommandOutput;
    nextToken = output.nextToken ?? "";
    return { ms, ids: (output.jobSummaryList ?? []).map(({ jobId }) => jobId!) };
  };
}

/** Each request in turn with the same rows from the bare server. */
async function timed(bench: Bench, what: string, read: Reading, limit: Connection): Promise<Times> {
  const { rounds, readRequests } = bench.sizes;
  await readBoth(WARM_UP, read, limit);
  const values: number[][] = [];
  const limits: number[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const both = await readBoth(readRequests, read, limit);
    values.push(both.map(({ ms }) => ms));
    limits.push(both.map(({ bareMs }) => bareMs));
  }
  return { what, values, limits };
}

async function readBoth(requests: number, read: Reading, limit: Connection) {
  const both: { ms: number; bareMs: number }[] = [];
  while (both.length < requests) {
    const { ms, ids } = await read();
    const { ms: bareMs } = await answered(limit, "/", ids);
    if (ids.length === PAGE) both.push({ ms, bareMs }); // the last page of a list is not whole
  }
  return both;
}

async function answered(server: Connection, path: string, input: object): Promise<{ ms: number; text: string }> {
  const body = JSON.stringify(input);
  const startedAt = performance.now();
  const { status, body: answer } = await server.post(path, body);
  const ms = performance.now() - startedAt;
  const text = answer.toString("utf8");
  if (status !== 200) throw new Error(`${path} answered ${status}: ${text.slice(0, 300)}`);
  return { ms, text };
}
