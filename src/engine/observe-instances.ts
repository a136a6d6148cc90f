import type { InstanceChange } from "../core/changes.ts";
import type { Instance } from "../core/instances/instance.ts";
import type { World } from "../core/world.ts";
import type { ProvisionerEvent } from "../ports/provisioner.ts";

/** What a tick makes of the provisioner's events, beside the changes of instances. */
export interface ObservedInstances {
  readonly changes: InstanceChange[];
  /** It can be told what to do from now on. */
  isReady: boolean;
  /** What is to be launched and terminated whatever was told before: if nothing else has happened to it since. */
  readonly again: Set<string>;
  /** What is there and nobody wants. */
  readonly unwanted: string[];
}

/** The provisioner's events become changes, applied to the world. Repeated and late events change nothing. */
export function observeInstances(world: World, reported: readonly ProvisionerEvent[], now: number): ObservedInstances {
  const observed: ObservedInstances = { changes: [], isReady: false, again: new Set(), unwanted: [] };
  for (const event of reported) {
    if (event.kind === "inventory") observeInventory(world, event.instanceIds, now, observed);
    else observeInstance(world, event, observed);
  }
  return observed;
}

/** A world read anew does not know what the last one had dispatched: everything is told again, which is idempotent. */
export function observeNewInstances(world: World, observed: ObservedInstances): void {
  for (const { id, status } of world.instances.all()) if (status !== "running") observed.again.add(id);
}

function observeInventory(world: World, ids: readonly string[], now: number, observed: ObservedInstances): void {
  const present = new Set(ids);
  observed.isReady = true;
  for (const instance of [...world.instances.all()]) {
    if (present.has(instance.id) ? instance.status === "terminating" : instance.status === "launching") {
      observed.again.add(instance.id);
    } else if (!present.has(instance.id)) lose(world, instance, now, observed);
  }
  for (const id of ids) if (world.instances.get(id) === undefined) observed.unwanted.push(id);
}

type InstanceEvent = Exclude<ProvisionerEvent, { kind: "inventory" }>;

function observeInstance(world: World, event: InstanceEvent, observed: ObservedInstances): void {
  const { instanceId, at } = event;
  const instance = world.instances.get(instanceId);
  if (instance === undefined) {
    if (event.kind === "running") observed.unwanted.push(instanceId);
  } else if (event.kind === "running") {
    if (instance.status === "launching") apply(world, { kind: "instance-running", instanceId, at }, observed);
    else if (instance.isSilent === true)
      apply(world, { kind: "instance-silent", instanceId, isSilent: false }, observed);
  } else if (event.kind === "silent") {
    const isNew = instance.status === "running" && instance.isSilent !== true;
    if (isNew) apply(world, { kind: "instance-silent", instanceId, isSilent: true }, observed);
  } else if (instance.status === "launching") {
    const launchFailure = event.kind === "failed" ? event.reason : "The instance was gone before it ran";
    apply(world, { kind: "instance-gone", instanceId, at, launchFailure }, observed);
  } else lose(world, instance, at, observed);
}

/** It stays until the last of its attempts has ended. */
function lose(world: World, { id, environmentArn }: Instance, at: number, observed: ObservedInstances): void {
  const isIdle = world.instances.of(environmentArn).isIdle(id);
  if (isIdle) apply(world, { kind: "instance-gone", instanceId: id, at }, observed);
  else if (world.instances.get(id)!.isLost !== true) {
    apply(world, { kind: "instance-terminating", instanceId: id, isLost: true }, observed);
  }
}

function apply(world: World, change: InstanceChange, observed: ObservedInstances): void {
  world.apply(change);
  observed.changes.push(change);
}
