import { invalidParameterException } from "../wire/errors.ts";
import type { ApiError } from "../wire/errors.ts";

/** `limit`, 1 to `max`, which is also the default. The text is the one of AWS's request validation. */
export function checkedLimit(limit: number | undefined, max: number): number {
  if (limit === undefined) return max;
  if (limit < 1) throw outOfRange(limit, `greater than or equal to 1`);
  if (limit > max) throw outOfRange(limit, `less than or equal to ${max}`);
  return limit;
}

function outOfRange(limit: number, constraint: string): ApiError {
  return invalidParameterException(
    `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: Member must have value ${constraint}`,
  );
}

/** Refuses a request that gives two members of which AWS takes one. */
export function exclusive(members: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(members).filter((name) => members[name] !== undefined);
  if (given.length > 1) throw invalidParameterException(`Specify either ${given.join(" or ")}, not both.`);
}

export function invalidToken(): ApiError {
  return invalidParameterException("The specified nextToken is invalid.");
}
