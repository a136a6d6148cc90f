import { attemptsThatCount } from "../failure.ts";
import type { Need, Place } from "./footprint.ts";
import { allInstances, footprintOf, needsOf } from "./footprint.ts";
import type { Holding } from "../holdings.ts";
import type { Job } from "../job.ts";
import { countOfInstances, isForJob, typesFor } from "../instances/suitable.ts";
import { demandOf } from "../job.ts";
import { longestMs } from "./latest-end.ts";
import { firstOpening } from "./openings.ts";
import { environmentsFor } from "../placement.ts";
import type { Environment, Queue } from "../resources.ts";
import type { World } from "../world.ts";

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

/** The reservation of a job at the head of a queue, which cannot start now. Costs in the numbers of active attempts and of instances. */
export function reservationFor(world: World, job: Job, queue: Queue, now: number): Reservation {
  const environments = environmentsFor(world, demandOf(job), queue);
  const opening = firstOpening(world, job, environments, now);
  if (opening !== undefined) return new Reservation(opening.at, opening.needs);
  return new Reservation(
    Infinity,
    environments.flatMap((environment) => keptIn(world, job, environment)),
  );
}

/** What is left to a job as long as nobody knows when it can start: what keeps it waiting may come free at any moment. */
function keptIn(world: World, job: Job, environment: Environment): Need[] {
  const { instances: launching, arn, maxVcpuMilli } = environment;
  if (launching === undefined) return needsOf(world, job, environment);
  const demand = demandOf(job);
  const fleet = world.instances.of(arn);
  const counted = needsOf(world, job, environment, []);
  const smallest = Math.min(...typesFor(launching, demand).map(({ vcpuMilli }) => vcpuMilli));
  // Others may have to go before an instance can be launched for it: those that others hold do not.
  if (fleet.vcpuMilli + countOfInstances(demand) * smallest > maxVcpuMilli)
    return [allInstances(environment), ...counted];
  const suitable = [...fleet.instances()].filter(({ type }) => isForJob(type, demand));
  return [...suitable.flatMap(({ id }) => needsOf(world, job, environment, [id])), ...counted];
}

/** By when a waiting job is over that starts now, the attempts that may follow included: a job that failed comes back before all others. */
export function lastEnd({ scheduling, state }: Job, now: number): number {
  const attemptsLeft = scheduling.retry.attempts - attemptsThatCount(state.attempts, scheduling.infrastructureRetries);
  return now + longestMs(scheduling) * attemptsLeft;
}

/**
 * What a waiting job would hold until then. What the head needs of a consumable resource is there now: a head that lacked it would hold up nobody
 * (reference 10, no. 31). So it must not be taken even for a while.
 */
export function wantedBy(world: World, job: Job, place: Place, until: number): Held[] {
  return footprintOf(world, job, place).map((holding) => ({
    ...holding,
    until: world.consumables.has(holding.key) ? Infinity : until,
  }));
}
