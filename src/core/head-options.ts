import type { Need } from "./footprint.ts";
import { allInstances, needsOf } from "./footprint.ts";
import type { Instance } from "./instances/instance.ts";
import { countOfInstances, isForJob } from "./instances/suitable.ts";
import type { Job } from "./job.ts";
import { activeAttempt, demandOf } from "./job.ts";
import { latestEnd } from "./latest-end.ts";
import { environmentsFor } from "./placement.ts";
import type { Environment, Queue } from "./resources.ts";
import type { World } from "./world.ts";

/** Where a job could run, in order of preference: what it needs there. */
export interface Options {
  readonly options: readonly (readonly Need[])[];
  /** What is kept for it as long as nobody knows when it can start: what keeps it waiting may come free at any moment. */
  readonly kept: readonly Need[];
}

/** Those of a job at the head of a queue. On instances: each that is large enough; of a multi-node job those that are empty first. */
export function optionsOf(world: World, job: Job, queue: Queue, now: number): Options {
  const options: (readonly Need[])[] = [];
  const kept: Need[] = [];
  for (const environment of environmentsFor(world, demandOf(job), queue)) {
    if (environment.instances === undefined) {
      const needs = needsOf(world, job, environment);
      options.push(needs);
      kept.push(...needs);
    } else {
      options.push(...onInstances(world, job, environment, now));
      // An instance may be launched for it, and before that others may have to go.
      kept.push(allInstances(environment), ...needsOf(world, job, environment, []));
    }
  }
  return { options, kept };
}

function onInstances(world: World, job: Job, environment: Environment, now: number): (readonly Need[])[] {
  const demand = demandOf(job);
  const suitable = [...world.instances.of(environment.arn).instances()].filter(
    ({ status, type }) => status === "running" && isForJob(type, demand),
  );
  if (demand.nodes === undefined) return suitable.map(({ id }) => needsOf(world, job, environment, [id]));
  const team = firstTeam(suitable, countOfInstances(demand), emptyFrom(world, now));
  return team === undefined ? [] : [needsOf(world, job, environment, team)];
}

/** By id of the instance, when the last of the attempts that are on it is over. */
function emptyFrom(world: World, now: number): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const attemptId of world.activeAttemptIds()) {
    const job = world.jobOfAttempt(attemptId)!;
    for (const id of activeAttempt(job.state)!.instanceIds ?? []) {
      times.set(id, Math.max(times.get(id) ?? 0, latestEnd(job, now)));
    }
  }
  return times;
}

/** So many instances of one type that are empty first; undefined when nobody knows of so many. */
function firstTeam(
  instances: readonly Instance[],
  count: number,
  emptyFrom: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const byType = Map.groupBy(instances, ({ type }) => type.name);
  let first: { readonly at: number; readonly ids: readonly string[] } | undefined;
  for (const [, ofType] of [...byType].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const soonest = ofType
      .map(({ id, seq }) => ({ id, seq, at: emptyFrom.get(id) ?? 0 }))
      .sort((a, b) => a.at - b.at || a.seq - b.seq)
      .slice(0, count);
    const at = soonest.at(-1)?.at ?? Infinity;
    if (soonest.length < count || at === Infinity || (first !== undefined && first.at <= at)) continue;
    first = { at, ids: soonest.map(({ id }) => id) };
  }
  return first?.ids;
}
