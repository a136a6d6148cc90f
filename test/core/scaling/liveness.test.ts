import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../../src/core/changes.ts";
import type { AllocationStrategy } from "../../../src/core/instances/instance.ts";
import { activeAttempt } from "../../../src/core/job.ts";
import type { Environment } from "../../../src/core/resources.ts";
import { Random } from "../../sim/random.ts";
import { instanceType, withInstances } from "../../support/instances.ts";
import { QUEUE, WorldBench } from "../../support/world.ts";
import { asks, gang } from "./scaled-world.ts";

const MINUTE = 60_000;
const ROUNDS = 60;

const TYPES = [
  instanceType("m.large", 2),
  instanceType("m.xlarge", 4),
  instanceType("c.large", 2, { memoryMiB: 4096, microUsdPerHour: 85_000 }),
  instanceType("g.xlarge", 4, { gpus: 1, microUsdPerHour: 500_000 }),
];
const MOST_VCPUS = 4;

const STRATEGIES: readonly AllocationStrategy[] = [
  "BEST_FIT",
  "BEST_FIT_PROGRESSIVE",
  "BEST_FIT_PROGRESSIVE_ORDERED",
  "SPOT_PRICE_CAPACITY_OPTIMIZED",
];

/** A cluster with random jobs, in which launches fail, instances boot and jobs end after random times. */
class Life {
  readonly bench: WorldBench;
  readonly #random: Random;
  readonly #environments: readonly Environment[];
  readonly #events: { readonly at: number; happen(): void }[] = [];
  readonly #known = new Set<string>();
  #seen = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#environments = [environmentOf(random, "environment"), environmentOf(random, "second")];
    this.bench = new WorldBench({
      environments: this.#environments,
      queues: [
        { ...QUEUE, priority: 2, environmentArns: ["environment", "second"] },
        { ...QUEUE, arn: "other", environmentArns: ["second"] },
      ],
    });
  }

  submitSome(): void {
    for (let n = this.#random.pick([1, 5, 25]); n > 0; n -= 1) {
      const id = `job-${this.#seen}-${n}`;
      const queueArn = this.#random.pick(["queue", "other"]);
      const kind = this.#random.next();
      if (kind < 0.2) this.bench.submit(id, gang(this.#random.int(2, 3), this.#random.int(1, 2)), queueArn);
      else if (kind < 0.4) this.bench.submit(id, { ...asks(1, 2048), arraySize: this.#random.int(2, 8) }, queueArn);
      else if (kind < 0.5) this.bench.submit(id, asks(2, 512, 1), queueArn);
      else this.bench.submit(id, asks(this.#random.int(1, MOST_VCPUS), 1024 * this.#random.int(1, 6)), queueArn);
    }
  }

  /** Goes on until nothing changes any more. */
  run(): void {
    for (let ticks = 0; ; ticks += 1) {
      assert.ok(ticks < 5_000, "it never comes to rest");
      const plan = this.bench.tick();
      const isQuiet = plan.changes.length === 0 && plan.instanceChanges.length === 0;
      this.#follow();
      this.#keepsToMaxima();
      if (!isQuiet) continue;
      const next = Math.min(plan.wakeAt ?? Infinity, ...this.#events.map(({ at }) => at));
      if (next === Infinity) return;
      assert.ok(next > this.bench.now, "it wakes for nothing");
      this.bench.now = next;
      for (const event of this.#events.filter(({ at }) => at <= next)) {
        this.#events.splice(this.#events.indexOf(event), 1);
        event.happen();
      }
    }
  }

  /** What becomes of that which the last tick began. */
  #follow(): void {
    for (const change of this.bench.changes.slice(this.#seen)) this.#followOne(change);
    this.#seen = this.bench.changes.length;
  }

  #followOne(change: Change): void {
    const { world } = this.bench;
    if (change.kind === "instance-launched") {
      const { instanceId } = change;
      const fails = this.#random.chance(0.4);
      this.#in(this.#random.int(10, 120), (at) =>
        world.apply(
          fails
            ? { kind: "instance-gone", instanceId, at, launchFailure: "no capacity" }
            : { kind: "instance-running", instanceId, at },
        ),
      );
    } else if (change.kind === "instance-terminating") {
      const { instanceId } = change;
      this.#in(this.#random.int(1, 60), (at) => world.apply({ kind: "instance-gone", instanceId, at }));
    } else if (change.kind === "job-changed") {
      const attempt = activeAttempt(change.state);
      if (attempt === undefined || this.#known.has(attempt.id)) return;
      this.#known.add(attempt.id);
      this.#in(this.#random.int(5, 1_800), () => this.#end(change.jobId, attempt.units?.length));
    }
  }

  #end(jobId: string, units: number | undefined): void {
    if (units === undefined) return this.bench.end(jobId);
    this.bench.startUnit(jobId, 0);
    for (let unit = 0; unit < units; unit += 1) this.bench.endUnit(jobId, unit);
  }

  #in(seconds: number, happen: (at: number) => void): void {
    const at = this.bench.now + seconds * 1000;
    this.#events.push({ at, happen: () => happen(at) });
  }

  #keepsToMaxima(): void {
    for (const { arn, maxVcpuMilli, instances } of this.#environments) {
      const { vcpuMilli } = this.bench.world.instances.of(arn);
      const beyond = instances!.strategy === "BEST_FIT" && !instances!.isSpot ? 0 : MOST_VCPUS * 1000 - 1;
      assert.ok(vcpuMilli <= maxVcpuMilli + beyond, `${arn} has ${vcpuMilli} of ${maxVcpuMilli} milli-vCPU`);
    }
  }
}

/** Any job fits into any environment. */
function environmentOf(random: Random, arn: string): Environment {
  const strategy = random.pick(STRATEGIES);
  const launching = {
    types: TYPES,
    strategy,
    isSpot: random.chance(0.5),
    scaleDownDelayMs: random.pick([0, 20 * MINUTE]),
    ...(strategy === "BEST_FIT_PROGRESSIVE_ORDERED" && {
      ranks: new Map(TYPES.map(({ name }) => [name, random.int(0, 2)])),
    }),
  };
  return withInstances(launching, { arn, maxVcpuMilli: random.int(6, 24) * 1000 });
}

test("every job ends, no maximum is exceeded, and then every instance goes; nothing is looked at for nothing", () => {
  const first = Date.now() % 1_000_000;
  for (let seed = first; seed < first + ROUNDS; seed += 1) {
    const life = new Life(new Random(seed));
    try {
      life.submitSome();
      life.run();
      life.submitSome();
      life.run();
      assert.deepEqual([...life.bench.world.jobs.keys()], []);
      assert.equal(life.bench.world.instances.size, 0);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});
