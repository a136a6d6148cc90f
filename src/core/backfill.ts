import type { Need, Place } from "./footprint.ts";
import { footprintOf, needsOf } from "./footprint.ts";
import type { Holding } from "./holdings.ts";
import type { Job } from "./job.ts";
import { activeAttempt, demandOf } from "./job.ts";
import { attemptsThatCount } from "./failure.ts";
import { STOP_GRACE_MS } from "./lifecycle.ts";
import { environmentsFor } from "./placement.ts";
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

  /** Whether somebody may hold this from now on. */
  admits(wanted: readonly Held[]): boolean {
    return wanted.every(
      ({ key, quantity, until }) => until <= this.#from || quantity <= (this.#spare.get(key) ?? Infinity),
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

/**
 * The reservation of a job that cannot start now. `options`: in order of preference, what it needs in each place where it could run. When its time
 * cannot be known, what keeps it waiting may come free at any moment: then only what it does not wait for is to spare.
 */
export function reserve(options: readonly (readonly Need[])[], held: Iterable<Held>): Reservation {
  const free = new Map(options.flat().map((need) => [need.key, need.free]));
  const ends = [...held]
    .filter(({ key, until }) => until < Infinity && free.has(key))
    .sort((a, b) => a.until - b.until);
  for (const [n, { key, quantity, until }] of ends.entries()) {
    free.set(key, free.get(key)! + quantity);
    if (ends[n + 1]?.until === until) continue;
    const option = options.find((needs) => needs.every((need) => free.get(need.key)! >= need.quantity));
    if (option !== undefined)
      return new Reservation(
        until,
        option.map((need) => ({ ...need, free: free.get(need.key)! })),
      );
  }
  return new Reservation(Infinity, options.flat());
}

/** The reservation of a job at the head of a queue. Costs in the number of active attempts. */
export function reservationFor(world: World, job: Job, queue: Queue, now: number): Reservation {
  const options = environmentsFor(world, demandOf(job), queue).map((environment) => needsOf(world, job, environment));
  return reserve(options, heldByActive(world, now));
}

function* heldByActive(world: World, now: number): Iterable<Held> {
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    yield* heldBy(world, job, activeAttempt(job.state)!, latestEnd(job, now));
  }
}

/** What the next attempt of a waiting job would hold, those that may follow it included: a job that failed comes back before all others. */
export function wantedBy(world: World, job: Job, environmentArn: string, now: number): Held[] {
  const { retry, infrastructureRetries } = job.scheduling;
  const attemptsLeft = retry.attempts - attemptsThatCount(job.state.attempts, infrastructureRetries);
  return heldBy(world, job, { environmentArn }, now + longestMs(job) * attemptsLeft);
}

/**
 * What the head needs of a consumable resource is there now: a head that lacked it would hold up nobody (reference 10, no. 31). So it must not be taken even
 * for a while.
 */
function heldBy(world: World, job: Job, place: Place, until: number): Held[] {
  return footprintOf(job, place).map((holding) => ({
    ...holding,
    until: world.consumables.has(holding.key) ? Infinity : until,
  }));
}

/**
 * By when the active attempt is over. One that has not begun begins now; one that has run longer than it was expected to may end at any moment:
 * so the head's time never moves away because of it, and nothing that is in its way is let past it.
 */
function latestEnd(job: Job, now: number): number {
  const { startedAt = now, stopping } = activeAttempt(job.state)!;
  const killedAt = stopping === undefined ? Infinity : stopping.at + STOP_GRACE_MS;
  return Math.max(now, Math.min(startedAt + longestMs(job), killedAt));
}

/** For how long an attempt runs: as long as it is expected to, and no longer than it may. */
function longestMs({ scheduling: { expectedSeconds = Infinity, timeoutSeconds = Infinity } }: Job): number {
  return Math.min(expectedSeconds * 1000, timeoutSeconds * 1000 + STOP_GRACE_MS);
}
