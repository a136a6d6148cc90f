/** AWS's names for what stops a container before its program runs. Source: ECS stopped-task errors; the last one is Kubernetes's, of pods. */
export type StartFailure =
  | "CannotPullContainerError"
  | "CannotCreateContainerError"
  | "CannotStartContainerError"
  | "ResourceInitializationError"
  | "ErrImageNeverPull";

/** The attempt cannot start; trying again would not help. `message` is what AWS shows as `container.reason`. */
export class AttemptFailure extends Error {
  override readonly name = "AttemptFailure";

  constructor(failure: StartFailure, cause: unknown) {
    super(`${failure}: ${engineMessage(cause)}`, { cause });
  }
}

/** The HTTP status of an answer of the engine; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const status = property(error, "statusCode");
  return typeof status === "number" ? status : undefined;
}

/** What the client puts before the engine's words when it has only read them as text. */
const CLIENT_PREFIX = /^\(HTTP code \d+\) .*? - /;

/** The engine's own words, without the client's decoration around them. */
export function engineMessage(error: unknown): string {
  const said = property(property(error, "json"), "message");
  if (typeof said === "string" && said !== "") return said;
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(CLIENT_PREFIX, "").trim();
}

const CONNECTION_CODES: ReadonlySet<unknown> = new Set([
  "ENOENT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "EACCES",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

/** What an engine says that is ending: of its own parts, which it has closed already. */
const LEAVING =
  /grpc: the client connection is closing|transport is closing|\*libnetwork\.\S+: (open : |database not open)/;

/** The engine did not answer, or went away while it did: what became of the request is unknown. */
export function isEngineAway(error: unknown): boolean {
  const status = statusOf(error);
  if (status === undefined) return CONNECTION_CODES.has(property(error, "code"));
  return status === 500 && LEAVING.test(engineMessage(error));
}

/** The request was given up by ourselves. */
export function isAbort(error: unknown): boolean {
  return property(error, "name") === "AbortError" || property(error, "code") === "ABORT_ERR";
}

/** The name is taken. Podman says so with status 500. */
export function isNameTaken(error: unknown): boolean {
  return statusOf(error) === 409 || (statusOf(error) === 500 && /already in use/i.test(engineMessage(error)));
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
