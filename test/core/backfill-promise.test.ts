import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "../../src/core/job.ts";
import { activeAttempt } from "../../src/core/job.ts";
import { Random } from "../sim/random.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

/**
 * The promise of backfill, on random workloads: whatever comes behind a job, it starts no later than it could be foreseen when it came to the head of
 * its queue. The test foresees that in its own way.
 */

const SEED = Number(process.env["LONGSHORE_SEED"] ?? Date.now() % 1_000_000);
const WORKLOADS = 150;
const MACHINE = { vcpuMilli: 12_000, memoryMiB: 1_200 };
const ENVIRONMENTS = [
  { ...ENVIRONMENT, arn: "first", maxVcpuMilli: 6_000 },
  { ...ENVIRONMENT, arn: "second", maxVcpuMilli: 10_000 },
];

interface Drawn {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  readonly licences: number;
  readonly runMs: number;
}

class Workload {
  readonly bench: WorldBench;
  readonly random: Random;
  readonly #isForeseen: () => boolean;
  readonly #drawn = new Map<string, Drawn>();
  readonly #endOf = new Map<string, number>();
  /** By job id: when it came to the head, and by when it was to start. */
  readonly heads = new Map<string, { readonly since: number; by: number }>();
  readonly startOf = new Map<string, number>();
  outOfTurn = 0;

  constructor(seed: number, isForeseen: (random: Random) => boolean) {
    this.random = new Random(seed);
    this.#isForeseen = () => isForeseen(this.random);
    this.bench = new WorldBench({
      capacity: MACHINE,
      environments: ENVIRONMENTS,
      queues: [{ ...QUEUE, backfills: true, environmentArns: ["first", "second"] }],
    });
    this.bench.consumables({ arn: "licences", total: 6, isReplenishable: true });
  }

  submit(id: string): void {
    const { random, bench } = this;
    const drawn: Drawn = {
      vcpuMilli: random.int(1, random.chance(0.3) ? 10 : 3) * 1000,
      memoryMiB: random.int(1, random.chance(0.2) ? 1_000 : 300),
      licences: random.chance(0.3) ? random.int(1, 4) : 0,
      runMs: random.int(1, random.chance(0.3) ? 200 : 30) * 1000,
    };
    this.#drawn.set(id, drawn);
    const { vcpuMilli, memoryMiB, licences, runMs } = drawn;
    const spareSeconds = random.chance(0.5) ? 0 : random.int(1, 50);
    bench.submit(id, {
      requirements: { vcpuMilli, memoryMiB, gpus: 0 },
      ...(licences > 0 && { consumables: [{ arn: "licences", quantity: licences }] }),
      ...(this.#isForeseen() && { expectedSeconds: runMs / 1000 + spareSeconds }),
    });
  }

  tick(): void {
    const { bench } = this;
    const plan = bench.tick();
    const head = plan.blocked.get(QUEUE.arn)?.head;
    for (const { jobId } of plan.changes) {
      this.#passed(jobId);
      bench.start(jobId);
      this.startOf.set(jobId, bench.now);
      this.#endOf.set(jobId, bench.now + this.#drawn.get(jobId)!.runMs);
      if (head !== undefined && bench.world.jobs.get(jobId)!.seq > bench.world.jobs.get(head.jobId)!.seq) {
        this.outOfTurn += 1;
      }
    }
    if (head !== undefined) this.#passed(head.jobId);
    if (head === undefined || this.heads.has(head.jobId)) return;
    this.heads.set(head.jobId, { since: bench.now, by: this.#foreseen(bench.world.jobs.get(head.jobId)!) });
  }

  /** Who waited for licences keeps its place: when it is there again, a job behind it that came to the head meanwhile is no longer promised anything. */
  #passed(jobId: string): void {
    const { jobs } = this.bench.world;
    for (const [id, head] of this.heads) {
      const other = jobs.get(id);
      if (other?.state.status === "RUNNABLE" && other.seq > jobs.get(jobId)!.seq) head.by = Infinity;
    }
  }

  /** When the next attempt is over; it ends then. */
  end(): boolean {
    const next = Math.min(...this.#endOf.values());
    if (next === Infinity) return false;
    this.bench.now = next;
    for (const [id, at] of this.#endOf) {
      if (at > next) continue;
      this.#endOf.delete(id);
      this.bench.end(id);
    }
    return true;
  }

  /** When the head can start, if nobody starts before it: from what is known of those that run, or, if `knowsAll`, from what will be. */
  #foreseen(head: Job): number {
    const running = [...this.#endOf].map(([id, end]) => {
      const job = this.bench.world.jobs.get(id)!;
      const { startedAt, environmentArn } = activeAttempt(job.state)!;
      const { expectedSeconds } = job.scheduling;
      const knownEnd = expectedSeconds === undefined ? Infinity : startedAt! + expectedSeconds * 1000;
      return { ...this.#drawn.get(id)!, environmentArn, end: this.knowsAll ? end : knownEnd };
    });
    const wanted = this.#drawn.get(head.id)!;
    const times = running.map(({ end }) => end).sort((a, b) => a - b);
    return (
      times.find((time) => {
        const left = running.filter(({ end }) => end > time);
        const sum = (of: "vcpuMilli" | "memoryMiB" | "licences", jobs = left): number =>
          jobs.reduce((total, one) => total + one[of], wanted[of]);
        return (
          sum("vcpuMilli") <= MACHINE.vcpuMilli &&
          sum("memoryMiB") <= MACHINE.memoryMiB &&
          sum("licences") <= 6 &&
          ENVIRONMENTS.some(
            ({ arn, maxVcpuMilli }) =>
              sum(
                "vcpuMilli",
                left.filter(({ environmentArn }) => environmentArn === arn),
              ) <= maxVcpuMilli,
          )
        );
      }) ?? Infinity
    );
  }

  /** With it: what would have been, had nobody started before the head. */
  knowsAll = false;
}

function play(workload: Workload, jobs: number): void {
  let submitted = 0;
  const { random, bench } = workload;
  for (let goesOn = true; goesOn;) {
    for (let n = submitted === 0 ? 10 : random.int(0, 2); n > 0 && submitted < jobs; n -= 1) {
      workload.submit(`job-${submitted}`);
      submitted += 1;
    }
    workload.tick();
    goesOn = workload.end();
  }
  assert.equal(bench.world.jobs.size, 0);
}

function assertKept(name: string, isForeseen: (random: Random) => boolean, knowsAll: boolean): void {
  let [heads, outOfTurn] = [0, 0];
  for (let n = 0; n < WORKLOADS; n += 1) {
    const workload = new Workload(SEED + n, isForeseen);
    workload.knowsAll = knowsAll;
    play(workload, 60);
    for (const [id, { since, by }] of workload.heads) {
      const start = workload.startOf.get(id)!;
      assert.ok(
        start <= by,
        `${name}, seed ${SEED + n}: ${id}, head since ${since}, was to start by ${by} and did at ${start}`,
      );
      if (by < Infinity) heads += 1;
    }
    outOfTurn += workload.outOfTurn;
  }
  assert.ok(heads > WORKLOADS && outOfTurn > 10, `${heads} heads, ${outOfTurn} started out of their turn`);
}

test(`a head starts no later than was foreseen when it became the head (seed ${SEED})`, () => {
  assertKept("all foreseen", () => true, false);
  assertKept("some foreseen", (random) => random.chance(0.7), false);
});

test(`a head is not delayed at all where nobody knows how long anything runs (seed ${SEED})`, () => {
  assertKept("none foreseen", () => false, true);
});
