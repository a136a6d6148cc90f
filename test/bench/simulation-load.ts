import TinyQueue from "tinyqueue";
import { readCluster } from "../../src/sim/cluster/cluster.ts";
import { reportOf } from "../../src/sim/report/report.ts";
import { simulate } from "../../src/sim/simulation.ts";
import { syntheticWorkload } from "../../src/sim/workload/synthetic.ts";

/** A simulation in a process of its own: `node --single-threaded simulation-load.ts JOBS`. Prints one line of JSON, a SimulationLoad. */
export interface SimulationLoad {
  /** Processor time to make the workload, run it, and make the report. */
  readonly ms: number;
  /** To put as many events into a heap, and take them out again in their order, as the jobs have: they come, start and end. */
  readonly bareMs: number;
}

const VCPUS = 10_000;
const EVENTS_PER_JOB = 3;
/** Events that are in the heap at a time: as many as jobs run. */
const PENDING = 3_000;

const CLUSTER = readCluster(
  JSON.stringify({
    computeEnvironments: [{ computeEnvironmentName: "pool", computeResources: { type: "FARGATE", maxvCpus: VCPUS } }],
    jobQueues: [
      { jobQueueName: "main", priority: 1, computeEnvironmentOrder: [{ order: 1, computeEnvironment: "pool" }] },
    ],
  }),
);

async function measure(jobs: number): Promise<SimulationLoad> {
  const bareMs = await timed(async () => passThroughHeap(jobs * EVENTS_PER_JOB));
  const ms = await timed(async () => {
    const workload = syntheticWorkload({ jobs, seed: 1, vcpus: VCPUS });
    const report = reportOf("bench", await simulate({ workload, cluster: CLUSTER }), CLUSTER);
    if (report.jobs.succeeded + report.jobs.failed !== jobs)
      throw new Error(`not all jobs ended: ${JSON.stringify(report.jobs)}`);
  });
  return { ms, bareMs };
}

function passThroughHeap(events: number): void {
  const heap = new TinyQueue<{ at: number }>([], (a, b) => a.at - b.at);
  let last = -1;
  for (let n = 0; n < events + PENDING; n += 1) {
    // Scattered over as many places as are pending, all of them later than now.
    if (n < events) heap.push({ at: n + 1 + ((n * 7_919) % PENDING) });
    if (n < PENDING) continue;
    const { at } = heap.pop()!;
    if (at < last) throw new Error("the heap is out of order");
    last = at;
  }
}

/** Of the processor: there is one thread, and it waits for nothing, so on a core of its own it takes as long. */
async function timed(task: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

console.log(JSON.stringify(await measure(Number(process.argv[2]))));
