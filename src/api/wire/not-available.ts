import type { ApiError } from "./errors.ts";
import { clientException } from "./errors.ts";

/** The answer to an operation that AWS has and this version of the server has not. */
export function notAvailable(operation: string, version: string): ApiError {
  return clientException(`${operation} is not available yet in Longshore ${version}.`);
}
