import type { Choice, OpenNeed } from "./choose-type.ts";
import { chooseType, earliest } from "./choose-type.ts";
import type { Draft, IdleInstance, ScaledEnvironment } from "./draft.ts";
import { changeCount, fitsBelowMaximum, floorOf, MachineDraft, NO_MACHINE, poolOf, reaches } from "./draft.ts";
import { hasRoom } from "../instances/fleet.ts";
import type { InstanceType } from "../instances/instance.ts";
import type { Gang } from "./gang.ts";
import { costOf } from "./gang.ts";
import type { Need, Room, Take } from "./need.ts";
import { jobsThatFit, takeFrom, typesToLaunch } from "./need.ts";
import type { Rooms } from "./rooms.ts";
import { RoomPlan } from "./rooms.ts";
import type { Launches, ScalingPlan, Some, Termination } from "./scaling-plan.ts";
import type { ScalingReason } from "./scaling-reason.ts";
import { waitFor } from "./scaling-reason.ts";

export interface ScalingInput {
  readonly environments: readonly ScaledEnvironment[];
  /** Room on instances that run or are launching, of all environments, in the order in which those were launched. */
  readonly rooms: readonly Rooms[];
  /** That slices are parts of. */
  readonly machine?: { readonly total: Room; readonly free: Room };
  /** In the order in which the jobs are to start. */
  readonly needs: readonly Need[];
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Scaling is scheduling against instances that do not exist yet (reference 6.9): what cannot start now is packed onto the instances that are there or
 * launching, in the order in which it is to start, and then onto hypothetical ones, which are launched. An instance that is left idle by this for longer
 * than the delay goes, as far as the minimum allows. A world that has not changed gives no second launch. Costs in the number of different needs, rooms
 * and launches, not of jobs.
 */
export function planScaling(input: ScalingInput): ScalingPlan {
  const plan = new Planning(input);
  for (const [index, need] of input.needs.entries())
    plan.meet(need, input.needs.slice(index + 1, index + 1 + LOOK_AHEAD));
  plan.keepWarm();
  plan.scaleIn();
  return plan.result();
}

/** So many needs are looked at, behind the one that is launched for, for what else an instance could do. */
const LOOK_AHEAD = 16;

interface IdleOne {
  readonly environment: Draft;
  readonly instance: IdleInstance;
}

class Planning {
  readonly #now: number;
  readonly #environments: readonly Draft[];
  readonly #byArn: ReadonlyMap<string, Draft>;
  readonly #machine: MachineDraft;
  #rooms: RoomPlan;
  readonly #launches: Launches[] = [];
  readonly #terminations: Termination[] = [];
  readonly #blockedLines = new Set<string>();
  /** Names of the types for a need, by its key and the environment's ARN. */
  readonly #typeNames = new Map<string, ReadonlySet<string>>();
  #wakeAt = Infinity;

  constructor({ environments, rooms, machine = NO_MACHINE, now }: ScalingInput) {
    this.#machine = new MachineDraft(machine.total, machine.free);
    this.#now = now;
    this.#environments = environments.map((environment) => ({ ...environment, isTaken: false, isWaitedFor: false }));
    this.#byArn = new Map(this.#environments.map((draft) => [draft.arn, draft]));
    this.#rooms = new RoomPlan(rooms);
  }

  meet(need: Need, later: readonly Need[]): void {
    if (need.line !== undefined && this.#blockedLines.has(need.line)) return;
    const isMet = need.nodes === undefined ? this.#meetJobs(need, later) : this.#meetGangs(need, need.nodes);
    // Nothing starts behind the first job of a line, so nothing is launched for it either.
    if (!isMet && need.line !== undefined) this.#blockedLines.add(need.line);
  }

  /** Whether any of the jobs has room, or an instance that is launched for it; or there are none. */
  #meetJobs(need: Need, later: readonly Need[]): boolean {
    const take = need.jobs();
    const placed = this.#place(need, take) + this.#share(need, take);
    const jobs = take(this.#mostToLaunchFor(need));
    let left = jobs;
    const outcomes = new Map<Draft, Choice>();
    // What the last environment took may leave so few that the first one has another type for them.
    for (let before = Infinity; left > 0 && left < before;) {
      before = left;
      for (const environment of this.#environmentsOf(need)) {
        if (left === 0) break;
        const choice = this.#launchJobs(environment, need, left, later);
        left = choice.left;
        if (choice.ended !== undefined) outcomes.set(environment, choice.ended);
      }
    }
    if (left > 0) for (const [environment, choice] of outcomes) this.#ended(environment, choice);
    return placed > 0 || left < jobs || jobs === 0;
  }

  /** Jobs that only need a share of the machine: as many as there is room for, or would be without instances that nobody waits for. */
  #share({ share }: Need, take: Take): number {
    if (share === undefined) return 0;
    const makesRoom = (): boolean =>
      this.#letGo([this.#idleElsewhere(undefined)], () => hasRoom(this.#machine.free, share));
    let placed = 0;
    while (hasRoom(this.#machine.free, share) || makesRoom()) {
      const taken = take(jobsThatFit({ requirements: share }, this.#machine.free));
      if (taken === 0) break;
      this.#machine.take(share, taken);
      placed += taken;
    }
    return placed;
  }

  #place(need: Need, take: Take): number {
    return this.#rooms.place(need, take, (arn, type) => this.#namesFor(need, arn).has(type));
  }

  /** More jobs than this could not be on what may still be launched; at least one, who waits. */
  #mostToLaunchFor(need: Need): number {
    let most = 1;
    for (const environment of this.#environmentsOf(need)) {
      const { arn, launching, maxVcpuMilli, vcpuMilli, idle } = environment;
      const names = this.#namesFor(need, arn);
      const types = launching.types.filter(({ name }) => names.has(name));
      if (types.length === 0) continue;
      const leaving = idle.reduce((sum, { type }) => sum + type.vcpuMilli, 0);
      const left = Math.max(1, maxVcpuMilli - vcpuMilli + leaving);
      const sizes = types.map((type) => type.vcpuMilli);
      const instances = Math.ceil(left / Math.min(...sizes));
      const onInstances = instances * Math.max(...types.map((type) => jobsThatFit(need, type)));
      most += Math.min(onInstances, Math.ceil((left + Math.max(...sizes)) / need.requirements.vcpuMilli));
    }
    return most;
  }

  #launchJobs(
    environment: Draft,
    need: Need,
    jobs: number,
    later: readonly Need[],
  ): { readonly left: number; readonly ended?: Choice } {
    const others = later.map((one) => this.#open(one, one.about, environment.arn));
    let left = jobs;
    while (left > 0) {
      const choice = chooseType(poolOf(environment, this.#machine), [
        this.#open(need, left, environment.arn),
        ...others,
      ]);
      if (choice.kind === "launch") {
        this.#launch(environment, choice, waitFor(need, left));
        left -= this.#place(need, takeFrom(left));
      } else if (choice.kind !== "full" || !this.#makeRoom(environment, choice.type, 1)) {
        return { left, ended: choice };
      }
    }
    return { left };
  }

  /** Each job of several nodes gets instances of one type for all of them, or nothing. */
  #meetGangs(need: Need, nodes: number): boolean {
    const take = need.jobs();
    let met = 0;
    while (take(1) === 1) {
      if (!this.#meetGang(need, nodes)) return met > 0;
      met += 1;
    }
    return true;
  }

  #meetGang(need: Need, nodes: number): boolean {
    if (this.#placeGang(need, nodes)) return true;
    const outcomes = new Map<Draft, Choice>();
    for (const environment of this.#environmentsOf(need)) {
      const choice = this.#launchGang(environment, need, nodes);
      if (choice.kind === "launch") return true;
      outcomes.set(environment, choice);
    }
    for (const [environment, choice] of outcomes) {
      this.#ended(environment, choice);
      // What is there of the type that cannot be launched at the moment is kept until it can.
      const kept = waitedFor(choice);
      if (kept !== undefined) this.#rooms.takeEmpty(environment.arn, kept, nodes);
    }
    return false;
  }

  /** On instances that are there or launching already, the oldest ones of one type. */
  #placeGang(need: Need, nodes: number): boolean {
    const complete = this.#environmentsOf(need).flatMap((environment) =>
      this.#gangs(environment, need, nodes).filter(({ missing }) => missing === 0),
    );
    const [oldest] = complete.toSorted((a, b) => a.behind - b.behind);
    if (oldest !== undefined) this.#rooms.takeEmpty(oldest.environmentArn, oldest.type.name, nodes);
    return oldest !== undefined;
  }

  #launchGang(environment: Draft, need: Need, nodes: number): Choice {
    const { arn, launching, unavailable } = environment;
    const possible = this.#gangs(environment, need, nodes);
    const held = possible.filter(({ type, missing }) => this.#machine.holds(environment, type, missing));
    const able = held.length > 0 ? held : possible;
    const cheapest = able[0];
    if (cheapest === undefined) return { kind: "never" };
    const available = able.filter(({ type }) => !unavailable.has(type.name));
    const types = earliest(
      available.map(({ type }) => type),
      launching,
    );
    const best = launching.strategy === "BEST_FIT" ? undefined : available.find(({ type }) => types.includes(type));
    const { type, missing } = best ?? cheapest;
    const until = unavailable.get(type.name);
    if (until !== undefined) return { kind: "unavailable", typeNames: [type.name], until };
    // Those that it takes shall not be terminated to make room for the others.
    const before = this.#rooms.copy();
    this.#rooms.takeEmpty(arn, type.name, nodes - missing);
    if (!this.#makeRoom(environment, type, missing)) {
      this.#rooms = before;
      return { kind: "full", type };
    }
    this.#count(environment, { type, count: missing }, waitFor(need, 1));
    return { kind: "launch", type, count: missing };
  }

  /** The types that a gang could be on, and how many it lacks beside those that are empty; the one that costs least first. */
  #gangs(environment: Draft, need: Need, nodes: number): Gang[] {
    const { arn, launching } = environment;
    const names = this.#namesFor(need, arn);
    return launching.types
      .filter(({ name, vcpuMilli }) => names.has(name) && reaches(environment, nodes * vcpuMilli, vcpuMilli))
      .filter((type) => this.#machine.couldHold(environment, type, nodes))
      .map((type) => {
        const { found, behind } = this.#rooms.findEmpty(arn, type.name, nodes);
        return { environmentArn: arn, type, missing: nodes - found, behind };
      })
      .sort((a, b) => costOf(a) - costOf(b) || (a.type.name < b.type.name ? -1 : 1));
  }

  /** The minimum, and what was asked for as desired, is there whether jobs wait or not. */
  keepWarm(): void {
    for (const environment of this.#environments) {
      const floor = environment.isTaken ? 0 : floorOf(environment);
      while (environment.vcpuMilli < floor) {
        const jobs = Math.ceil((floor - environment.vcpuMilli) / 1000);
        const need: Need = { ...ONE_VCPU, environmentArns: [environment.arn], about: jobs, jobs: () => takeFrom(jobs) };
        const choice = chooseType(poolOf(environment, this.#machine), [this.#open(need, jobs, environment.arn)]);
        if (choice.kind === "launch") this.#launch(environment, choice, { kind: "minimum" });
        else if (choice.kind === "unavailable") this.#ended(environment, choice);
        if (choice.kind !== "launch") break;
      }
    }
  }

  /** Those that were launched last go first. */
  scaleIn(): void {
    for (const environment of this.#environments) {
      for (const instance of this.#unneeded(environment).toReversed()) {
        if (environment.vcpuMilli - instance.type.vcpuMilli < floorOf(environment)) continue;
        const isBeyondMaximum = environment.vcpuMilli - instance.type.vcpuMilli >= environment.maxVcpuMilli;
        if (instance.dueAt <= this.#now || isBeyondMaximum) {
          this.#terminate(environment, instance, { kind: isBeyondMaximum ? "above-maximum" : "idle" });
          // Something else may be launched in its place.
          if (!environment.isWaitedFor) continue;
        }
        this.#wakeAt = Math.min(this.#wakeAt, Math.max(instance.dueAt, this.#now));
      }
    }
  }

  result(): ScalingPlan {
    return {
      launches: this.#launches,
      terminations: this.#terminations,
      ...(this.#wakeAt !== Infinity && { wakeAt: this.#wakeAt }),
    };
  }

  /** Instances that nobody waits for make room for those that somebody does, however long they have been idle. Whether there is room now. */
  #makeRoom(environment: Draft, type: InstanceType, count: number): boolean {
    const isEnough = (): boolean =>
      fitsBelowMaximum(environment, type, count) && this.#machine.holds(environment, type, count);
    return this.#letGo([this.#idleOf(environment), this.#idleElsewhere(environment)], isEnough);
  }

  /** One after the other until it is enough; none when it never would be. */
  #letGo(candidates: readonly Iterable<IdleOne>[], isEnough: () => boolean): boolean {
    const leaving: IdleOne[] = [];
    for (const some of candidates) {
      for (const one of some) {
        if (isEnough()) break;
        changeCount(one.environment, this.#machine, one.instance.type, -1);
        leaving.push(one);
      }
    }
    const enough = isEnough();
    for (const { environment, instance } of leaving) {
      changeCount(environment, this.#machine, instance.type, 1);
      if (enough) this.#terminate(environment, instance, { kind: "makes-room" });
    }
    return enough;
  }

  /** Those that nobody waits for, the last one that was launched first. */
  *#idleOf(environment: Draft): Generator<IdleOne> {
    for (const instance of this.#unneeded(environment).toReversed()) yield { environment, instance };
  }

  /** Those of other environments on the same machine; what is to be kept there is. */
  *#idleElsewhere(except: Draft | undefined): Generator<IdleOne> {
    if (except !== undefined && except.launching.areSlices !== true) return;
    for (const environment of this.#environments) {
      if (environment === except || environment.launching.areSlices !== true) continue;
      for (const one of this.#idleOf(environment)) {
        if (environment.vcpuMilli - one.instance.type.vcpuMilli >= floorOf(environment)) yield one;
      }
    }
  }

  #unneeded({ arn, idle }: Draft): IdleInstance[] {
    if (idle.length === 0) return [];
    const empty = new Set(this.#rooms.emptyIds(arn));
    return idle.filter(({ id }) => empty.has(id));
  }

  #terminate(environment: Draft, { id, type }: IdleInstance, because: ScalingReason): void {
    this.#rooms.remove(environment.arn, id);
    changeCount(environment, this.#machine, type, -1);
    this.#terminations.push({ environmentArn: environment.arn, instanceId: id, because });
  }

  #launch(environment: Draft, { type, count }: Some, because: ScalingReason): void {
    this.#count(environment, { type, count }, because);
    this.#rooms.add({ environmentArn: environment.arn, type, free: type, count, empty: { ids: [] } });
  }

  #count(environment: Draft, { type, count }: Some, because: ScalingReason): void {
    if (count === 0) return;
    changeCount(environment, this.#machine, type, count);
    this.#launches.push({ environmentArn: environment.arn, type, count, because });
  }

  #ended(environment: Draft, choice: Choice): void {
    if (choice.kind === "unavailable") this.#wakeAt = Math.min(this.#wakeAt, choice.until);
    if (choice.kind !== "never") environment.isWaitedFor = true;
    const waits = choice.kind === "unavailable" && environment.launching.strategy === "BEST_FIT";
    if (waits || choice.kind === "full") environment.isTaken = true;
  }

  #environmentsOf({ environmentArns }: Need): Draft[] {
    return environmentArns.flatMap((arn) => {
      const environment = this.#byArn.get(arn);
      return environment?.takesJobs === true && !environment.isTaken ? [environment] : [];
    });
  }

  #open(need: Need, jobs: number, environmentArn: string): OpenNeed {
    return { need, jobs, typeNames: this.#namesFor(need, environmentArn) };
  }

  #namesFor(need: Need, environmentArn: string): ReadonlySet<string> {
    const key = `${need.key} ${environmentArn}`;
    const known = this.#typeNames.get(key);
    if (known !== undefined) return known;
    const types = need.environmentArns.includes(environmentArn) ? this.#byArn.get(environmentArn)?.launching.types : [];
    const names = new Set(typesToLaunch(need, types ?? []).map(({ name }) => name));
    this.#typeNames.set(key, names);
    return names;
  }
}

/** Name of the type that would be launched if it could. */
function waitedFor(choice: Choice): string | undefined {
  if (choice.kind === "unavailable") return choice.typeNames[0];
  return choice.kind === "full" ? choice.type.name : undefined;
}

/** What an instance is kept warm for. */
const ONE_VCPU = { key: "warm", requirements: { vcpuMilli: 1000, memoryMiB: 0, gpus: 0 } };
