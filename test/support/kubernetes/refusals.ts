import type { Json } from "./objects.ts";

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** The API's `Status` object of a request that it refused. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: { readonly [name: string]: Json };
  readonly status: "Failure";
  readonly message: string;
  readonly reason: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly code: number;
}

/** What a request ends as that the API server refuses. `retryAfterSeconds` is also the header `Retry-After`. */
export class Refusal extends Error {
  readonly status: Status;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: number, reason: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    const seconds = details?.["retryAfterSeconds"];
    this.retryAfterSeconds = typeof seconds === "number" ? seconds : undefined;
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason,
      ...(details !== undefined && { details }),
      code,
    };
  }
}

export function notFound(resource: string, name: string): Refusal {
  return new Refusal(404, "NotFound", `${resource} "${name}" not found`, { name, kind: resource });
}

export function alreadyExists(resource: string, name: string): Refusal {
  return new Refusal(409, "AlreadyExists", `${resource} "${name}" already exists`, { name, kind: resource });
}

export function modifiedSince(resource: string, name: string): Refusal {
  const text = "the object has been modified; please apply your changes to the latest version and try again";
  return conflict(resource, name, text);
}

export function conflict(resource: string, name: string, text: string): Refusal {
  const message = `Operation cannot be fulfilled on ${resource} "${name}": ${text}`;
  return new Refusal(409, "Conflict", message, { name, kind: resource });
}

export function invalid(kind: string, name: string, causes: readonly Cause[]): Refusal {
  const told = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = told.length === 1 ? told[0]! : `[${told.join(", ")}]`;
  return new Refusal(422, "Invalid", `${kind} "${name}" is invalid: ${text}`, { name, kind, causes });
}

export function badRequest(message: string): Refusal {
  return new Refusal(400, "BadRequest", message);
}

export function expired(message: string): Refusal {
  return new Refusal(410, "Expired", message);
}

export function tooManyRequests(retryAfterSeconds: number): Refusal {
  const message = "the server has received too many requests and has asked us to try again later";
  return new Refusal(429, "TooManyRequests", message, { retryAfterSeconds });
}

export function forbidden(verb: string, resource: string, namespace: string | undefined): Refusal {
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const who = 'User "system:serviceaccount:longshore:longshore"';
  const message = `${resource} is forbidden: ${who} cannot ${verb} resource "${resource}" in API group "" ${where}`;
  return new Refusal(403, "Forbidden", message, { kind: resource });
}
