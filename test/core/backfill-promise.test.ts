import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job, Scheduling } from "../../src/core/job.ts";
import { activeAttempt } from "../../src/core/job.ts";
import { Random } from "../sim/random.ts";
import { instanceType, runInstances, withInstances } from "../support/instances.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

/**
 * The promise of backfill, on random workloads: whatever comes behind a job, it starts no later than it could be foreseen when it came to the head of
 * its queue. The test foresees that in its own way.
 */

const SEED = Number(process.env["LONGSHORE_SEED"] ?? Date.now() % 1_000_000);
const WORKLOADS = 100;

/** Where jobs run, what jobs there are, and whether there is room for one beside others. */
interface Site {
  open(): WorldBench;
  draw(random: Random): Partial<Scheduling>;
  hasRoom(job: Job, others: readonly Job[]): boolean;
}

const BACKFILLING = { ...QUEUE, backfills: true };
const MACHINE = { vcpuMilli: 12_000, memoryMiB: 1_200 };
const LICENCES = { arn: "licences", total: 6, isReplenishable: true };
const ENVIRONMENTS = [
  { ...ENVIRONMENT, arn: "first", maxVcpuMilli: 6_000 },
  { ...ENVIRONMENT, arn: "second", maxVcpuMilli: 10_000 },
];

/** Two environments that share a machine, and licences. */
const machine: Site = {
  open() {
    const queues = [{ ...BACKFILLING, environmentArns: ["first", "second"] }];
    const bench = new WorldBench({ capacity: MACHINE, environments: ENVIRONMENTS, queues });
    bench.consumables(LICENCES);
    return bench;
  },
  draw(random) {
    const vcpuMilli = random.int(1, random.chance(0.3) ? 10 : 3) * 1000;
    const memoryMiB = random.int(1, random.chance(0.2) ? 1_000 : 300);
    const licences = random.chance(0.3) ? random.int(1, 4) : 0;
    const consumables = licences > 0 && { consumables: [{ arn: LICENCES.arn, quantity: licences }] };
    return { requirements: { vcpuMilli, memoryMiB, gpus: 0 }, ...consumables };
  },
  hasRoom(job, others) {
    const sum = (amount: (one: Job) => number, jobs = others): number =>
      [job, ...jobs].reduce((total, one) => total + amount(one), 0);
    return (
      sum(({ scheduling }) => scheduling.requirements.memoryMiB) <= MACHINE.memoryMiB &&
      sum(({ scheduling }) => scheduling.consumables?.[0]?.quantity ?? 0) <= LICENCES.total &&
      sum(vcpus) <= MACHINE.vcpuMilli &&
      ENVIRONMENTS.some(({ arn, maxVcpuMilli }) => {
        const inside = others.filter(({ state }) => activeAttempt(state)!.environmentArn === arn);
        return sum(vcpus, inside) <= maxVcpuMilli;
      })
    );
  },
};

const TYPES = ["small", "small", "large", "large", "large"].map((name) =>
  instanceType(name, name === "small" ? 2 : 4, { memoryMiB: 1_000 }),
);

/** Their ids follow from the order in which they are launched. */
const INSTANCES = runInstances(new WorldBench().world, TYPES);

/** Five instances of two types, for ever; jobs of one node share them, the nodes of others have them to themselves. */
const cluster: Site = {
  open() {
    const size = TYPES.reduce((sum, { vcpuMilli }) => sum + vcpuMilli, 0);
    const fixed = { types: TYPES, strategy: "BEST_FIT", minVcpuMilli: size } as const;
    const bench = new WorldBench({
      environments: [withInstances(fixed, { maxVcpuMilli: size })],
      queues: [BACKFILLING],
    });
    runInstances(bench.world, TYPES);
    // No other can be launched, and so none of these goes.
    for (const instanceId of runInstances(bench.world, TYPES)) {
      bench.world.apply({ kind: "instance-gone", instanceId, at: Number.MAX_SAFE_INTEGER, launchFailure: "none left" });
    }
    return bench;
  },
  draw(random) {
    const eachNode = { vcpuMilli: random.int(1, random.chance(0.3) ? 4 : 2) * 1000, memoryMiB: 10, gpus: 0 };
    if (random.chance(0.8)) return { requirements: eachNode };
    const count = random.int(2, 3);
    const requirements = { ...eachNode, vcpuMilli: count * eachNode.vcpuMilli, memoryMiB: count * 10 };
    return { requirements, eachNode, nodes: { count, main: 0 } };
  },
  hasRoom(job, others) {
    const { eachNode = job.scheduling.requirements, nodes } = job.scheduling;
    const places = TYPES.map((type, place) => {
      const inside = others.filter(({ state }) => activeAttempt(state)!.instanceIds!.includes(INSTANCES[place]!));
      const isWhole = inside.some(({ scheduling }) => scheduling.nodes !== undefined);
      const used = inside.reduce((sum, one) => sum + vcpus(one), 0);
      return { type: type.name, isEmpty: inside.length === 0, free: isWhole ? 0 : type.vcpuMilli - used };
    }).filter(({ free }) => free >= eachNode.vcpuMilli);
    if (nodes === undefined) return places.length > 0;
    const empty = places.filter(({ isEmpty }) => isEmpty);
    return ["small", "large"].some((name) => empty.filter(({ type }) => type === name).length >= nodes.count);
  },
};

function vcpus({ scheduling }: Job): number {
  return scheduling.requirements.vcpuMilli;
}

class Play {
  readonly bench: WorldBench;
  readonly #site: Site;
  readonly #random: Random;
  readonly #isForeseen: (random: Random) => boolean;
  readonly #knowsAll: boolean;
  readonly #runMs = new Map<string, number>();
  readonly #endOf = new Map<string, number>();
  /** By job id: when it came to the head, and by when it was to start. */
  readonly heads = new Map<string, { readonly since: number; by: number }>();
  readonly startOf = new Map<string, number>();
  outOfTurn = 0;

  /** `knowsAll`: a head is to start when it would have, had nobody started before it, and not only by when that could be foreseen. */
  constructor(site: Site, seed: number, isForeseen: (random: Random) => boolean, knowsAll: boolean) {
    this.#site = site;
    this.#random = new Random(seed);
    this.#isForeseen = isForeseen;
    this.#knowsAll = knowsAll;
    this.bench = site.open();
  }

  run(jobs: number): void {
    let submitted = 0;
    do {
      for (let n = submitted === 0 ? 10 : this.#random.int(0, 2); n > 0 && submitted < jobs; n -= 1) {
        this.#submit(`job-${submitted}`);
        submitted += 1;
      }
      this.#tick();
    } while (this.#end());
    assert.equal(this.bench.world.jobs.size, 0);
  }

  #submit(id: string): void {
    const random = this.#random;
    const runMs = random.int(1, random.chance(0.3) ? 200 : 30) * 1000;
    const spareSeconds = random.chance(0.5) ? 0 : random.int(1, 50);
    this.#runMs.set(id, runMs);
    this.bench.submit(id, {
      ...this.#site.draw(random),
      ...(this.#isForeseen(random) && { expectedSeconds: runMs / 1000 + spareSeconds }),
    });
  }

  #tick(): void {
    const { bench } = this;
    const { jobs } = bench.world;
    const plan = bench.tick();
    const head = plan.blocked.get(QUEUE.arn)?.head;
    for (const { jobId } of plan.changes) {
      this.#passed(jobId);
      bench.start(jobId);
      this.startOf.set(jobId, bench.now);
      this.#endOf.set(jobId, bench.now + this.#runMs.get(jobId)!);
      if (head !== undefined && jobs.get(jobId)!.seq > jobs.get(head.jobId)!.seq) this.outOfTurn += 1;
    }
    if (head === undefined) return;
    this.#passed(head.jobId);
    if (!this.heads.has(head.jobId)) {
      this.heads.set(head.jobId, { since: bench.now, by: this.#foreseen(jobs.get(head.jobId)!) });
    }
  }

  /** Who waited for licences keeps its place: when it is there again, a job behind it that came to the head meanwhile is no longer promised anything. */
  #passed(jobId: string): void {
    const { jobs } = this.bench.world;
    for (const [id, head] of this.heads) {
      const other = jobs.get(id);
      if (other?.state.status === "RUNNABLE" && other.seq > jobs.get(jobId)!.seq) head.by = Infinity;
    }
  }

  /** When the next attempt is over; it ends then. False when none runs. */
  #end(): boolean {
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

  #foreseen(head: Job): number {
    const running = [...this.#endOf].map(([id, end]) => {
      const job = this.bench.world.jobs.get(id)!;
      const { expectedSeconds = Infinity } = job.scheduling;
      return { job, end: this.#knowsAll ? end : this.startOf.get(id)! + expectedSeconds * 1000 };
    });
    const times = running.map(({ end }) => end).sort((a, b) => a - b);
    const left = (time: number): Job[] => running.filter(({ end }) => end > time).map(({ job }) => job);
    return times.find((time) => this.#site.hasRoom(head, left(time))) ?? Infinity;
  }
}

function assertKept(site: Site, isForeseen: (random: Random) => boolean, knowsAll = false): number {
  let [heads, outOfTurn] = [0, 0];
  for (let seed = SEED; seed < SEED + WORKLOADS; seed += 1) {
    const play = new Play(site, seed, isForeseen, knowsAll);
    play.run(60);
    for (const [id, { since, by }] of play.heads) {
      const start = play.startOf.get(id)!;
      assert.ok(start <= by, `seed ${seed}: ${id}, the head since ${since}, was to start by ${by} and did at ${start}`);
      if (by < Infinity) heads += 1;
    }
    outOfTurn += play.outOfTurn;
  }
  assert.ok(heads > WORKLOADS, `${heads} heads of which anything was foreseen`);
  return outOfTurn;
}

for (const [name, site] of Object.entries({ machine, cluster })) {
  test(`${name}: a head starts no later than was foreseen when it became the head (seed ${SEED})`, () => {
    assert.ok(assertKept(site, () => true) > WORKLOADS, "jobs start out of their turn");
  });

  test(`${name}: also where of some jobs nobody knows how long they run (seed ${SEED})`, () => {
    assert.ok(assertKept(site, (random) => random.chance(0.7)) > WORKLOADS, "jobs start out of their turn");
  });

  test(`${name}: a head is not delayed at all where nobody knows how long anything runs (seed ${SEED})`, () => {
    assertKept(site, () => false, true);
  });
}
