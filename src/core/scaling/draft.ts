import { NO_ROOM } from "../instances/fleet.ts";
import type { InstanceType, Launching } from "../instances/instance.ts";
import { mayExceedMaximum } from "../instances/suitable.ts";
import type { Pool } from "./choose-type.ts";
import { instancesIn } from "./choose-type.ts";
import type { Room } from "./need.ts";
import { without } from "./need.ts";

/** An environment with instances, before a plan. Instances that are terminating are no part of it. */
export interface ScaledEnvironment {
  readonly arn: string;
  readonly launching: Launching;
  readonly maxVcpuMilli: number;
  /** Whether it launches for jobs. One that does not still keeps its minimum. */
  readonly takesJobs: boolean;
  readonly vcpuMilli: number;
  /** By name of the type: epoch ms, until when it is not tried again. */
  readonly unavailable: ReadonlyMap<string, number>;
  /** Instances that run, and on which nothing does. In the order in which they were launched. */
  readonly idle: readonly IdleInstance[];
}

export interface IdleInstance {
  readonly id: string;
  readonly type: InstanceType;
  /** Epoch ms: from when on it may go. */
  readonly dueAt: number;
}

/** The same as far as a plan has changed it. */
export interface Draft extends Omit<ScaledEnvironment, "vcpuMilli"> {
  vcpuMilli: number;
  /** Somebody waits for the next instance that it may launch: those behind launch none. */
  isTaken: boolean;
  /** Somebody waits that it could have launched for, if it had had the room or the type. */
  isWaitedFor: boolean;
}

/** The machine that slices are parts of, as far as a plan has changed what is free of it. */
export class MachineDraft {
  readonly #total: Room;
  #free: Room;

  constructor(total: Room, free: Room) {
    this.#total = total;
    this.#free = free;
  }

  get free(): Room {
    return this.#free;
  }

  /** So many times as much of it is taken; fewer than none: given back. */
  take(room: Room, times: number): void {
    this.#free = without(this.#free, { requirements: room }, times);
  }

  /** Whether so many more instances of an environment are to be had of it. */
  holds({ launching }: Draft, type: InstanceType, count: number): boolean {
    return launching.areSlices !== true || count === 0 || instancesIn(this.#free, type) >= count;
  }

  /** The same, were nothing else there. */
  couldHold({ launching }: Draft, type: InstanceType, count: number): boolean {
    return launching.areSlices !== true || instancesIn(this.#total, type) >= count;
  }
}

/** Where there is no machine that instances are parts of. */
export const NO_MACHINE = { total: NO_ROOM, free: NO_ROOM };

/** So many more instances of a type are there; fewer than none: are not. */
export function changeCount(environment: Draft, machine: MachineDraft, type: InstanceType, count: number): void {
  environment.vcpuMilli += count * type.vcpuMilli;
  if (environment.launching.areSlices === true) machine.take(type, count);
}

export function poolOf(environment: Draft, machine: MachineDraft): Pool {
  return environment.launching.areSlices === true ? { ...environment, machine: machine.free } : environment;
}

/** What is there whether jobs wait or not. */
export function floorOf({ launching, maxVcpuMilli }: Draft): number {
  const { minVcpuMilli, desiredVcpuMilli } = launching;
  return Math.min(maxVcpuMilli, Math.max(minVcpuMilli, desiredVcpuMilli));
}

/** Whether the environment's maximum lets so much be launched when nothing is there, of which the last instance has `lastVcpuMilli`. */
export function reaches(environment: Draft, vcpuMilli: number, lastVcpuMilli: number): boolean {
  const beyond = mayExceedMaximum(environment.launching) ? lastVcpuMilli - 1 : 0;
  return vcpuMilli <= environment.maxVcpuMilli + beyond;
}

export function fitsBelowMaximum(environment: Draft, { vcpuMilli }: InstanceType, count: number): boolean {
  return reaches(environment, environment.vcpuMilli + count * vcpuMilli, vcpuMilli);
}
