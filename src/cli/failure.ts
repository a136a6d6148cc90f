/** What the exit code of every command means. Commands that wait for a job may also end with the job's own exit code. */
export const EXIT = { ok: 0, jobFailed: 1, usage: 2, server: 3, interrupted: 130 } as const;

/** A failure that the user can understand and act on. `hint` says what to do next. */
export class Failure extends Error {
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(message: string, exitCode: number, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
]);

/** True when no answer came from the endpoint: the server is not there, or went away in mid-call. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "TimeoutError") return true;
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "string" && UNREACHABLE.has(code)) return true;
  return error.cause !== undefined && isUnreachable(error.cause);
}

/** True when the request certainly never reached a server, so that sending it again cannot do it twice. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

/** Turns whatever a command threw into a Failure; a programmer error stays what it is. */
export function toFailure(error: unknown, endpointUrl: string | undefined): Failure | undefined {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error)) return undefined;
  if (isUnreachable(error)) {
    return new Failure(
      `No server answers at ${endpointUrl ?? "the endpoint"} (${codeOf(error)}).`,
      EXIT.server,
      "Start one with `longshore up`, or name another with --endpoint URL.",
    );
  }
  if (/credential/i.test(error.name)) {
    return new Failure(
      `No AWS credentials for ${endpointUrl ?? "the endpoint"}.`,
      EXIT.server,
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE. A Longshore server takes any.",
    );
  }
  if ("$metadata" in error) {
    return new Failure(plainMessage(error), EXIT.server, hintForRefusal(error));
  }
  return undefined;
}

/** A service's message without AWS's wrapping: `Error executing request, Exception : <this>, RequestId: …`. */
function plainMessage(error: Error): string {
  const text = error.message
    .replace(/^Error executing request, Exception : /, "")
    .replace(/,? RequestId: [0-9a-f-]+$/i, "");
  return text === "" || text === "UnknownError" ? `The server answered with ${error.name}.` : text;
}

/** What a server says to a request that it does not trust. */
const NOT_TRUSTED =
  /^(UnrecognizedClient|MissingAuthenticationToken|InvalidSignature|IncompleteSignature|ExpiredToken)/;

function hintForRefusal(error: Error): string | undefined {
  if (NOT_TRUSTED.test(error.name)) {
    return "A Longshore server that asks for keys takes those of `longshore credentials create`, run on its machine.";
  }
  if (/queue.*(not found|does not exist)/i.test(error.message)) return "`longshore queues list` shows the job queues.";
  if (/definition.*(not found|not exist)/i.test(error.message)) {
    return 'Register it first, or leave --definition out: "default" is always there.';
  }
  if (/^The instance ID .+ does not exist/.test(error.message)) {
    return "`longshore instances` shows those that are there.";
  }
  if (/SyntaxError|Unexpected token|not valid JSON/i.test(`${error.name} ${error.message}`)) {
    return "Is this the address of an AWS Batch endpoint?";
  }
  if (error.name === "ServerException") return "Try again; the server's own log says more.";
  return undefined;
}

function codeOf(error: Error): string {
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : error.name;
}
