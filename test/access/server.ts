import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchClient } from "@aws-sdk/client-batch";
import type { NewKey } from "../../src/api/access/key-ring.ts";
import type { CredentialAdmin } from "../../src/cli/credential-admin.ts";
import { withCredentialAdmin } from "../../src/cli/credential-admin.ts";
import type { RunningServer } from "../../src/compose.ts";
import { startServer } from "../../src/compose.ts";
import { openCredentials } from "../../src/compose/credentials.ts";
import type { ServerOptions } from "../../src/compose/options.ts";
import { clientWithKey } from "../support/clients.ts";
import { systemClock } from "../support/clock.ts";
import { removeDataDir } from "../support/leftovers.ts";

interface Owner {
  readonly after: (task: () => unknown) => void;
}

export interface KeyedServer {
  readonly running: RunningServer;
  readonly dataDir: string;
  readonly url: string;
  /** Made before the server started. */
  readonly keys: readonly NewKey[];
  /** AWS's client with the n-th key. */
  client(n?: number, region?: string): BatchClient;
  /** Another one on the same data directory, once this one is closed. */
  restarted(options: Partial<ServerOptions>): Promise<KeyedServer>;
  /** As the command line does, while the server runs. */
  admin<T>(use: (admin: CredentialAdmin) => Promise<T>): Promise<T>;
}

export interface Wanted {
  readonly account?: string;
  readonly user?: string;
  /** Statements of its policy; without them it may do everything. */
  readonly statements?: readonly object[];
}

const DEFAULTS = {
  host: "127.0.0.1",
  port: 0,
  driver: "process",
  vcpus: 8,
  memoryMiB: 65_536,
  requireAuth: true,
  logLevel: "silent",
} as const;

const ANYTHING: readonly Wanted[] = [{}];

/** A server in this process that knows these keys and, unless told otherwise, serves no others. */
export async function keyedServer(
  owner: Owner,
  wanted: readonly Wanted[] = ANYTHING,
  options: Partial<ServerOptions> = {},
): Promise<KeyedServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "longshore-access-"));
  const started: RunningServer[] = [];
  owner.after(async () => {
    for (const server of started) await server.close();
    removeDataDir(dataDir);
  });
  const keys = await makeKeys(dataDir, wanted);
  const start = async (changed: Partial<ServerOptions>): Promise<KeyedServer> => {
    const running = await startServer({ ...DEFAULTS, dataDir, ...changed });
    started.push(running);
    const { url } = running;
    return {
      running,
      dataDir,
      url,
      keys,
      client: (n = 0, region = "us-east-1") => clientWithKey(owner, url, keys[n]!, region),
      restarted: start,
      admin: (use) => withCredentialAdmin({ dataDir }, use),
    };
  };
  return start(options);
}

async function makeKeys(dataDir: string, wanted: readonly Wanted[]): Promise<NewKey[]> {
  const { keys, close } = await openCredentials({ dataDir }, { clock: systemClock, onError: () => {} });
  const made: NewKey[] = [];
  for (const { account = "123456789012", user = "ann", statements } of wanted) {
    const policy = statements && JSON.stringify({ Version: "2012-10-17", Statement: statements });
    made.push(await keys.create({ account, user, ...(policy !== undefined && { policy }) }));
  }
  await close();
  return made;
}
