import type { Change } from "../changes.ts";
import type { Environment } from "../resources.ts";
import type { World } from "../world.ts";
import type { Host } from "./host.ts";
import type { Instance } from "./instance.ts";
import { launch } from "./launch.ts";

const REGISTERED = { kind: "host-registered" } as const;
const LEAVES = { kind: "host-leaves" } as const;

/**
 * A registered host is an instance of its environment from when it is registered until it is drained or removed; one that was lost is a new instance
 * each time. What follows from that is told one by one: each change is applied before the next one is asked for. Those that take no more jobs.
 */
export function* leavingHosts(world: World): Generator<Change> {
  for (const environment of world.environments.values()) {
    if (!environment.isUnmanaged) continue;
    const hosts = new Map((environment.hosts ?? []).map((host) => [host.id, host]));
    for (const instance of [...world.instances.of(environment.arn).instances()]) {
      if (instance.host === undefined || instance.isLost === true) continue;
      const host = hosts.get(instance.host);
      const instanceId = instance.id;
      if (host === undefined || host.state === "ending") {
        yield { kind: "instance-terminating", instanceId, isLost: true, because: LEAVES };
      } else if (instance.status !== "terminating" && !(isWanted(environment, host) && isAsTold(instance, host))) {
        yield { kind: "instance-terminating", instanceId, because: LEAVES };
      }
    }
  }
}

/** Those that have no instance: they get one, or are forgotten. */
export function* settledHosts(world: World, now: number): Generator<Change> {
  for (const environment of world.environments.values()) {
    const { arn, hosts = [] } = environment;
    if (hosts.length === 0) continue;
    const present = new Set([...world.instances.of(arn).instances()].map(({ host }) => host));
    for (const host of hosts) {
      if (present.has(host.id)) continue;
      if (isWanted(environment, host)) yield launch(world, arn, host.type, now, { host: host.id, because: REGISTERED });
      else if (host.state !== "draining" || environment.status === "DELETING") {
        yield { kind: "host-deleted", hostId: host.id, environmentArn: arn };
      }
    }
  }
}

function isWanted({ status }: Environment, { state }: Host): boolean {
  return state === "active" && status !== "DELETING";
}

/** A machine that has got more memory, say, has to be another instance. */
function isAsTold({ type }: Instance, host: Host): boolean {
  return type.name === host.type.name;
}
