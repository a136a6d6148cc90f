import { launch } from "../../src/core/instances/launch.ts";
import type { Host } from "../../src/core/instances/host.ts";
import { hostType, launchingOfHosts } from "../../src/core/instances/host.ts";
import type { InstanceType, Launching } from "../../src/core/instances/instance.ts";
import type { Environment } from "../../src/core/resources.ts";
import type { World } from "../../src/core/world.ts";
import { ENVIRONMENT, START } from "./world.ts";

/** `name`: of a type with so many vCPUs, 4 GiB each, and no GPU. */
export function instanceType(name: string, vcpus: number, more: Partial<InstanceType> = {}): InstanceType {
  return {
    ...{ name, vcpuMilli: vcpus * 1000, memoryMiB: vcpus * 4096, gpus: 0 },
    ...{ architecture: "X86_64", microUsdPerHour: vcpus * 50_000 },
    ...more,
  };
}

export const LARGE = instanceType("m.large", 2);
export const XLARGE = instanceType("m.xlarge", 4);

export function withInstances(launching: Partial<Launching> = {}, more: Partial<Environment> = {}): Environment {
  return {
    ...ENVIRONMENT,
    instances: {
      types: [LARGE, XLARGE],
      strategy: "BEST_FIT_PROGRESSIVE",
      isSpot: false,
      minVcpuMilli: 0,
      desiredVcpuMilli: 0,
      scaleDownDelayMs: 0,
      ...launching,
    },
    ...more,
  };
}

/** An UNMANAGED environment in which machines are registered that hold so much. */
export function withHosts(hosts: readonly Host[], more: Partial<Environment> = {}): Environment {
  const instances = launchingOfHosts(hosts);
  return { ...ENVIRONMENT, isUnmanaged: true, maxVcpuMilli: Infinity, hosts, instances, ...more };
}

/** `id`: of an active host with so many vCPUs, 4 GiB each. */
export function host(id: string, vcpus: number, more: Partial<Host> = {}): Host {
  const capacity = { vcpuMilli: vcpus * 1000, memoryMiB: vcpus * 4096, gpus: 0, architecture: "X86_64" } as const;
  return { id, state: "active", type: hostType(capacity), ...more };
}

/** Instances of these types, oldest first, that run since the bench began. Their ids. */
export function runInstances(world: World, types: readonly InstanceType[], environmentArn = "environment"): string[] {
  return types.map((type) => {
    const launched = launch(world, environmentArn, type, START);
    world.apply(launched);
    world.apply({ kind: "instance-running", instanceId: launched.instanceId, at: START });
    return launched.instanceId;
  });
}
