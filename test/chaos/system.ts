import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerProcess } from "../e2e/server.ts";
import { newDataDir, spawnServer } from "../e2e/server.ts";
import type { OwnPostgres } from "../support/postgres.ts";
import { ownPostgres } from "../support/postgres.ts";
import { ownDockerd } from "../support/own-dockerd.ts";
import type { OwnDockerd } from "../support/own-dockerd.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";
import { createTcpProxy } from "../support/tcp-proxy.ts";
import type { StoreName } from "./acts.ts";
import type { Cleanups } from "../support/cleanups.ts";

export interface SystemOptions {
  readonly store: StoreName;
  readonly servers: number;
  /** How many jobs have room at a time. */
  readonly vcpus: number;
  readonly hasEngine: boolean;
  readonly launcher?: string;
}

/** One server, the network that clients reach it through, and that through which it reaches the database. */
export interface Node {
  readonly server: ServerProcess;
  readonly clients: TcpProxy;
  readonly database: TcpProxy | undefined;
  /** It was ended by the suite and is not there again yet. */
  isDown: boolean;
}

/** What is tried: servers, their engine, their database, and the networks in between. */
export interface System {
  readonly nodes: readonly Node[];
  /** PostgreSQL, where that is the store. */
  readonly database: OwnDatabase | undefined;
  readonly engine: OwnDockerd | undefined;
  readonly dataDir: string;
  /** Where clients reach the servers. */
  readonly urls: readonly string[];
  /** A server that does not come up is tried again until `isOver`: what it needs may be down as well. Returns whether it runs. */
  startServer(node: Node, isOver: () => boolean): Promise<boolean>;
}

export interface OwnDatabase {
  readonly postgres: OwnPostgres;
  /** Past all networks. */
  readonly url: string;
}

const TRY_AGAIN_MS = 500;

export async function openSystem(cleanups: Cleanups, options: SystemOptions): Promise<System> {
  const engine = options.hasEngine ? await ownDockerd(cleanups) : undefined;
  const database = options.store === "postgres" ? await openDatabase(cleanups) : undefined;
  const dataDir = newDataDir();
  const nodes: Node[] = [];
  for (let count = 0; count < options.servers; count += 1) {
    const network = database && (await createTcpProxy(cleanups, database.postgres.port));
    const server = await spawnServer(cleanups, serverFlags(options, engine, through(network, database)), dataDir);
    nodes.push({ server, clients: await createTcpProxy(cleanups, portOf(server)), database: network, isDown: false });
  }
  return {
    ...{ nodes, engine, database, dataDir },
    urls: nodes.map(({ clients }) => `http://127.0.0.1:${clients.port}`),
    async startServer(node, isOver) {
      while (!(await cameUp(node.server))) {
        if (isOver()) return false;
        await new Promise((resolve) => void setTimeout(resolve, TRY_AGAIN_MS));
      }
      node.isDown = false;
      node.clients.aim(portOf(node.server));
      return true;
    },
  };
}

/** As it is by default, commits reach the disk. */
async function openDatabase(cleanups: Cleanups): Promise<OwnDatabase> {
  const postgres = await ownPostgres(cleanups, { isDurable: true });
  return { postgres, url: await postgres.createDatabase() };
}

/** The database's URL for one server. */
function through(network: TcpProxy | undefined, database: OwnDatabase | undefined): string | undefined {
  if (network === undefined || database === undefined) return undefined;
  const url = new URL(database.url);
  url.port = String(network.port);
  return url.href;
}

function serverFlags(
  { vcpus, launcher }: SystemOptions,
  engine: OwnDockerd | undefined,
  databaseUrl: string | undefined,
) {
  return {
    ...(databaseUrl !== undefined && { more: ["--database-url", databaseUrl] }),
    ...(engine === undefined
      ? { driver: "process" as const }
      : { driver: "docker" as const, engineSocket: engine.socketPath }),
    ...(launcher !== undefined && { launcher }),
    vcpus,
  };
}

function cameUp(server: ServerProcess): Promise<boolean> {
  return server.start().then(
    () => true,
    () => false,
  );
}

function portOf({ url }: ServerProcess): number {
  return Number(new URL(url).port);
}

/** What the servers said goes to the evidence. */
export function keepServerLogs({ nodes }: System, directory: string): void {
  for (const [index, { server }] of nodes.entries()) {
    writeFileSync(join(directory, `server-${index}.log`), server.stderr);
  }
}
