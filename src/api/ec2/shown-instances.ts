import type { Instance } from "../../core/instances/instance.ts";
import type { InstanceUse } from "../../core/instances/instance-use.ts";
import { shareInstanceId } from "../../core/ecs-names.ts";
import { NO_ROOM } from "../../core/instances/fleet.ts";
import { hostName } from "../../core/instances/host.ts";
import type { Capacity } from "../../core/resources.ts";
import { isFargate } from "../../core/resources.ts";
import type { Machine } from "../../ports/machine.ts";
import type { Scheduler } from "../../ports/scheduler.ts";
import type { EnvironmentSettings, ResourceRecord } from "../../ports/store.ts";
import { instanceTypeFor } from "./instance-type.ts";

/** An instance as ECS and EC2 tell of it: one of a compute environment's own, or the one that stands for its share of this machine. */
export interface ShownInstance {
  readonly id: string;
  /** It is none that was launched, but stands for a share of this machine. */
  readonly isShare?: true;
  readonly typeName: string;
  readonly architecture: Machine["architecture"];
  readonly state: "pending" | "running" | "shutting-down" | "terminated";
  /** It takes no new tasks. */
  readonly isDraining: boolean;
  readonly capacity: Capacity;
  readonly free: Capacity;
  /** Epoch ms. */
  readonly launchedAt: number;
  /** When it joined its cluster, if it has. */
  readonly registeredAt?: number;
  /** The name under which it was registered, where it is a machine of the user's own. */
  readonly hostName?: string;
  /** It is a machine of a cluster, known there by its `hostName`. */
  readonly isOfCluster?: true;
}

export interface ShownBy {
  readonly scheduler: Pick<Scheduler, "instances" | "occupancy">;
  readonly machine: Machine;
}

/** Oldest first. None on Fargate, whose instances nobody sees, and none where users bring their own and have brought none. */
export function shownInstances(
  { scheduler, machine }: ShownBy,
  environment: ResourceRecord<EnvironmentSettings>,
): ShownInstance[] {
  const own = scheduler.instances(environment.arn);
  if (own !== undefined) return own.map(shownInstance);
  const { type, computeResources } = environment.settings;
  if (type === "UNMANAGED" || isFargate(computeResources?.type)) return [];
  return [shownShare({ scheduler, machine }, environment)];
}

function shownInstance({ instance, free, isIdle, machineName }: InstanceUse): ShownInstance {
  const { id, type, status, launchedAt, runningAt, host } = instance;
  return {
    ...{ id, capacity: type, free, launchedAt },
    typeName: type.name,
    architecture: type.architecture === "ARM64" ? "arm64" : "x86_64",
    state: stateOf(instance, isIdle),
    isDraining: status === "terminating",
    ...(runningAt !== undefined && { registeredAt: runningAt }),
    ...(host !== undefined && { hostName: hostName(host) }),
    ...(machineName !== undefined && { hostName: machineName, isOfCluster: true }),
  };
}

/** Those that were there until lately, longest gone first. */
export function goneInstances(
  { scheduler }: { readonly scheduler: Pick<Scheduler, "goneInstances"> },
  { arn }: Pick<ResourceRecord<EnvironmentSettings>, "arn">,
): ShownInstance[] {
  return scheduler.goneInstances(arn).map(({ instance }) => {
    return { ...shownInstance({ instance, free: NO_ROOM, isIdle: true }), state: "terminated" };
  });
}

/** One that is to go runs until its last attempt has ended. */
function stateOf({ status, isLost }: Instance, isIdle: boolean): ShownInstance["state"] {
  if (status === "launching") return "pending";
  return status === "running" || (!isIdle && isLost !== true) ? "running" : "shutting-down";
}

/** Its type is the smallest that has as much as the environment can use here. */
function shownShare(
  { scheduler, machine }: ShownBy,
  { arn, status, createdAt }: ResourceRecord<EnvironmentSettings>,
): ShownInstance {
  const { capacity, free } = scheduler.occupancy(arn) ?? { capacity: NOTHING, free: NOTHING };
  return {
    ...{ id: shareInstanceId(arn), capacity, free, launchedAt: createdAt, registeredAt: createdAt },
    isShare: true,
    typeName: instanceTypeFor(capacity, machine.architecture),
    architecture: machine.architecture,
    state: "running",
    isDraining: status === "DELETING",
  };
}

const NOTHING: Capacity = { vcpuMilli: 0, memoryMiB: 0 };

/** All instances of a region are in its first zone. */
export function availabilityZone(environmentArn: string): string {
  return `${environmentArn.split(":")[3]!}a`;
}
