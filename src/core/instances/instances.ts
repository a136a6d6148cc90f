import type { InstanceChange } from "../changes.ts";
import type { InstanceHolding } from "../holdings.ts";
import { instanceHoldings } from "../holdings.ts";
import type { Job } from "../job.ts";
import { activeAttempt } from "../job.ts";
import type { MachineShare } from "./fleet.ts";
import { Fleet, NO_ROOM } from "./fleet.ts";
import { GoneInstances } from "./gone-instances.ts";
import type { Instance } from "./instance.ts";

export interface ToldInstance {
  readonly change: InstanceChange;
  readonly instance: Instance;
  readonly vcpuMilli: number;
}

/** All instances there are, by environment. Changed by the world alone. */
export class Instances {
  readonly #fleets = new Map<string, Fleet>();
  readonly #fleetOf = new Map<string, Fleet>();
  /** By id, when the last attempt ended of those that lost it since that was last committed. */
  readonly idled = new Map<string, number>();
  /** Ids of those that are gone and still have attempts counted on them. */
  readonly lost = new Set<string>();
  readonly gone = new GoneInstances();
  /** What all slices hold of this machine. */
  readonly ofMachine: MachineShare = { ...NO_ROOM };
  /** What jobs that take shares of the machine leave of it to slices that others wait for: by the last plan, or the one that is being made. */
  readonly keptOfMachine: MachineShare = { ...NO_ROOM };
  /** What was done to instances, until it is told: each with the instance as it was before, and what its environment has since. */
  readonly told: ToldInstance[] = [];
  #lastSeq = 0;

  /** How many there are, whatever their status. */
  get size(): number {
    return this.#fleetOf.size;
  }

  /** The highest `seq` there ever was. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** ARNs of the environments that have, or had, instances. */
  environmentArns(): Iterable<string> {
    return this.#fleets.keys();
  }

  /** An environment that never had any has none. */
  of(environmentArn: string): Fleet {
    let fleet = this.#fleets.get(environmentArn);
    if (fleet === undefined) this.#fleets.set(environmentArn, (fleet = new Fleet(this.ofMachine)));
    return fleet;
  }

  get(id: string): Instance | undefined {
    return this.#fleetOf.get(id)?.get(id);
  }

  *all(): Iterable<Instance> {
    for (const fleet of this.#fleets.values()) yield* fleet.instances();
  }

  read(instances: readonly Instance[], lastSeq: number): void {
    this.#fleets.clear();
    this.#fleetOf.clear();
    this.idled.clear();
    this.lost.clear();
    Object.assign(this.ofMachine, NO_ROOM);
    this.#lastSeq = lastSeq;
    for (const instance of instances) this.#add(instance);
  }

  apply(change: InstanceChange): void {
    const { instanceId } = change;
    if (change.kind === "instance-launched") {
      this.#add(change.instance);
      return this.#tell(change, change.instance);
    }
    const fleet = this.#fleetOf.get(instanceId);
    const instance = fleet?.get(instanceId);
    if (fleet === undefined || instance === undefined) return;
    this.#change(change, fleet, instance);
    this.#tell(change, instance);
  }

  #tell(change: InstanceChange, instance: Instance): void {
    this.told.push({ change, instance, vcpuMilli: this.of(instance.environmentArn).vcpuMilli });
  }

  #change(change: Exclude<InstanceChange, { kind: "instance-launched" }>, fleet: Fleet, instance: Instance): void {
    const { instanceId } = change;
    switch (change.kind) {
      case "instance-running":
        return fleet.put({ ...instance, status: "running", runningAt: change.at });
      case "instance-terminating":
        if (change.isLost === true) this.lost.add(instanceId);
        if (change.isOverdue === true) fleet.launchedInVain();
        return fleet.put({
          ...instance,
          status: "terminating",
          ...(change.isLost !== undefined && { isLost: change.isLost }),
        });
      case "instance-silent": {
        const { isSilent: _, ...heard } = instance;
        return fleet.put(change.isSilent ? { ...heard, isSilent: true } : heard);
      }
      case "instance-idle":
        this.idled.delete(instanceId);
        return fleet.put({ ...instance, lastUsedAt: change.since });
      case "instance-gone":
        this.idled.delete(instanceId);
        this.lost.delete(instanceId);
        this.#fleetOf.delete(instanceId);
        fleet.remove(instanceId);
        if (change.launchFailure === undefined) this.gone.add(instance, change.at);
        else fleet.launchFailed(instance.type.name, change.at, change.launchFailure);
    }
  }

  /** A job is there, or has changed. An attempt holds the same of its instances from its begin to its end. */
  attemptsChanged(before: Job | undefined, job: Job): void {
    const left = before && activeAttempt(before.state);
    const held = activeAttempt(job.state);
    if (left?.id === held?.id) return;
    if (held !== undefined) for (const holding of instanceHoldings(job, held)) this.#hold(holding);
    if (before === undefined || left === undefined) return;
    const { stoppedAt } = job.state.attempts.at(-1)!;
    for (const holding of instanceHoldings(before, left)) this.#release(holding, stoppedAt!);
  }

  #hold(holding: InstanceHolding): void {
    this.idled.delete(holding.id);
    this.#fleetOf.get(holding.id)?.hold(holding, 1);
  }

  #release(holding: InstanceHolding, at: number): void {
    const fleet = this.#fleetOf.get(holding.id);
    fleet?.hold(holding, -1);
    if (fleet?.isIdle(holding.id) === true) this.idled.set(holding.id, at);
  }

  #add(instance: Instance): void {
    this.#lastSeq = Math.max(this.#lastSeq, instance.seq);
    const fleet = this.of(instance.environmentArn);
    this.#fleetOf.set(instance.id, fleet);
    if (instance.isLost === true) this.lost.add(instance.id);
    fleet.put(instance);
  }
}
