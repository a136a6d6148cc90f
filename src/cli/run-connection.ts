import type { Batch } from "@aws-sdk/client-batch";
import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import type { ServerOptions } from "../compose/options.ts";
import { connect, endpointOfServer, type Connection, type Endpoint } from "./connection.ts";
import { isRefused, isUnreachable } from "./failure.ts";
import { findOrStartServer, isReady, type LocalServer } from "./local-server.ts";

/** So many servers may come and go during one call; then something else is wrong. */
const TAKEOVERS_PER_CALL = 10;

/**
 * A connection to the server of a data directory that outlives that server: when it goes away (it was another `run`, and ended),
 * the next one is found or started here, and the call is made again. Jobs outlive servers, so nothing is lost.
 */
export class RunConnection implements Connection {
  readonly #options: ServerOptions;
  readonly #region: string | undefined;
  #server: LocalServer;
  #current: Connection;
  #takeover: Promise<void> | undefined;

  static async open(options: ServerOptions, region: string | undefined): Promise<RunConnection> {
    const server = await findOrStartServer(options);
    return new RunConnection(options, region, server, await connectTo(server, options.dataDir, region));
  }

  private constructor(options: ServerOptions, region: string | undefined, server: LocalServer, current: Connection) {
    this.#options = options;
    this.#region = region;
    this.#server = server;
    this.#current = current;
  }

  get endpoint(): Endpoint {
    return this.#current.endpoint;
  }

  /** True when this process is the server. */
  get isServer(): boolean {
    return this.#server.own !== undefined;
  }

  /** What the own server wants the user to know; nothing when another process serves. */
  get notices(): readonly string[] {
    return this.#server.own?.notices ?? [];
  }

  /** For requests that may be sent twice: all that read, and those that end jobs. */
  batch<T>(use: (batch: Batch) => Promise<T>): Promise<T> {
    return this.#withServer((connection) => connection.batch(use), isUnreachable);
  }

  logs<T>(use: (logs: CloudWatchLogs) => Promise<T>): Promise<T> {
    return this.#withServer((connection) => connection.logs(use), isUnreachable);
  }

  /** For SubmitJob: sent again only if it certainly did not arrive. */
  once<T>(use: (batch: Batch) => Promise<T>): Promise<T> {
    return this.#withServer((connection) => connection.batch(use), isRefused);
  }

  close(): void {
    this.#current.close();
  }

  /** Ends the own server, if we had to be one. Jobs go on. */
  async stopServer(): Promise<void> {
    this.close();
    await this.#server.own?.close();
  }

  async #withServer<T>(
    call: (connection: Connection) => Promise<T>,
    mayRepeat: (error: unknown) => boolean,
  ): Promise<T> {
    for (let takeovers = 0; ; takeovers += 1) {
      const connection = this.#current;
      try {
        return await call(connection);
      } catch (error) {
        if (this.#server.own !== undefined || takeovers === TAKEOVERS_PER_CALL || !mayRepeat(error)) throw error;
        if (connection === this.#current) await this.#findNextServer();
      }
    }
  }

  /** Calls that fail together wait for one takeover. */
  #findNextServer(): Promise<void> {
    this.#takeover ??= this.#replaceServer().finally(() => {
      this.#takeover = undefined;
    });
    return this.#takeover;
  }

  async #replaceServer(): Promise<void> {
    // A reset connection need not be a dead server.
    if (await isReady(this.#server.url)) return;
    this.#server = await findOrStartServer(this.#options);
    const old = this.#current;
    this.#current = await connectTo(this.#server, this.#options.dataDir, this.#region);
    old.close();
  }
}

function connectTo(server: LocalServer, dataDir: string, region: string | undefined): Promise<Connection> {
  // One attempt: the takeover is the retry, and it knows when a request may be sent twice.
  return connect(endpointOfServer(server, dataDir, region), 1);
}
