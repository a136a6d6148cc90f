import { setTimeout as delay } from "node:timers/promises";
import type { RunningServer } from "../compose.ts";
import type { ServerOptions } from "../compose/options.ts";
import { StartError } from "../compose/start-error.ts";
import { readServerFile } from "./connection.ts";
import { EXIT, Failure } from "./failure.ts";

const READY_TIMEOUT_MS = 2_000;
const TAKEOVER_TIMEOUT_MS = 30_000;
const RETRY_MS = 50;

/** A server on a data directory: one that ran already (`own` undefined), or our own, inside this process. */
export interface LocalServer {
  readonly url: string;
  readonly isOpen: boolean;
  readonly own: RunningServer | undefined;
}

/** Starts a server in this process. Errors are Failures with what to do next. */
export async function startOwnServer(options: ServerOptions): Promise<RunningServer> {
  const { startServer } = await import("../compose.ts");
  try {
    return await startServer(options);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    throw toFailure(error);
  }
}

function toFailure({ code, message }: StartError): Failure {
  return new Failure(message, code === "BAD_OPTION" || code === "BAD_CONFIGURATION" ? EXIT.usage : EXIT.server);
}

/**
 * Finds the server that runs on the data directory, or becomes it. Of several processes that try at once one wins and the
 * others find it. A server that is just starting or stopping is waited for, at most 30 s.
 */
export async function findOrStartServer(options: ServerOptions): Promise<LocalServer> {
  const { startServer } = await import("../compose.ts");
  const deadline = Date.now() + TAKEOVER_TIMEOUT_MS;
  for (;;) {
    const other = readServerFile(options.dataDir);
    if (other !== undefined && (await isReady(other.url))) return { ...other, own: undefined };
    try {
      const own = await startServer(options);
      return { url: own.url, isOpen: own.isOpen, own };
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const occupied = error.code === "DATA_DIR_IN_USE" && Date.now() < deadline;
      if (!occupied) throw toFailure(error);
      await delay(RETRY_MS);
    }
  }
}

/** True when a server answers there and is ready for requests. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
