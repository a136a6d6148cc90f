import type { FastifyInstance } from "fastify";
import type { DriverName } from "../core/driver-name.ts";
import type { MachineAddresses } from "../drivers/docker/driver.ts";
import type { Address } from "./listening.ts";
import { ContainerDoor, urlOf, WILDCARDS } from "./listening.ts";
import { isLoopback } from "./options.ts";

/**
 * By which jobs come in. Containers of this machine have one for what they ask, one for the credentials of their roles, which SDKs take at one address only;
 * the engine of each registered host may know this machine under another address.
 */
export class Doors {
  readonly #calls: ContainerDoor;
  readonly #credentials: ContainerDoor;
  readonly #ofHosts = new Map<DriverName, ContainerDoor>();
  readonly #app: FastifyInstance;
  readonly #main: Address;
  /** This machine's address, as other machines know it. */
  readonly #ownAddress: string;

  constructor(app: FastifyInstance, main: Address, ownAddress: string) {
    this.#app = app;
    this.#main = main;
    this.#ownAddress = ownAddress;
    this.#calls = new ContainerDoor(app, main);
    this.#credentials = new ContainerDoor(app, main);
  }

  /** Where containers reach the server, as far as they can. Rejects when the server cannot listen there. */
  async open({ gateway, credentials }: MachineAddresses): Promise<{ url?: string; credentialsUrl?: string }> {
    const url = await this.#calls.urlFor(gateway);
    const credentialsUrl = credentials === undefined ? undefined : await this.#credentials.urlAt(credentials);
    return { ...(url !== undefined && { url }), ...(credentialsUrl !== undefined && { credentialsUrl }) };
  }

  /** The same of a host that is this machine itself. */
  urlForHost(driver: DriverName, gateway: string | undefined): Promise<string | undefined> {
    const door = this.#ofHosts.get(driver) ?? new ContainerDoor(this.#app, this.#main);
    this.#ofHosts.set(driver, door);
    return door.urlFor(gateway);
  }

  /** Where other machines reach the server; undefined when it listens for this one only. */
  urlForOthers(): string | undefined {
    const { host, port } = this.#main;
    if (isLoopback(host)) return undefined;
    return urlOf({ host: host in WILDCARDS ? this.#ownAddress : host, port });
  }

  /** Takes no more connections. Resolves when the last one is over. */
  async close(): Promise<void> {
    const doors = [this.#calls, this.#credentials, ...this.#ofHosts.values()];
    await Promise.all(doors.map((door) => door.close()));
  }
}
