import type { InstanceHolding } from "../holdings.ts";
import type { Requirements } from "../job.ts";
import type { Architecture, Instance, LaunchFailure } from "./instance.ts";
import type { Member } from "./lineup.ts";
import { Lineup } from "./lineup.ts";

/** The instances of one environment, and what each of them has free. Changed by the world alone. */
export class Fleet {
  /** By id, oldest first. */
  readonly #members = new Map<string, Member>();
  readonly #lineups = new Map<Architecture, Lineup>();
  /** By id, those that run and have no attempt. */
  readonly #idle = new Map<string, Member>();
  readonly #launching = new Map<string, Member>();
  readonly #failures = new Map<string, LaunchFailure>();
  readonly #ofMachine: MachineShare;
  #vcpuMilli = 0;
  #launchesInVain = 0;

  /** @param ofMachine what the slices of all fleets hold of this machine, counted together. */
  constructor(ofMachine: MachineShare) {
    this.#ofMachine = ofMachine;
  }

  /** How many there are, whatever their status. */
  get size(): number {
    return this.#members.size;
  }

  /** Of those that are launching or run. */
  get vcpuMilli(): number {
    return this.#vcpuMilli;
  }

  /** Oldest first. */
  *instances(): Iterable<Instance> {
    for (const { instance } of this.#members.values()) yield instance;
  }

  get(id: string): Instance | undefined {
    return this.#members.get(id)?.instance;
  }

  /** What the attempts on an instance leave free; nothing when it is given whole to one of them. Undefined when there is no such instance. */
  roomOf(id: string): Requirements | undefined {
    const member = this.#members.get(id);
    return member?.isWhole === true ? NO_ROOM : member?.room;
  }

  /** Whether any attempt is counted on it. */
  isIdle(id: string): boolean {
    return this.#members.get(id)?.attempts === 0;
  }

  /** Those that run and have no attempt, in no order. */
  *idle(): Iterable<Instance> {
    for (const { instance } of this.#idle.values()) yield instance;
  }

  *launching(): Generator<Instance> {
    for (const { instance } of this.#launching.values()) yield instance;
  }

  /** What the running instance has free that has most vCPUs free, the oldest of those; undefined when none takes jobs. */
  mostFree(architecture: Architecture): Requirements | undefined {
    return this.#lineups.get(architecture)?.mostFree()?.room;
  }

  /** The last launches that failed, one for each type. */
  failures(): Iterable<LaunchFailure> {
    return this.#failures.values();
  }

  /** The oldest running instance that has this room; `after`: of those of its architecture that are younger than this one. */
  firstWithRoom(needed: Requirements, architecture: Architecture, after?: string): Instance | undefined {
    const member = after === undefined ? undefined : this.#members.get(after);
    return this.#lineups.get(architecture)?.firstWithRoom(needed, member)?.instance;
  }

  /**
   * As many running instances of one type with nothing on them, each large enough: the oldest of the cheapest type of which there are so many. They
   * are single tenant (reference 3.3). `typeName`: of this one only. Undefined when there are not enough. Costs in idle instances.
   */
  emptyOfOneType(
    count: number,
    each: Requirements,
    architecture: Architecture,
    typeName?: string,
  ): readonly Instance[] | undefined {
    if (this.#idle.size < count) return undefined;
    const byType = new Map<string, Instance[]>();
    for (const { instance, room } of this.#idle.values()) {
      const { name, architecture: own } = instance.type;
      if (own !== architecture || (typeName ?? name) !== name || !hasRoom(room, each)) continue;
      const others = byType.get(name);
      if (others === undefined) byType.set(name, [instance]);
      else others.push(instance);
    }
    const [first] = [...byType.values()].filter(({ length }) => length >= count).sort(byPrice);
    return first?.sort(byAge).slice(0, count);
  }

  /** How many instances in a row were launched and did not run in time. */
  get launchesInVain(): number {
    return this.#launchesInVain;
  }

  launchedInVain(): void {
    this.#launchesInVain += 1;
  }

  /** It is tried anew, as though nothing had been launched before. */
  forgetLaunchesInVain(): void {
    this.#launchesInVain = 0;
  }

  put(instance: Instance): void {
    const member = this.#members.get(instance.id);
    if (member === undefined) return this.#add(instance);
    this.#vcpuMilli += countedVcpuMilli(instance) - countedVcpuMilli(member.instance);
    member.instance = instance;
    if (instance.status === "running") {
      this.#failures.delete(instance.type.name);
      this.forgetLaunchesInVain();
    }
    this.#changed(member);
  }

  remove(id: string): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    this.#members.delete(id);
    this.#idle.delete(id);
    this.#launching.delete(id);
    this.#lineupOf(member.instance).remove(member);
    this.#vcpuMilli -= countedVcpuMilli(member.instance);
    this.#holdOfMachine(member, NO_ROOM);
  }

  launchFailed(type: string, at: number, reason: string): void {
    const count = (this.#failures.get(type)?.count ?? 0) + 1;
    this.#failures.set(type, { type, at, reason, count });
  }

  /** An attempt begins or (`sign` -1) ends to hold a part of the instance, or all of it. */
  hold({ id, requirements, isWhole }: InstanceHolding, sign: 1 | -1): void {
    const member = this.#members.get(id);
    if (member === undefined) return;
    const { room } = member;
    const { vcpuMilli, memoryMiB, gpus } = requirements;
    member.room = {
      vcpuMilli: room.vcpuMilli - sign * vcpuMilli,
      memoryMiB: room.memoryMiB - sign * memoryMiB,
      gpus: room.gpus - sign * gpus,
    };
    member.attempts += sign;
    if (isWhole) member.isWhole = sign === 1;
    this.#changed(member);
  }

  #add(instance: Instance): void {
    const { vcpuMilli, memoryMiB, gpus } = instance.type;
    const room = { vcpuMilli, memoryMiB, gpus };
    const member: Member = { instance, room, attempts: 0, isWhole: false, held: NO_ROOM };
    this.#members.set(instance.id, member);
    this.#vcpuMilli += countedVcpuMilli(instance);
    this.#lineupOf(instance).add(member);
    this.#changed(member);
  }

  #changed(member: Member): void {
    const { instance, attempts } = member;
    if (instance.status === "running" && attempts === 0) this.#idle.set(instance.id, member);
    else this.#idle.delete(instance.id);
    if (instance.status === "launching") this.#launching.set(instance.id, member);
    else this.#launching.delete(instance.id);
    this.#lineupOf(instance).changed(member);
    this.#holdOfMachine(member, heldOfMachine(member));
  }

  #holdOfMachine(member: Member, { vcpuMilli, memoryMiB, gpus }: Requirements): void {
    const share = this.#ofMachine;
    share.vcpuMilli += vcpuMilli - member.held.vcpuMilli;
    share.memoryMiB += memoryMiB - member.held.memoryMiB;
    share.gpus += gpus - member.held.gpus;
    member.held = { vcpuMilli, memoryMiB, gpus };
  }

  #lineupOf({ type: { architecture } }: Instance): Lineup {
    let lineup = this.#lineups.get(architecture);
    if (lineup === undefined) this.#lineups.set(architecture, (lineup = new Lineup()));
    return lineup;
  }
}

/** What is counted of this machine. */
export type MachineShare = { -readonly [Kind in keyof Requirements]: number };

export const NO_ROOM: Requirements = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };

/** A slice holds all of its size; one that is going, only what its attempts still hold. */
function heldOfMachine({ instance, room, attempts, isWhole }: Member): Requirements {
  const { isSlice, status, type } = instance;
  if (isSlice !== true || (status === "terminating" && attempts === 0)) return NO_ROOM;
  if (status !== "terminating" || isWhole) return type;
  return {
    vcpuMilli: type.vcpuMilli - room.vcpuMilli,
    memoryMiB: type.memoryMiB - room.memoryMiB,
    gpus: type.gpus - room.gpus,
  };
}

export function hasRoom(room: Requirements, needed: Requirements): boolean {
  return needed.vcpuMilli <= room.vcpuMilli && needed.memoryMiB <= room.memoryMiB && needed.gpus <= room.gpus;
}

function countedVcpuMilli({ status, type }: Instance): number {
  return status === "terminating" ? 0 : type.vcpuMilli;
}

/** Cheapest first; of one price by name. */
function byPrice([a]: readonly Instance[], [b]: readonly Instance[]): number {
  return a!.type.microUsdPerHour - b!.type.microUsdPerHour || (a!.type.name < b!.type.name ? -1 : 1);
}

function byAge(a: Instance, b: Instance): number {
  return a.seq - b.seq;
}
