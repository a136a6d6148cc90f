import { isIPv4 } from "node:net";
import type Dockerode from "dockerode";
import { statusOf } from "../failure.ts";

/** The default network, as Docker and as Podman call it. */
const DEFAULT_NETWORKS = ["bridge", "podman"];

/** The IPv4 address under which containers reach the machine that their engine runs on; undefined when the engine does not tell. */
export async function gatewayOf(docker: Dockerode): Promise<string | undefined> {
  for (const name of DEFAULT_NETWORKS) {
    const configs = (await inspectNetwork(docker, name))?.IPAM?.Config ?? [];
    for (const { Gateway, Subnet } of configs) {
      // Some engines write it down only when they run a container; until then it is the network's first address.
      const gateway = Gateway ?? firstAddress(Subnet);
      if (gateway !== undefined && isIPv4(gateway)) return gateway;
    }
  }
  return undefined;
}

/** Undefined when there is none of that name. */
export async function inspectNetwork(
  docker: Dockerode,
  name: string,
): Promise<Dockerode.NetworkInspectInfo | undefined> {
  try {
    return await docker.getNetwork(name).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function firstAddress(subnet: string | undefined): string | undefined {
  return /^(\d+\.\d+\.\d+)\.0\/\d+$/.exec(subnet ?? "")?.[1]?.concat(".1");
}
