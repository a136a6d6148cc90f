import { decimalDigest } from "./tokens.ts";

/**
 * Makes the ids of one log's events: 56 digits, as CloudWatch's are. Time, attempt and place are all in it, so an id is unique and the same for
 * ever; ids order by time, and within a log by place.
 */
export function eventIds(
  attemptId: string,
): (event: { readonly timestamp: number; readonly position: number }) => string {
  const attempt = decimalDigest(attemptId, 29);
  return ({ timestamp, position }) =>
    `3${String(timestamp).padStart(13, "0")}${attempt}${String(position).padStart(13, "0")}`;
}
