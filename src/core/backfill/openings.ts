import type { Need } from "./footprint.ts";
import { footprintOf, needsOf } from "./footprint.ts";
import type { Instance } from "../instances/instance.ts";
import { countOfInstances, isForJob } from "../instances/suitable.ts";
import type { Job } from "../job.ts";
import { activeAttempt, demandOf } from "../job.ts";
import { latestEnd } from "./latest-end.ts";
import type { Environment } from "../resources.ts";
import type { World } from "../world.ts";

/** When a job can start somewhere, and what is free then of all that it needs there. */
export interface Opening {
  /** Epoch ms. */
  readonly at: number;
  readonly needs: readonly Need[];
}

/** An active attempt of which it is known by when it is over. */
interface Ending {
  readonly until: number;
  readonly job: Job;
}

/**
 * The first opening for a job that cannot start now, in the first environment that has it; undefined when nobody knows of any. Costs in the numbers of
 * active attempts and of instances.
 */
export function firstOpening(
  world: World,
  job: Job,
  environments: readonly Environment[],
  now: number,
): Opening | undefined {
  const { onMachine, byInstance } = endingsOf(world, now);
  let first: Opening | undefined;
  for (const environment of environments) {
    const opening =
      environment.instances === undefined
        ? openingBy(world, needsOf(world, job, environment), onMachine)
        : openingOnInstances(world, job, environment, byInstance);
    if (opening !== undefined && (first === undefined || opening.at < first.at)) first = opening;
  }
  return first;
}

interface Endings {
  /** The first one first. */
  readonly onMachine: readonly Ending[];
  /** By id, all that is on an instance; Infinity where it is not known. */
  readonly byInstance: ReadonlyMap<string, Ending[]>;
}

function endingsOf(world: World, now: number): Endings {
  const onMachine: Ending[] = [];
  const byInstance = new Map<string, Ending[]>();
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    const { instanceIds } = activeAttempt(job.state)!;
    const ending = { until: latestEnd(job, now), job };
    if (instanceIds === undefined && ending.until < Infinity) onMachine.push(ending);
    for (const id of instanceIds ?? []) {
      const others = byInstance.get(id);
      if (others === undefined) byInstance.set(id, [ending]);
      else others.push(ending);
    }
  }
  return { onMachine: onMachine.sort(byEnd), byInstance };
}

/** When enough of these have ended. Those that end at one time end together. */
function openingBy(world: World, needs: readonly Need[], endings: readonly Ending[]): Opening | undefined {
  const free = new Map(needs.map((need) => [need.key, need.free]));
  for (const [index, { until, job }] of endings.entries()) {
    if (until === Infinity) return undefined;
    for (const { key, quantity } of footprintOf(world, job, activeAttempt(job.state)!)) {
      const before = free.get(key);
      // What is had of a consumable resource is there now: only who waits for none holds up others.
      if (before !== undefined && !world.consumables.has(key)) free.set(key, before + quantity);
    }
    if (endings[index + 1]?.until === until) continue;
    if (needs.every(({ key, quantity }) => free.get(key)! >= quantity)) {
      return { at: until, needs: needs.map((need) => ({ ...need, free: free.get(need.key)! })) };
    }
  }
  return undefined;
}

function openingOnInstances(
  world: World,
  job: Job,
  environment: Environment,
  byInstance: Endings["byInstance"],
): Opening | undefined {
  const demand = demandOf(job);
  const suitable = [...world.instances.of(environment.arn).instances()].filter(
    ({ status, type }) => status === "running" && isForJob(type, demand),
  );
  const on = (ids: readonly string[]): Opening | undefined => {
    const endings = ids.flatMap((id) => byInstance.get(id) ?? []).sort(byEnd);
    return openingBy(world, needsOf(world, job, environment, ids), endings);
  };
  if (demand.nodes === undefined) return firstOn(suitable, byInstance, (id) => on([id]));
  const team = firstTeam(suitable, countOfInstances(demand), byInstance);
  return team && on(team);
}

function firstOn(
  instances: readonly Instance[],
  byInstance: Endings["byInstance"],
  on: (id: string) => Opening | undefined,
): Opening | undefined {
  let first: Opening | undefined;
  for (const { id } of instances) {
    const endings = byInstance.get(id) ?? [];
    if (first !== undefined && !endings.some(({ until }) => until < first!.at)) continue;
    const opening = on(id);
    if (opening !== undefined && (first === undefined || opening.at < first.at)) first = opening;
  }
  return first;
}

/** So many instances of one type that are empty first; undefined when nobody knows of so many. */
function firstTeam(
  instances: readonly Instance[],
  count: number,
  byInstance: Endings["byInstance"],
): readonly string[] | undefined {
  const emptyAt = ({ id }: Instance): number =>
    (byInstance.get(id) ?? []).reduce((last, { until }) => Math.max(last, until), 0);
  const byType = Map.groupBy(instances, ({ type }) => type.name);
  let first: { readonly at: number; readonly ids: readonly string[] } | undefined;
  for (const [, ofType] of [...byType].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const soonest = ofType
      .map((instance) => ({ id: instance.id, seq: instance.seq, at: emptyAt(instance) }))
      .sort((a, b) => a.at - b.at || a.seq - b.seq)
      .slice(0, count);
    const at = soonest.at(-1)?.at ?? Infinity;
    if (soonest.length < count || at === Infinity || (first !== undefined && first.at <= at)) continue;
    first = { at, ids: soonest.map(({ id }) => id) };
  }
  return first?.ids;
}

function byEnd(a: Ending, b: Ending): number {
  return a.until - b.until;
}
