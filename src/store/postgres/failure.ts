import { StoreUnavailable } from "../../ports/store.ts";

/** SQLSTATE classes of what is wrong with the database or with the way to it, not with a statement. */
const OPERATING = new Map([
  ["08", "The connection to PostgreSQL failed"],
  ["28", "PostgreSQL does not let this server in"],
  ["3D", "There is no such database"],
  ["53", "PostgreSQL has run out of something"],
  ["55", "PostgreSQL is busy"],
  ["57", "PostgreSQL has ended the work"],
  ["58", "PostgreSQL's machine has failed"],
  ["XX", "PostgreSQL's data are damaged, or it has failed"],
]);

/** READ ONLY, as a standby is; a session that waited in the middle of a transaction. */
const OPERATING_CODES = new Map([
  ["25006", "PostgreSQL is read-only here"],
  ["25P03", "PostgreSQL has ended a transaction that stood still"],
  ["42501", "PostgreSQL does not let this server do that"],
]);

/** The operating errors as such; everything else is a mistake of ours and stays what it is. */
export function asUnavailable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const what = explanation(error);
  if (what === undefined) return error;
  return new StoreUnavailable(`${what} (${error.message}). Try again; see to it if that goes on.`, { cause: error });
}

function explanation(error: Error): string | undefined {
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (code === undefined || !SQLSTATE.test(code)) return isConnectionError(error) ? OPERATING.get("08") : undefined;
  return OPERATING_CODES.get(code) ?? OPERATING.get(code.slice(0, 2));
}

const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/** The connection is gone: what was under way on it has happened or has not. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (SQLSTATE.test(code)) return code.startsWith("08") || code.startsWith("57P") || code === "25P03";
  // Node's own codes, of sockets and of TLS; the client's errors have none.
  return code !== "" || /connection|not queryable|timeout|closed/i.test(error.message);
}
