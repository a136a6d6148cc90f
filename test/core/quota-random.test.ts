import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../src/core/explain/explain.ts";
import type { Job } from "../../src/core/job.ts";
import { Random } from "../sim/random.ts";
import type { Share } from "../support/quotas.ts";
import { arnOf, Quotas } from "../support/quotas.ts";

const ROUNDS = 100;
const STEPS = 30;
const TYPES = ["a", "b"] as const;
const STRATEGIES = ["RESERVE", "LEND", "LEND_AND_BORROW"] as const;
/** How often what is preempted may preempt others in turn, when nothing else happens. */
const MOST_ROUNDS_OF_PREEMPTION = 20;

type Counts = Record<string, number>;

function randomShares(random: Random): Record<string, Share> {
  const names = ["w", "x", "y", "z"].slice(0, random.int(1, 4));
  const share = (): Share => ({
    limits: { a: random.int(1, 4), b: random.int(1, 3) },
    strategy: random.pick(STRATEGIES),
    borrowLimitPercent: random.pick([-1, 0, 50, 100, 200]),
    inSharePreemption: random.chance(0.5),
  });
  return Object.fromEntries(names.map((name) => [name, share()]));
}

function randomNeeds(random: Random): Counts {
  if (random.chance(0.2)) return { a: random.int(1, 3), b: random.int(1, 2) };
  return { [random.pick(TYPES)]: random.int(1, 4) };
}

/** The rules once more, as straightforward as can be: from the jobs that hold capacity now. */
class Books {
  readonly #jobs: readonly Job[];
  readonly #shares: Record<string, Share>;

  constructor(quotas: Quotas, shares: Record<string, Share>) {
    this.#jobs = [...quotas.bench.world.jobs.values()].filter(({ state }) => state.status !== "RUNNABLE");
    this.#shares = shares;
  }

  own(name: string, type: string): number {
    return (this.#shares[name]!.limits as Counts)[type] ?? 0;
  }

  used(type: string, name?: string): number {
    const jobs = this.#jobs.filter(
      ({ scheduling }) => name === undefined || isOf(scheduling.service!.quotaShare!, name),
    );
    return jobs.reduce((sum, job) => sum + (needsOf(job)[type] ?? 0), 0);
  }

  /** The most that a share may use, however much the others lend. */
  most(name: string, type: string): number {
    const { strategy, borrowLimitPercent } = this.#shares[name]!;
    const own = this.own(name, type);
    if (strategy !== "LEND_AND_BORROW") return own;
    return borrowLimitPercent === -1 ? Infinity : own + Math.floor((own * borrowLimitPercent!) / 100);
  }

  /** What is idle in the shares that lend nothing. */
  reserved(type: string): number {
    const reserves = Object.keys(this.#shares).filter((name) => this.#shares[name]!.strategy === "RESERVE");
    return reserves.reduce((sum, name) => sum + Math.max(0, this.own(name, type) - this.used(type, name)), 0);
  }
}

function isOf(share: string, name: string): boolean {
  return share === arnOf(name);
}

function needsOf({ scheduling }: Job): Counts {
  return Object.fromEntries(scheduling.instances!.map(({ type, count }) => [type, count]));
}

/** Lets all that was told to end do so, until nobody is told to any more. What was started. */
function untilQuiet(quotas: Quotas): string[] {
  const started = quotas.settle();
  for (let rounds = 0; ; rounds += 1) {
    const ending = quotas.ending();
    if (ending.length === 0) return started;
    assert.ok(rounds < MOST_ROUNDS_OF_PREEMPTION, `preemptions without end: ${ending.join()}`);
    quotas.obey(...ending);
    started.push(...quotas.settle());
  }
}

function step(quotas: Quotas, random: Random, names: readonly string[], n: number): void {
  const jobs = [...quotas.bench.world.jobs.values()];
  const running = jobs.filter(({ state }) => state.status === "RUNNING");
  const dice = random.next();
  if (dice < 0.6 || jobs.length === 0) {
    quotas.submitOf(random.pick(names), `job${n}`, randomNeeds(random), { priority: random.int(0, 3) });
  } else if (dice < 0.85 && running.length > 0) quotas.bench.end(random.pick(running).id);
  else quotas.prioritise(random.pick(jobs).id, random.int(0, 3));
}

function checkLimits(quotas: Quotas, shares: Record<string, Share>, total: Counts): void {
  const books = new Books(quotas, shares);
  for (const type of TYPES) {
    assert.ok(
      books.used(type) + books.reserved(type) <= total[type]!,
      `what is reserved of ${type} is in use by others`,
    );
    for (const name of Object.keys(shares)) {
      assert.ok(books.used(type, name) <= books.most(name, type), `${name} uses more of ${type} than it may`);
    }
  }
}

/** In a quiet world every share has what is its own, if it has a use for it. */
function checkOwners(quotas: Quotas, shares: Record<string, Share>): void {
  const books = new Books(quotas, shares);
  for (const lane of quotas.bench.world.waitingJobs("queue")?.lanes() ?? []) {
    const first = lane.first(quotas.bench.world.waits)?.job;
    const name = Object.keys(shares).find((one) => isOf(lane.share, one))!;
    if (first === undefined) continue;
    const isBeyondOwn = Object.entries(needsOf(first)).some(
      ([type, count]) => books.used(type, name) + count > books.own(name, type),
    );
    assert.ok(isBeyondOwn, `${first.id} would fit into what ${name} has of its own`);
  }
}

function checkExplanations(quotas: Quotas): void {
  for (const { id, state } of quotas.bench.world.jobs.values()) {
    if (state.status !== "RUNNABLE") continue;
    const { blockers } = explain(quotas.bench.world, quotas.plan!, id, quotas.bench.now)!;
    assert.notDeepEqual(blockers, [], `nothing is in the way of ${id}, and it does not start`);
  }
}

test("no share uses more than it may, none waits for what is its own, and preemption comes to an end", () => {
  const seed = Date.now() % 1_000_000;
  const random = new Random(seed);
  for (let round = 0; round < ROUNDS; round += 1) {
    const shares = randomShares(random);
    const names = Object.keys(shares);
    const sum = (type: string) => names.reduce((so, name) => so + ((shares[name]!.limits as Counts)[type] ?? 0), 0);
    const total = { a: sum("a") + random.int(0, 2), b: sum("b") + random.int(0, 2) };
    const quotas = new Quotas(total, shares);
    for (let n = 0; n < STEPS; n += 1) {
      try {
        step(quotas, random, names, n);
        untilQuiet(quotas);
        checkLimits(quotas, shares, total);
        checkOwners(quotas, shares);
        if (n === STEPS - 1) checkExplanations(quotas);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}, step ${n}: ${JSON.stringify({ total, shares })}`, {
          cause: error,
        });
      }
    }
  }
});
