import type { InstanceType, Launching } from "../instances/instance.ts";
import { hasRoom } from "../instances/fleet.ts";
import { mayExceedMaximum } from "../instances/suitable.ts";
import type { Need, Room } from "./need.ts";
import { jobsThatFit, without } from "./need.ts";

/** An environment, as far as a plan has changed it. */
export interface Pool {
  readonly launching: Launching;
  readonly maxVcpuMilli: number;
  /** Of all its instances, those that are launched by the plan among them. */
  readonly vcpuMilli: number;
  /** By name of the type: epoch ms, until when it is not tried again. */
  readonly unavailable: ReadonlyMap<string, number>;
  /** What is left of the machine, where its instances are parts of that. */
  readonly machine?: Room;
}

/** Jobs of one shape for which nothing is planned yet. */
export interface OpenNeed {
  readonly need: Need;
  /** More than 0. */
  readonly jobs: number;
  /** Names of the types that may be launched for it. */
  readonly typeNames: ReadonlySet<string>;
}

export type Choice =
  | { readonly kind: "launch"; readonly type: InstanceType; readonly count: number }
  /** It waits for a type that could not be launched. */
  | { readonly kind: "unavailable"; readonly typeNames: readonly string[]; readonly until: number }
  /** Nothing more can be launched below the maximum; `type` would be. */
  | { readonly kind: "full"; readonly type: InstanceType }
  /** No type that is allowed is large enough, or the maximum is not. */
  | { readonly kind: "never" };

/**
 * What an environment launches for the first of these needs (reference 6.5). Deterministic: the type whose price per unit of what it would run is the
 * lowest, filled with the first need and then with those after it; of equals the larger one, so that fewer are launched, then by name. The unit is a
 * GPU where GPUs are asked for, else a vCPU. A type that keeps to the maximum goes before one that exceeds it.
 *
 * BEST_FIT chooses among all types and waits for the chosen one. The progressive strategies choose among those that can be launched; ORDERED and PRIORITIZED
 * those of the earliest entry first. How much of a type is left in Spot is not known here: that it could not be launched lately stands for it.
 */
export function chooseType(pool: Pool, open: readonly OpenNeed[]): Choice {
  const { maxVcpuMilli } = pool;
  const { types, strategy } = pool.launching;
  const able = types.filter(
    ({ name, vcpuMilli }) =>
      open[0]!.typeNames.has(name) && (mayExceedMaximum(pool.launching) || vcpuMilli <= maxVcpuMilli),
  );
  if (able.length === 0 || maxVcpuMilli === 0) return { kind: "never" };
  const { machine } = pool;
  const possible = machine === undefined ? able : able.filter((type) => hasRoom(machine, type));
  if (possible.length === 0) return { kind: "full", type: smallest(able) };
  const left = maxVcpuMilli - pool.vcpuMilli;
  const choosable =
    strategy === "BEST_FIT" ? [cheapest(firstNotEmpty(inReach(possible, pool), possible), open).type] : possible;
  const available = choosable.filter(({ name }) => !pool.unavailable.has(name));
  if (available.length === 0) return unavailable(pool, choosable);
  const launchable = inReach(available, pool);
  const { type, load } = cheapest(earliest(firstNotEmpty(launchable, available), pool.launching), open);
  if (launchable.length === 0) return { kind: "full", type };
  const withinMaximum = Math.max(1, Math.floor(left / type.vcpuMilli));
  const withinMachine = machine === undefined ? Infinity : instancesIn(machine, type);
  return { kind: "launch", type, count: Math.min(withinMaximum, withinMachine, load.repeats) };
}

/** How many instances of a type a room holds. */
export function instancesIn(room: Room, type: InstanceType): number {
  const { vcpuMilli, memoryMiB, gpus } = type;
  return jobsThatFit({ requirements: { vcpuMilli, memoryMiB, gpus } }, room);
}

/** For which room is made most easily. */
function smallest(types: readonly InstanceType[]): InstanceType {
  return types.reduce((a, b) => ((b.vcpuMilli - a.vcpuMilli || b.memoryMiB - a.memoryMiB) < 0 ? b : a));
}

/** Those that keep to the maximum, else, where that may be, those that exceed it. */
function inReach(types: readonly InstanceType[], pool: Pool): readonly InstanceType[] {
  const left = pool.maxVcpuMilli - pool.vcpuMilli;
  const within = types.filter(({ vcpuMilli }) => vcpuMilli <= left);
  return within.length > 0 || left <= 0 || !mayExceedMaximum(pool.launching) ? within : types;
}

function firstNotEmpty<T>(first: readonly T[], second: readonly T[]): readonly T[] {
  return first.length > 0 ? first : second;
}

/** Those of the earliest entry in the user's list, with a strategy that keeps to its order. */
export function earliest(types: readonly InstanceType[], { ranks }: Launching): readonly InstanceType[] {
  const rankOf = ({ name }: InstanceType): number => ranks?.get(name) ?? 0;
  const first = Math.min(...types.map(rankOf));
  return types.filter((type) => rankOf(type) === first);
}

function unavailable(pool: Pool, types: readonly InstanceType[]): Choice {
  const until = Math.min(...types.map(({ name }) => pool.unavailable.get(name)!));
  return { kind: "unavailable", typeNames: types.map(({ name }) => name), until };
}

/** What one instance would run. */
interface Load {
  /** In the unit that the first need is measured in. */
  readonly amount: number;
  /** How many instances in a row would run the same. */
  readonly repeats: number;
}

function cheapest(types: readonly InstanceType[], open: readonly OpenNeed[]): { type: InstanceType; load: Load } {
  return types.map((type) => ({ type, load: loadOf(type, open) })).reduce((a, b) => (isBetter(b, a) ? b : a));
}

function isBetter(a: { type: InstanceType; load: Load }, b: { type: InstanceType; load: Load }): boolean {
  const difference = a.type.microUsdPerHour * b.load.amount - b.type.microUsdPerHour * a.load.amount;
  if (difference !== 0) return difference < 0;
  if (a.load.amount !== b.load.amount) return a.load.amount > b.load.amount;
  return a.type.name < b.type.name;
}

function loadOf(type: InstanceType, open: readonly OpenNeed[]): Load {
  const { gpus, vcpuMilli } = open[0]!.need.requirements;
  let room: Room = type;
  let amount = 0;
  let repeats = Infinity;
  for (const { need, jobs, typeNames } of open) {
    if (room.vcpuMilli === 0) break;
    if (need.nodes !== undefined || !typeNames.has(type.name)) continue;
    const fit = Math.min(jobs, jobsThatFit(need, room));
    if (fit === 0) continue;
    room = without(room, need, fit);
    const { requirements } = need;
    amount += fit * (gpus > 0 ? requirements.gpus : vcpuMilli > 0 ? requirements.vcpuMilli : 1);
    repeats = Math.min(repeats, Math.floor(jobs / fit));
  }
  return { amount, repeats };
}
