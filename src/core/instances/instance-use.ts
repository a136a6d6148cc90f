import type { Requirements } from "../job.ts";
import type { Environment } from "../resources.ts";
import type { World } from "../world.ts";
import type { Instance } from "./instance.ts";

/** One instance of an environment, and what the attempts on it leave. */
export interface InstanceUse {
  readonly instance: Instance;
  /** Nothing when it is given whole to one attempt. */
  readonly free: Requirements;
  /** No attempt is on it. */
  readonly isIdle: boolean;
  /** It is a machine of a cluster, which that knows by this name: nothing is launched or terminated there. */
  readonly machineName?: string;
}

/** Oldest first. Undefined for an environment without instances, or one that the world does not have. Costs in instances. */
export function instancesOf(world: World, environmentArn: string): InstanceUse[] | undefined {
  const fleet = world.instances.of(environmentArn);
  // An environment that has become a share may still have instances for a while.
  const isShare = world.environments.get(environmentArn)?.instances === undefined && fleet.size === 0;
  if (isShare) return undefined;
  return [...fleet.instances()].map((instance) => ({
    instance,
    free: fleet.roomOf(instance.id)!,
    isIdle: fleet.isIdle(instance.id),
  }));
}

/**
 * computeResources.desiredvCpus: those of the instances that are there or on their way, and what the environment keeps, whether it could be launched or not.
 * Undefined where nothing is launched.
 */
export function desiredVcpusOf(world: World, environmentArn: string): number | undefined {
  const environment = world.environments.get(environmentArn);
  if (environment?.instances === undefined || environment.isUnmanaged) return undefined;
  const vcpuMilli = Math.max(world.instances.of(environmentArn).vcpuMilli, keptVcpuMilli(environment));
  return Math.ceil(vcpuMilli / 1000);
}

function keptVcpuMilli({ status, maxVcpuMilli, instances }: Environment): number {
  if (instances === undefined || status === "DELETING" || status === "INVALID") return 0;
  return Math.min(maxVcpuMilli, Math.max(instances.minVcpuMilli, instances.desiredVcpuMilli));
}
