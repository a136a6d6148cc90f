import assert from "node:assert/strict";
import { test } from "node:test";
import { withPolicy } from "../../src/sim/cluster/policy.ts";
import { Random } from "../sim/random.ts";
import type { ExampleJob } from "./example.ts";
import { jobs, pool, reportFor } from "./example.ts";

/** Random workloads, simulated, against a straightforward scheduler that shares no code with the real one: every job must wait as long. */

const VCPUS = 8;
const WORKLOADS = 150;
const SEED = Math.floor(Math.random() * 2 ** 32);

type PlainJob = Required<Pick<ExampleJob, "at" | "runs" | "vcpus" | "share" | "expectedSeconds">>;

/** Each job is a share of its own, so that its waiting time is told. Many come, and end, at the same second. */
function randomJobs(random: Random): PlainJob[] {
  let at = 0;
  return Array.from({ length: random.int(2, 25) }, (_, index) => {
    at += random.chance(0.4) ? 0 : random.int(1, 30);
    const runs = random.chance(0.1) ? 0 : random.int(1, 12) * 10;
    // Users know it well, or say too much.
    const expectedSeconds = Math.max(1, random.chance(0.5) ? runs : runs * random.int(2, 4));
    return {
      at,
      runs,
      vcpus: random.chance(0.2) ? VCPUS : random.int(1, VCPUS - 1),
      share: `s${index}`,
      expectedSeconds,
    };
  });
}

/** By share, how long its job waits, in seconds. */
function plainWaits(workload: readonly PlainJob[], isBackfilling: boolean): Map<string, number> {
  const waits = new Map<string, number>();
  let queue: PlainJob[] = [];
  let running: { readonly vcpus: number; readonly end: number; readonly expectedEnd: number }[] = [];
  const comes = workload.toSorted((a, b) => a.at - b.at);
  const freeAt = (time: number): number =>
    VCPUS - running.filter(({ expectedEnd }) => expectedEnd > time).reduce((sum, { vcpus }) => sum + vcpus, 0);
  while (waits.size < workload.length) {
    const now = Math.min(comes[0]?.at ?? Infinity, ...running.map(({ end }) => end));
    running = running.filter(({ end }) => end > now);
    while (comes[0] !== undefined && comes[0].at <= now) queue.push(comes.shift()!);
    const start = (job: PlainJob): void => {
      queue = queue.filter((one) => one !== job);
      waits.set(job.share, now - job.at);
      running.push({ vcpus: job.vcpus, end: now + job.runs, expectedEnd: now + job.expectedSeconds });
    };
    const free = (): number => VCPUS - running.reduce((sum, { vcpus }) => sum + vcpus, 0);
    while (queue[0] !== undefined && queue[0].vcpus <= free()) start(queue[0]);
    const head = queue[0];
    if (head === undefined || !isBackfilling) continue;
    const ends = running.map(({ expectedEnd }) => expectedEnd).toSorted((a, b) => a - b);
    const headAt = ends.find((end) => freeAt(end) >= head.vcpus)!;
    let extra = freeAt(headAt) - head.vcpus;
    for (const job of queue.slice(1)) {
      if (job.vcpus > free()) continue;
      const isGone = now + job.expectedSeconds <= headAt;
      if (!isGone && job.vcpus > extra) continue;
      if (!isGone) extra -= job.vcpus;
      start(job);
    }
  }
  return waits;
}

for (const isBackfilling of [false, true]) {
  test(`${isBackfilling ? "with backfill" : "first in, first out"}: ${WORKLOADS} random workloads, seed ${SEED}`, async () => {
    const random = new Random(SEED);
    const tags = { "longshore:backfill": String(isBackfilling) };
    const cluster = withPolicy(pool(VCPUS), { queues: [{ name: "main", tags }] });
    for (let n = 0; n < WORKLOADS; n += 1) {
      const workload = randomJobs(random);
      const { shares } = await reportFor(jobs(...workload), cluster);
      const waits = new Map(shares.map(({ share, waitingSeconds }) => [share, waitingSeconds?.mean]));
      for (const [share, expected] of plainWaits(workload, isBackfilling))
        assert.equal(waits.get(share), expected, `workload ${n}, ${share}: ${JSON.stringify(workload)}`);
    }
  });
}
