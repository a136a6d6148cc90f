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
  /** As the command line does, while the server runs. */
  admin<T>(use: (admin: CredentialAdmin) => Promise<T>): Promise<T>;
}

export interface Wanted {
  readonly account?: string;
  readonly user?: string;
  /** Statements of its policy; without them it may do everything. */
  readonly statements?: readonly object[];
}

const ANYTHING: readonly Wanted[] = [{}];

/** A server in this process that knows these keys and, unless told otherwise, serves no others. */
export async function keyedServer(
  owner: Owner,
  wanted: readonly Wanted[] = ANYTHING,
  options: Partial<ServerOptions> = {},
): Promise<KeyedServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "longshore-access-"));
  const keys = await makeKeys(dataDir, wanted);
  const where = { host: "127.0.0.1", port: 0, dataDir };
  const machine = { driver: "process", vcpus: 8, memoryMiB: 4096 } as const;
  const running = await startServer({ ...where, ...machine, requireAuth: true, logLevel: "silent", ...options });
  const { url } = running;
  owner.after(async () => {
    await running.close();
    removeDataDir(dataDir);
  });
  return {
    running,
    dataDir,
    url,
    keys,
    client: (n = 0, region = "us-east-1") => clientWithKey(owner, url, keys[n]!, region),
    admin: (use) => withCredentialAdmin(dataDir, use),
  };
}

async function makeKeys(dataDir: string, wanted: readonly Wanted[]): Promise<NewKey[]> {
  const { keys, close } = await openCredentials(dataDir, systemClock);
  const made: NewKey[] = [];
  for (const { account = "123456789012", user = "ann", statements } of wanted) {
    const policy = statements && JSON.stringify({ Version: "2012-10-17", Statement: statements });
    made.push(await keys.create({ account, user, ...(policy !== undefined && { policy }) }));
  }
  await close();
  return made;
}
