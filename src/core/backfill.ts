import { attemptsThatCount } from "./failure.ts";
import type { Need, Place } from "./footprint.ts";
import { footprintOf } from "./footprint.ts";
import type { Options } from "./head-options.ts";
import { optionsOf } from "./head-options.ts";
import type { Holding } from "./holdings.ts";
import type { Job } from "./job.ts";
import { activeAttempt } from "./job.ts";
import { latestEnd, longestMs } from "./latest-end.ts";
import type { Queue } from "./resources.ts";
import type { World } from "./world.ts";

/** Something that is held until a time at the latest: epoch ms, Infinity when nobody knows. */
export interface Held extends Holding {
  readonly until: number;
}

/**
 * When the job that everybody behind it waits for can start at the latest, and what others may hold from then on without delaying it (EASY backfill).
 * Whoever is gone by then may have anything.
 */
export class Reservation {
  /** Epoch ms; Infinity when it cannot be known. */
  readonly at: number;
  /** By what is counted, what is to spare. What is not named here the job does not need. */
  readonly #spare: Map<string, number>;

  constructor(at: number, needs: Iterable<Need>) {
    this.at = at;
    this.#spare = new Map();
    for (const { key, free, quantity } of needs) {
      const spare = Math.max(0, free - quantity);
      this.#spare.set(key, Math.min(spare, this.#spare.get(key) ?? Infinity));
    }
  }

  /** What of all that somebody wants to hold from now on the job needs itself; undefined when there is nothing against it. */
  refused(wanted: readonly Held[]): Held | undefined {
    return wanted.find(
      ({ key, quantity, until }) => until > this.#from && quantity > (this.#spare.get(key) ?? Infinity),
    );
  }

  /** Somebody does. */
  take(wanted: readonly Held[]): void {
    for (const { key, quantity, until } of wanted) {
      const spare = this.#spare.get(key);
      if (until > this.#from && spare !== undefined) this.#spare.set(key, spare - quantity);
    }
  }

  /** Of a job that may start at any moment, each moment is needed. */
  get #from(): number {
    return this.at === Infinity ? -Infinity : this.at;
  }
}

/** The reservation of a job that cannot start now. Costs in options and in what is held. */
export function reserve({ options, kept }: Options, held: Iterable<Held>): Reservation {
  const free = new Map<string, number>();
  const wantedBy = new Map<string, number[]>();
  for (const [index, needs] of options.entries()) {
    for (const need of needs) {
      free.set(need.key, need.free);
      const others = wantedBy.get(need.key);
      if (others === undefined) wantedBy.set(need.key, [index]);
      else others.push(index);
    }
  }
  const ends = [...held]
    .filter(({ key, until }) => until < Infinity && free.has(key))
    .sort((a, b) => a.until - b.until);
  let first = Infinity;
  for (const [n, { key, quantity, until }] of ends.entries()) {
    free.set(key, free.get(key)! + quantity);
    for (const index of wantedBy.get(key)!) {
      if (index < first && options[index]!.every((need) => free.get(need.key)! >= need.quantity)) first = index;
    }
    // Those that end at one time end together.
    if (first === Infinity || ends[n + 1]?.until === until) continue;
    return new Reservation(
      until,
      options[first]!.map((need) => ({ ...need, free: free.get(need.key)! })),
    );
  }
  return new Reservation(Infinity, kept);
}

/** The reservation of a job at the head of a queue. Costs in the numbers of active attempts and of instances. */
export function reservationFor(world: World, job: Job, queue: Queue, now: number): Reservation {
  return reserve(optionsOf(world, job, queue, now), heldByActive(world, now));
}

function* heldByActive(world: World, now: number): Iterable<Held> {
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    yield* heldBy(world, job, activeAttempt(job.state)!, latestEnd(job, now));
  }
}

/** What the next attempt of a waiting job would hold, those that may follow it included: a job that failed comes back before all others. */
export function wantedBy(world: World, job: Job, place: Place, now: number): Held[] {
  const { retry, infrastructureRetries } = job.scheduling;
  const attemptsLeft = retry.attempts - attemptsThatCount(job.state.attempts, infrastructureRetries);
  return heldBy(world, job, place, now + longestMs(job) * attemptsLeft);
}

/**
 * What the head needs of a consumable resource is there now: a head that lacked it would hold up nobody (reference 10, no. 31). So it must not be taken even
 * for a while.
 */
function heldBy(world: World, job: Job, place: Place, until: number): Held[] {
  return footprintOf(world, job, place).map((holding) => ({
    ...holding,
    until: world.consumables.has(holding.key) ? Infinity : until,
  }));
}
