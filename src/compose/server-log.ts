import type { DestinationStream, Logger } from "pino";
import { pino } from "pino";
import { neutral } from "../core/neutral.ts";

/**
 * The server's own log: JSON, one line an entry, on stderr. What comes from users is in it as data only: it makes no lines of its own, and a terminal obeys
 * nothing of it.
 */
export function serverLog(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino({ level, serializers: { err: told }, hooks: { streamWrite: neutral } }, destination);
}

/** Messages quote what they complain of. */
const LONGEST_TEXT = 10_000;
const MOST_CAUSES = 5;

/**
 * Of an error what says where it comes from. Not what else libraries hang on theirs: a database's error can have the row that it refused, a container
 * engine's the request with all its variables.
 */
function told(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error).slice(0, LONGEST_TEXT) };
  const { name, message, stack = "", cause } = error;
  return {
    type: error.constructor.name === "Error" ? name : error.constructor.name,
    message: message.slice(0, LONGEST_TEXT),
    ...("code" in error && ["string", "number"].includes(typeof error.code) && { code: error.code }),
    stack: stack.slice(0, LONGEST_TEXT),
    ...(cause !== undefined && depth < MOST_CAUSES && { cause: told(cause, depth + 1) }),
  };
}
