import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type Dockerode from "dockerode";
import type { ContainerInfo } from "dockerode";
import type { Clock } from "../../../ports/clock.ts";
import type { SharedNetwork } from "../../../ports/driver.ts";
import type { CreateContext } from "../container/container.ts";
import { AttemptFailure, engineMessage, isAbort, isEngineAway, isNameTaken, statusOf } from "../failure.ts";
import { LABEL, networkName } from "../names.ts";
import { pause } from "../../waiting/pause.ts";
import { formatSubnet, freeSubnet, parseSubnet } from "./subnets.ts";
import type { Subnet } from "./subnets.ts";
import { crashPoint } from "../../../ports/crash-points.ts";

/** A subnet can be taken between the look and the try, by jobs that begin together above all. */
const SUBNETS_TRIED_MAX = 64;
/** What is still in use belongs to a container that is just going. */
const IN_USE_PAUSE_MS = 100;
const IN_USE_TRIES_MAX = 50;

/**
 * The networks of jobs of several nodes: one for each attempt, in which each node has an address and the name `node-INDEX`, and which no other job reaches.
 * It is there before the first node starts and goes after the last one was forgotten. Each has a subnet of its own of `range`: the engine's own choice is for
 * some thirty networks only.
 */
export class NodeNetworks {
  readonly #clusterId: string;
  readonly #range: Subnet;
  /** By attempt: those under way, for which all its nodes wait. */
  readonly #making = new Map<string, Promise<void>>();

  constructor(clusterId: string, range: Subnet) {
    this.#clusterId = clusterId;
    this.#range = range;
  }

  /** Makes the network unless it is there. Rejects with AttemptFailure (ResourceInitializationError) when it cannot be made, or with the connection's error. */
  ensure({ docker, closing }: CreateContext, node: SharedNetwork): Promise<void> {
    const underWay = this.#making.get(node.id);
    if (underWay !== undefined) return underWay;
    const making = this.#ensure(docker, node, closing).finally(() => this.#making.delete(node.id));
    this.#making.set(node.id, making);
    return making;
  }

  /** The last container of the attempt is gone: so goes its network. */
  async removeIfUnused(docker: Dockerode, clock: Clock, id: string, closing: AbortSignal): Promise<void> {
    const filters = { label: [`${LABEL.nodes}=${id}`] };
    const listed = await docker.listContainers({ all: true, filters });
    if (listed.some(isOfAttempt)) return;
    for (const network of await docker.listNetworks({ filters })) {
      await remove(docker, clock, network.Id, closing);
    }
  }

  /** Of attempts of which no container is there: a server was killed between two steps. `listed`: all containers of the cluster. */
  async unused(docker: Dockerode, listed: readonly ContainerInfo[]): Promise<Set<string>> {
    const networks = await docker.listNetworks({ filters: { label: [`${LABEL.cluster}=${this.#clusterId}`] } });
    const ids = new Set(networks.flatMap(({ Labels }) => Labels?.[LABEL.nodes] ?? []));
    for (const container of listed) if (isOfAttempt(container)) ids.delete(container.Labels[LABEL.nodes] ?? "");
    return ids;
  }

  async #ensure(docker: Dockerode, { id, count }: SharedNetwork, closing: AbortSignal): Promise<void> {
    const refused: Subnet[] = [];
    try {
      while (refused.length < SUBNETS_TRIED_MAX) {
        const networks = await docker.listNetworks({ abortSignal: closing });
        if (networks.some((network) => this.#isOf(id, network))) return;
        const inUse = [...refused, ...networks.flatMap(subnetsOf), ...subnetsOfMachine()];
        const subnet = freeSubnet(this.#range, count, inUse, seedOf(id));
        if (subnet === undefined) break;
        await this.#make(docker, id, subnet, closing);
        refused.push(subnet);
      }
    } catch (error) {
      if (isEngineAway(error) || isAbort(error)) throw error;
      throw failure(error);
    }
    throw failure(`no subnet of ${formatSubnet(this.#range)} is free for a network of ${count} nodes`);
  }

  #isOf(id: string, { Labels }: Dockerode.NetworkInspectInfo): boolean {
    return Labels?.[LABEL.nodes] === id && Labels[LABEL.cluster] === this.#clusterId;
  }

  /** Whether it was made shows when one looks again: a server that was killed may have asked for the same. */
  async #make(docker: Dockerode, id: string, subnet: Subnet, abortSignal: AbortSignal): Promise<void> {
    const body: Dockerode.NetworkCreateOptions = {
      Name: networkName(id),
      CheckDuplicate: true,
      Driver: "bridge",
      IPAM: { Driver: "default", Config: [{ Subnet: formatSubnet(subnet) }] },
      Labels: { [LABEL.cluster]: this.#clusterId, [LABEL.nodes]: id },
    };
    try {
      // Apart, or the client would write everything into the address as well.
      await docker.createNetwork({ _query: {}, _body: body, abortSignal } as unknown as Dockerode.NetworkCreateOptions);
      crashPoint("docker.network");
    } catch (error) {
      if (!isNameTaken(error) && !OVERLAPS.test(engineMessage(error))) throw error;
    }
  }
}

/** In the words of Docker, and of Podman. */
const OVERLAPS = /overlaps with|is already used/i;

function failure(cause: unknown): AttemptFailure {
  return new AttemptFailure("ResourceInitializationError", cause);
}

function isOfAttempt({ Labels }: ContainerInfo): boolean {
  return Labels[LABEL.attempt] !== undefined;
}

/** The attempt's id begins with digits of a hash. */
function seedOf(id: string): number {
  return parseInt(id.slice(0, 8), 16);
}

async function remove(docker: Dockerode, clock: Clock, networkId: string, closing: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await docker.getNetwork(networkId).remove();
    } catch (error) {
      const status = statusOf(error);
      if (status === 404) return;
      const isInUse = status === 403 || status === 409;
      if (!isInUse || tries >= IN_USE_TRIES_MAX) throw error;
      await pause(clock, IN_USE_PAUSE_MS, closing);
    }
  }
}

function subnetsOf({ IPAM }: Dockerode.NetworkInspectInfo): Subnet[] {
  return (IPAM?.Config ?? []).flatMap(({ Subnet = "" }) => parseSubnet(Subnet) ?? []);
}

/** What this machine has addresses in, and what it has routes to: a VPN's networks among others. An engine elsewhere has others, and says so. */
function subnetsOfMachine(): Subnet[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [...own.flatMap(({ cidr }) => parseSubnet(cidr ?? "") ?? []), ...routes()];
}

/** Of each line: interface, destination, gateway, flags, three numbers, mask. Addresses are in hexadecimal digits, the last byte first. */
function routes(): Subnet[] {
  let table: string;
  try {
    table = readFileSync("/proc/net/route", "utf8");
  } catch {
    return [];
  }
  return table.split("\n").flatMap((line) => {
    const [, destination = "", , , , , , mask = ""] = line.split("\t");
    const prefix = bytesOf(mask).reduce((bits, byte) => bits + byte.toString(2).replaceAll("0", "").length, 0);
    return prefix === 0 ? [] : (parseSubnet(`${bytesOf(destination).join(".")}/${prefix}`) ?? []);
  });
}

function bytesOf(hex: string): number[] {
  return (/^[0-9A-F]{8}$/i.test(hex) ? hex.match(/../g)! : []).map((byte) => parseInt(byte, 16)).toReversed();
}
