import { join } from "node:path";
import type { JobDetail } from "@aws-sdk/client-batch";
import { MEMORY_MIB, submission, SUBMIT_PATH } from "./batch-calls.ts";
import type { BatchCalls } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import { Connection } from "./connection.ts";
import type { Figure, Measure } from "./figure.ts";
import { VCPUS, withServer } from "./server.ts";
import { percentile } from "./statistics.ts";

const POLL_MS = 50;
const PAGE = 100;
/** What a user of the service notices. */
const ANSWER_MS = 50;
/** Longer than the figure takes, and not for ever, should nobody end them. */
const LONG = ["sleep", "1200"] as const;

/** Figure 10: many programs that run at a time, and what the server still does beside them. */
export const runningJobs: Figure = {
  number: 10,
  title: "many running process jobs",
  measure: (bench) =>
    bench.withDirectory((directory) => {
      const { runningJobs: count } = bench.sizes;
      const size = { vcpus: count, memoryMiB: count * MEMORY_MIB };
      return withServer(bench, join(directory, "data"), (server) => beside(bench, server, count), size);
    }),
};

async function beside(
  bench: Bench,
  { calls, url }: { calls: BatchCalls; url: string },
  count: number,
): Promise<Measure[]> {
  const connection = await Connection.open(url);
  await calls.allow(count);
  const some = await runAll(calls, VCPUS);
  const few = await answerTimes(bench, connection, some);
  bench.progress(`${count} programs are started`);
  const started = await meanwhile(connection, some.children, runAll(calls, count - VCPUS));
  bench.progress(`${count} programs run`);
  const many = await answerTimes(bench, connection, started.result);
  bench.progress(`${count} programs are ended`);
  const ended = await meanwhile(connection, some.children, terminate(calls, started.result.parent));
  await terminate(calls, some.parent);
  connection.close();
  return [
    { what: `started, from SubmitJob until ${count} run`, unit: "1/s", value: count / started.seconds },
    { ...tail(started.times), what: "DescribeJobs while they are started: 99th percentile" },
    ...many.map((times, index) => tail(times, few[index])),
    { what: "terminated, from TerminateJob until all are over", unit: "1/s", value: count / ended.seconds },
    { ...tail(ended.times), what: "DescribeJobs while they are terminated: 99th percentile" },
  ];
}

/** Describes jobs, one request after the other, until the work is done. */
async function meanwhile<T>(connection: Connection, jobs: readonly string[], work: Promise<T>) {
  const startedAt = performance.now();
  const ms: number[] = [];
  const over = work.then(() => true);
  const isOver = (): Promise<boolean> => Promise.race([over, new Promise<boolean>((go) => setImmediate(go, false))]);
  while (!(await isOver())) ms.push(await timed(connection, "/v1/describejobs", JSON.stringify({ jobs })));
  const seconds = (performance.now() - startedAt) / 1000;
  return { result: await work, seconds, times: { what: "DescribeJobs", ms } };
}

interface Running {
  readonly parent: string;
  readonly children: readonly string[];
}

async function runAll(calls: BatchCalls, size: number): Promise<Running> {
  const parent = await calls.submit(submission(LONG, { arrayProperties: { size } }));
  const counted = ({ arrayProperties }: JobDetail): number => arrayProperties?.statusSummary?.["RUNNING"] ?? 0;
  await calls.until(parent, (job) => counted(job) === size, POLL_MS);
  return { parent, children: Array.from({ length: size }, (_, index) => `${parent}:${index}`) };
}

async function terminate(calls: BatchCalls, jobId: string): Promise<void> {
  await calls.terminate(jobId, "measured");
  await calls.untilEnded(jobId);
}

/** Of single requests, ms. */
interface Times {
  readonly what: string;
  readonly ms: readonly number[];
}

async function answerTimes({ sizes }: Bench, connection: Connection, { children }: Running): Promise<Times[]> {
  let at = 0;
  const some = (): string[] => Array.from({ length: PAGE }, () => children[(at += 1) % children.length]!);
  const requests: readonly (readonly [string, string, () => string])[] = [
    [`DescribeJobs of ${PAGE} that run`, "/v1/describejobs", () => JSON.stringify({ jobs: some() })],
    [
      `ListJobs, ${PAGE} that run`,
      "/v1/listjobs",
      () => JSON.stringify({ jobQueue: "default", jobStatus: "RUNNING", maxResults: PAGE }),
    ],
    ["SubmitJob", SUBMIT_PATH, () => submission(["true"])],
  ];
  const times = requests.map(([what]) => ({ what, ms: [] as number[] }));
  for (let round = 0; round < sizes.readRequests; round += 1) {
    for (const [index, [, path, body]] of requests.entries()) {
      times[index]!.ms.push(await timed(connection, path, body()));
    }
  }
  return times;
}

async function timed(connection: Connection, path: string, body: string): Promise<number> {
  const startedAt = performance.now();
  const { status } = await connection.post(path, body);
  const ms = performance.now() - startedAt;
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  return ms;
}

function tail({ what, ms }: Times, few?: Times): Measure {
  return {
    ...{ what: `${what}: 99th percentile`, unit: "ms", value: percentile(ms, 0.99), target: { atMost: ANSWER_MS } },
    ...(few !== undefined && { limit: { what: `${VCPUS} run`, value: percentile(few.ms, 0.99) } }),
  };
}
