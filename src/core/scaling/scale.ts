import type { InstanceChange } from "../changes.ts";
import type { Fleet } from "../instances/fleet.ts";
import type { Instance, Launching } from "../instances/instance.ts";
import { launch } from "../instances/launch.ts";
import type { Requirements } from "../job.ts";
import { freeOfMachine } from "../machine.ts";
import { accepts } from "../placement.ts";
import type { Plan } from "../plan.ts";
import type { Environment, Queue } from "../resources.ts";
import type { World } from "../world.ts";
import { needsOf } from "./needs-of.ts";
import type { IdleInstance, ScaledEnvironment } from "./draft.ts";
import { planScaling } from "./plan-scaling.ts";
import type { Rooms } from "./rooms.ts";
import type { ScalingReason } from "./scaling-reason.ts";

/** For so long a type that could not be launched is not tried again in its environment. */
export const UNAVAILABLE_MS = 5 * 60_000;

/** How long an instance stays idle where the environment has no scaling policy, and where it never had a job (reference 6.4; 10 no. 50). */
export const IDLE_MS = 5 * 60_000;

/** Bounds how long one tick can hold the event loop and how large its commit gets. */
const MAX_LAUNCHES_PER_TICK = 1_000;

export interface Scaling {
  readonly changes: readonly InstanceChange[];
  /** Epoch ms: when time alone changes something. */
  readonly wakeAt?: number;
}

/** Launches and terminates instances for what has not been placed, queue after queue. Applies each change to the world and returns them. */
export function scale(
  world: World,
  now: number,
  queues: readonly Queue[],
  unplaced: Pick<Plan, "blocked" | "short">,
): Scaling {
  const environments = scaledEnvironments(world, now);
  const stray = straySlices(world);
  if (environments.length === 0 && stray.length === 0) return { changes: [] };
  const needs = environments.some(couldChange) ? queues.flatMap((queue) => needsOf(world, queue, unplaced)) : [];
  const rooms = roomsOf(world, environments, needs.length > 0);
  const machine = { total: machineOf(world), free: freeOfMachine(world) };
  const plan = planScaling({ environments, rooms, needs, machine, now });
  const changes: InstanceChange[] = [];
  const apply = (change: InstanceChange): void => {
    world.apply(change);
    changes.push(change);
  };
  for (const { id } of stray)
    apply({ kind: "instance-terminating", instanceId: id, because: { kind: "no-instances-any-more" } });
  for (const { environmentArn, instanceId, because } of plan.terminations) {
    const isLeaving = world.environments.get(environmentArn)?.status === "DELETING";
    const why: ScalingReason = isLeaving ? { kind: "environment-deleted" } : because;
    apply({ kind: "instance-terminating", instanceId, because: why });
  }
  let left = MAX_LAUNCHES_PER_TICK;
  for (const { environmentArn, type, count, because } of plan.launches) {
    for (let n = Math.min(count, left); n > 0; n -= 1) apply(launch(world, environmentArn, type, now, { because }));
    left -= Math.min(count, left);
  }
  const wakeAt = plan.launches.reduce((sum, { count }) => sum + count, 0) > MAX_LAUNCHES_PER_TICK ? now : plan.wakeAt;
  return { changes, ...(wakeAt !== undefined && { wakeAt }) };
}

/** Parts of the machine whose environment has become a share of it. */
function straySlices(world: World): Instance[] {
  const stray: Instance[] = [];
  for (const arn of world.instances.environmentArns()) {
    const fleet = world.instances.of(arn);
    if (fleet.size === 0 || world.environments.get(arn)?.instances !== undefined) continue;
    for (const instance of fleet.instances()) {
      if (instance.isSlice === true && instance.status !== "terminating") stray.push(instance);
    }
  }
  return stray;
}

function machineOf({ capacity: { vcpuMilli, memoryMiB, gpus = 0 } }: World): Requirements {
  return { vcpuMilli, memoryMiB, gpus };
}

/** In order of ARN. */
function scaledEnvironments(world: World, now: number): ScaledEnvironment[] {
  const environments: ScaledEnvironment[] = [];
  for (const environment of world.environments.values()) {
    const { instances, isUnmanaged } = environment;
    if (instances !== undefined && !isUnmanaged) environments.push(scaled(world, environment, instances, now));
  }
  return environments.sort((a, b) => (a.arn < b.arn ? -1 : 1));
}

function scaled(world: World, environment: Environment, launching: Launching, now: number): ScaledEnvironment {
  const { arn, maxVcpuMilli, status } = environment;
  const fleet = world.instances.of(arn);
  const isLeaving = status === "DELETING";
  return {
    arn,
    // Nothing is kept of an environment that is deleted.
    launching: isLeaving ? { ...launching, minVcpuMilli: 0, desiredVcpuMilli: 0 } : launching,
    maxVcpuMilli,
    takesJobs: accepts(environment),
    vcpuMilli: fleet.vcpuMilli,
    unavailable: unavailableTypes(fleet, now),
    idle: [...fleet.idle()]
      .sort((a, b) => a.seq - b.seq)
      .map((instance) => toIdle(instance, isLeaving ? now : idleUntil(world, instance, launching))),
  };
}

function toIdle({ id, type }: Instance, dueAt: number): IdleInstance {
  return { id, type, dueAt };
}

function idleUntil(world: World, { id, lastUsedAt, runningAt, launchedAt }: Instance, launching: Launching): number {
  const since = world.instances.idled.get(id) ?? lastUsedAt;
  if (since === undefined) return (runningAt ?? launchedAt) + IDLE_MS;
  return since + (launching.scaleDownDelayMs === 0 ? IDLE_MS : launching.scaleDownDelayMs);
}

function unavailableTypes(fleet: Fleet, now: number): Map<string, number> {
  const until = [...fleet.failures()].map(({ type, at }) => [type, at + UNAVAILABLE_MS] as const);
  return new Map(until.filter(([, at]) => at > now));
}

/** Whether anything could be launched there, or let go. */
function couldChange({ vcpuMilli, maxVcpuMilli, idle }: ScaledEnvironment): boolean {
  return vcpuMilli < maxVcpuMilli || idle.length > 0;
}

/** Those that are empty; with `all` also what others have left. In the order in which they were launched. */
function roomsOf(world: World, environments: readonly ScaledEnvironment[], all: boolean): Rooms[] {
  const found: { readonly instance: Instance; readonly rooms: Rooms }[] = [];
  for (const { arn } of environments) {
    const fleet = world.instances.of(arn);
    for (const instance of all ? fleet.instances() : fleet.idle()) {
      const rooms = roomOn(fleet, instance);
      if (rooms !== undefined) found.push({ instance, rooms });
    }
  }
  return found.sort((a, b) => a.instance.seq - b.instance.seq).map(({ rooms }) => rooms);
}

function roomOn(fleet: Fleet, { id, environmentArn, type, status }: Instance): Rooms | undefined {
  if (status === "terminating") return undefined;
  const free = fleet.roomOf(id)!;
  if (free.vcpuMilli === 0) return undefined;
  return { environmentArn, type, free, count: 1, ...(fleet.isIdle(id) && { empty: { ids: [id] } }) };
}
