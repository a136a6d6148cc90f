import type { Status } from "./objects.ts";

/** The API has refused a request. `message`: its own words. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** Kubernetes's word for it, such as AlreadyExists. */
  readonly reason: string | undefined;
  /** When the API wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, { reason, message }: Status, retryAfterMs?: number) {
    super(message ?? `the API server answered with status ${status}`);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The API server was not reached, or went away while it answered: what became of the request is unknown. */
export class ApiAway extends Error {
  override readonly name = "ApiAway";
}

export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiError ? error.status : undefined;
}

/** There is no such object. Also a pod that is another one of the same name. */
export function isGone(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** What the watch or the list was to go on from is not known any more. */
export function isExpired(error: unknown): boolean {
  return statusOf(error) === 410;
}

/**
 * The same request may well succeed later: no answer, a server that is starting, overloaded, or has forgotten whose token it is. 401 too: tokens
 * are read anew.
 */
export function mayPass(error: unknown): boolean {
  if (error instanceof ApiAway) return true;
  const status = statusOf(error);
  return status !== undefined && (status === 401 || status === 408 || status === 429 || status >= 500);
}

/** The request was given up by ourselves. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For `catch`: undefined for what is not there, and any other error again. */
export function unlessGone(error: unknown): undefined {
  if (!isGone(error)) throw error;
}
