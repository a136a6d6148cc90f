import type { JobState, Scheduling } from "../../src/core/job.ts";
import { ended } from "../../src/core/lifecycle.ts";
import { reconcile } from "../../src/core/reconcile.ts";
import type { Environment, Queue } from "../../src/core/resources.ts";
import { schedule } from "../../src/core/schedule.ts";
import type { InstanceType } from "../../src/core/instances/instance.ts";
import { launch } from "../../src/core/instances/launch.ts";
import { World } from "../../src/core/world.ts";

/** The scheduler's core alone, in a process of its own: `node --expose-gc core-load.ts JOBS`. Prints one line of JSON, a CoreLoad. */
export interface CoreLoad {
  readonly bytesPerWaitingJob: number;
  readonly bytesPerArrayChild: number;
  /** Milliseconds of a tick that changes nothing. */
  readonly idleTickMs: number;
  /** In a steady state: jobs end, others take their place. */
  readonly placementsPerSecond: number;
}

const INSTANCES = 10_000;
const SHAPES = 200;
/** More than run at a time. */
const FILLING = 100_000;
const IDLE_TICKS = 200;
const ROUNDS = 50;
/** Jobs that end between two ticks. */
const ENDS_PER_TICK = 1_000;

const TYPE: InstanceType = {
  ...{ name: "m6i.4xlarge", vcpuMilli: 16_000, memoryMiB: 65_536, gpus: 0 },
  ...{ architecture: "X86_64", microUsdPerHour: 768_000 },
};
const NOW = 1_700_000_000_000;
const QUEUE: Queue = { arn: "queue", version: 1, status: "VALID", priority: 1, environmentArns: ["environment"] };
const ENVIRONMENT: Environment = {
  arn: "environment",
  version: 1,
  enabled: true,
  status: "VALID",
  maxVcpuMilli: INSTANCES * 16_000,
  isFargate: false,
  isUnmanaged: false,
  driver: "fake",
  instances: {
    types: [TYPE],
    strategy: "BEST_FIT",
    isSpot: false,
    minVcpuMilli: 0,
    desiredVcpuMilli: 0,
    scaleDownDelayMs: 0,
  },
};

function measure(jobs: number): CoreLoad {
  const world = new World({ vcpuMilli: 0, memoryMiB: 0 }, false);
  world.apply({ kind: "environments", environments: [ENVIRONMENT] });
  world.apply({ kind: "queues", queues: [QUEUE] });
  repeat(INSTANCES, () => {
    const launched = launch(world, ENVIRONMENT.arn, TYPE, NOW);
    world.apply(launched);
    world.apply({ kind: "instance-running", instanceId: launched.instanceId, at: NOW });
  });
  const load = new Load(world);
  load.submit(FILLING);
  load.fill();
  const bytesPerWaitingJob = bytesOf(() => load.submit(jobs)) / jobs;
  const bytesPerArrayChild = bytesOf(() => load.submitArrays(jobs / 10_000)) / jobs;
  return {
    bytesPerWaitingJob: Math.round(bytesPerWaitingJob),
    bytesPerArrayChild: Math.round(bytesPerArrayChild),
    idleTickMs: timed(() => repeat(IDLE_TICKS, () => tick(world))) / IDLE_TICKS,
    placementsPerSecond: load.placementsPerSecond(),
  };
}

class Load {
  readonly #world: World;
  readonly #shapes = Array.from({ length: SHAPES }, (_, index) => shape(index));
  readonly #running: string[] = [];
  #seq = 0;

  constructor(world: World) {
    this.#world = world;
  }

  submit(count: number): void {
    for (let nth = 0; nth < count; nth += 1) {
      this.#seq += 1;
      // Neighbours have different shapes, as jobs of many users have.
      const scheduling = this.#shapes[(this.#seq * 7_919) % SHAPES]!;
      this.#admit(scheduling, { status: "RUNNABLE", attempts: [] });
    }
    reconcile(this.#world, NOW);
  }

  submitArrays(count: number): void {
    const scheduling = { ...shape(0), arraySize: 10_000 };
    for (let nth = 0; nth < count; nth += 1) {
      this.#seq += 1;
      this.#admit(scheduling, { status: "PENDING", attempts: [], rest: { status: "RUNNABLE" } });
    }
    reconcile(this.#world, NOW);
  }

  /** Until nothing more fits. */
  fill(): void {
    for (let isPartial = true; isPartial;) {
      const plan = schedule(this.#world, NOW);
      for (const { jobId } of plan.changes) this.#running.push(jobId);
      ({ isPartial } = plan);
    }
  }

  /** As many jobs come as end, in each tick. */
  placementsPerSecond(): number {
    let placements = 0;
    const ms = timed(() =>
      repeat(ROUNDS, (round) => {
        for (let nth = 0; nth < ENDS_PER_TICK; nth += 1) this.#endOne(round * 7 + nth * 31);
        this.submit(ENDS_PER_TICK);
        for (const { jobId } of tick(this.#world)) {
          this.#running.push(jobId);
          placements += 1;
        }
      }),
    );
    return Math.round((placements / ms) * 1000);
  }

  #admit(scheduling: Scheduling, state: JobState): void {
    const job = { id: jobId(this.#seq), seq: this.#seq, queueArn: QUEUE.arn, createdAt: NOW, scheduling, state };
    this.#world.apply({ kind: "job-admitted", job });
  }

  #endOne(pick: number): void {
    const at = pick % this.#running.length;
    const id = this.#running[at]!;
    this.#running[at] = this.#running.at(-1)!;
    this.#running.pop();
    const state = ended(this.#world.jobs.get(id)!, { at: NOW + 1, startedAt: NOW, exitCode: 0 });
    this.#world.apply({ kind: "job-changed", jobId: id, state });
  }
}

function shape(index: number): Scheduling {
  return {
    requirements: { vcpuMilli: 250 * (1 + (index % 20)), memoryMiB: 512 * (1 + Math.floor(index / 20)), gpus: 0 },
    retry: { attempts: 1, evaluateOnExit: [] },
    dependsOn: [],
    needsImage: false,
  };
}

/** As long as a real one, and as flat in memory. */
function jobId(seq: number): string {
  const hex = seq.toString(16).padStart(12, "0");
  return Buffer.from(`${hex.slice(0, 8)}-${hex.slice(8)}-4000-8000-${hex}`).toString();
}

function tick(world: World) {
  reconcile(world, NOW + 1);
  return schedule(world, NOW + 1).changes;
}

function repeat(times: number, task: (round: number) => void): void {
  for (let round = 0; round < times; round += 1) task(round);
}

function timed(task: () => void): number {
  const startedAt = performance.now();
  task();
  return performance.now() - startedAt;
}

function bytesOf(task: () => void): number {
  const before = usedBytes();
  task();
  return usedBytes() - before;
}

/** Typed arrays lie outside of the heap. */
function usedBytes(): number {
  globalThis.gc!();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

console.log(JSON.stringify(measure(Number(process.argv[2]))));
