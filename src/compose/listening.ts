import type { Server } from "node:net";
import { createServer } from "node:net";
import type { FastifyInstance } from "fastify";
import { isLoopback } from "./options.ts";
import { StartError } from "./start-error.ts";
import { MACHINE_OF_CONTAINER } from "./surroundings.ts";

/** Who listens everywhere is reached, from this machine, on its loopback address. */
export const WILDCARDS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** @throws StartError. The address has the port that was taken, if it was left open. */
export async function listen(app: FastifyInstance, { host, port }: Address): Promise<Address> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (codeOf(error) === "EADDRINUSE") {
      throw new StartError(
        "PORT_IN_USE",
        `Port ${port} on ${host} is in use. Name another with --port, or 0 for any free one.`,
      );
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(
      "BAD_OPTION",
      `The server cannot listen on ${host} (${why}). Name another address with --host.`,
    );
  }
  return { host, port: portOf(app.server) ?? port };
}

/** Where this machine reaches who listens on that address. */
export function urlOf({ host, port }: Address): string {
  const reachable = WILDCARDS[host] ?? host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * Lets containers in. A server that listens on a loopback address only is out of their reach; it then also listens on the address under which
 * the engine's containers know this machine. Other machines may reach that address too, so only known keys are served there: see
 * createAdmission, which looks at the address that a request came to.
 */
export class ContainerDoor {
  readonly #app: FastifyInstance;
  readonly #main: Address;
  #isClosed = false;
  #second: (Address & { readonly server: Server }) | undefined;

  constructor(app: FastifyInstance, main: Address) {
    this.#app = app;
    this.#main = main;
  }

  /** Where containers reach the server, given the address that the engine tells; undefined once it closes. Rejects when the server cannot listen there. */
  async urlFor(gateway: string | undefined): Promise<string | undefined> {
    const { host, port } = this.#main;
    if (!isLoopback(host)) return urlOf({ host: host in WILDCARDS ? MACHINE_OF_CONTAINER : host, port });
    const second = gateway === undefined || this.#isClosed ? undefined : await this.#open(gateway);
    if (this.#isClosed) {
      await this.#shut();
      return undefined;
    }
    // An engine in a virtual machine of its own (Docker Desktop) leads this name to the loopback address of the machine around it.
    return urlOf({ host: MACHINE_OF_CONTAINER, port, ...second });
  }

  /** Listens at that address, too, whatever the server's own is; undefined when it is not one of this machine, or once it closes. */
  async urlAt(address: string): Promise<string | undefined> {
    const opened = this.#isClosed ? undefined : await this.#open(address);
    if (this.#isClosed) await this.#shut();
    return this.#isClosed || opened === undefined ? undefined : urlOf(opened);
  }

  /** Takes no more connections. Resolves when the last one is over. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#shut();
  }

  /** Undefined when the address is not one of this machine. */
  async #open(gateway: string): Promise<Address | undefined> {
    if (this.#second?.host === gateway) return this.#second;
    // What came by the old address is served to its end.
    void this.#shut();
    try {
      const server = await listenAlso(this.#app, { host: gateway, port: this.#main.port });
      this.#second = { host: gateway, port: portOf(server)!, server };
      return this.#second;
    } catch (error) {
      if (codeOf(error) === "EADDRNOTAVAIL") return undefined;
      throw error;
    }
  }

  async #shut(): Promise<void> {
    const server = this.#second?.server;
    this.#second = undefined;
    if (server !== undefined) await new Promise((resolve) => void server.close(resolve));
  }
}

/** The same port where it is free, else any. */
async function listenAlso(app: FastifyInstance, address: Address): Promise<Server> {
  try {
    return await openListener(app, address);
  } catch (error) {
    if (codeOf(error) !== "EADDRINUSE") throw error;
    return openListener(app, { ...address, port: 0 });
  }
}

function openListener(app: FastifyInstance, { host, port }: Address): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.on("connection", (socket) => app.server.emit("connection", socket));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

function portOf(server: Pick<Server, "address">): number | undefined {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : undefined;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
