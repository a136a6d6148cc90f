import { setTimeout as delay } from "node:timers/promises";
import type { AccessKeyRecord } from "../ports/access-keys.ts";
import type { AccessKey } from "../ports/credentials.ts";
import type { ServerOptions } from "../compose/options.ts";
import { StartError } from "../compose/start-error.ts";
import { readServerFile } from "./connection.ts";
import { EXIT, Failure, isRefused } from "./failure.ts";
import { isReady } from "./local-server.ts";
import { RefusedCall, signedCall } from "./signed-call.ts";

/** The access keys of one data directory, whether a server runs on it or not. */
export interface CredentialAdmin {
  create(wanted: WantedKey): Promise<AccessKeyRecord & AccessKey>;
  list(): Promise<readonly AccessKeyRecord[]>;
  revoke(accessKeyId: string): Promise<AccessKeyRecord>;
}

export interface WantedKey {
  readonly account: string;
  readonly user: string;
  /** The text of an IAM policy document. */
  readonly policy?: string;
}

type Where = Pick<ServerOptions, "dataDir" | "databaseUrl">;

const TAKEOVER_TIMEOUT_MS = 30_000;
const RETRY_MS = 50;

/** A running server keeps the keys in memory and the database locked, so it is asked; else the database is opened here. */
export async function withCredentialAdmin<T>(where: Where, use: (admin: CredentialAdmin) => Promise<T>): Promise<T> {
  const deadline = Date.now() + TAKEOVER_TIMEOUT_MS;
  for (;;) {
    try {
      const server = await adminOfServer(where.dataDir);
      return server === undefined ? await useStore(where, use) : await use(server);
    } catch (error) {
      const isPassing = error instanceof StartError && error.code === "DATA_DIR_IN_USE";
      if (!(isPassing || isRefused(error)) || Date.now() >= deadline) throw toFailure(error);
      await delay(RETRY_MS); // a server is just starting or stopping
    }
  }
}

async function useStore<T>(where: Where, use: (admin: CredentialAdmin) => Promise<T>): Promise<T> {
  const { openCredentials } = await import("../compose/credentials.ts");
  const { systemClock } = await import("../compose/clock.ts");
  const { keys, close } = await openCredentials(where, { clock: systemClock, onError: () => {} });
  try {
    return await use({
      create: (wanted) => keys.create(wanted),
      list: () => Promise.resolve(keys.list()),
      revoke: (accessKeyId) => keys.revoke(accessKeyId),
    });
  } finally {
    await close();
  }
}

/** Undefined when none runs, or when what answers at the address of the last one is another one's server. */
async function adminOfServer(dataDir: string): Promise<CredentialAdmin | undefined> {
  const url = readServerFile(dataDir)?.url;
  if (url === undefined || !(await isReady(url))) return undefined;
  const { ownerKey } = await import("../compose/owner.ts");
  const owner = ownerKey(dataDir);
  if (owner === undefined) return undefined;
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    try {
      const signer = { credentials: owner, region: "us-east-1" };
      return await signedCall(new URL(`/longshore/credentials${path}`, url), method, signer, body);
    } catch (error) {
      const status = error instanceof RefusedCall ? error.$metadata.httpStatusCode : undefined;
      throw status === 403 || status === 404 ? new NotTrusted() : error;
    }
  };
  const list = async (): Promise<AccessKeyRecord[]> =>
    (await call<{ credentials: AccessKeyRecord[] }>("GET", "")).credentials;
  const isOurs = await list().then(
    () => true,
    (error: unknown) => !(error instanceof NotTrusted),
  );
  if (!isOurs) return undefined;
  return {
    list,
    create: (wanted) => call("POST", "", wanted),
    revoke: (accessKeyId) => call("DELETE", `/${encodeURIComponent(accessKeyId)}`),
  };
}

/** The server does not know this data directory's owner. */
class NotTrusted extends Error {}

function toFailure(error: unknown): unknown {
  if (error instanceof RefusedCall) return new Failure(error.message, EXIT.server);
  if (error instanceof StartError) return new Failure(error.message, EXIT.server);
  const isFault = error instanceof Error && error.name === "CredentialFault";
  return isFault ? new Failure(error.message, EXIT.server) : error;
}
