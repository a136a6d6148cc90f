import type { LogEvent } from "../../ports/logs.ts";
import { decimalDigest } from "./tokens.ts";

const POSITION_DIGITS = 13;

/**
 * Makes the ids of one log's events: 56 digits, as CloudWatch's are. Time, log and place are all in it, so an id is unique and the same for
 * ever; ids order by time, and within a log by place.
 */
export function eventIds(logId: string): (event: Pick<LogEvent, "timestamp" | "position">) => string {
  const log = decimalDigest(logId, 29);
  return ({ timestamp, position }) => {
    // What a position has beyond these digits is the event's time, which is in the id anyway.
    const place = String(position % 10n ** BigInt(POSITION_DIGITS)).padStart(POSITION_DIGITS, "0");
    return `3${String(timestamp).padStart(13, "0")}${log}${place}`;
  };
}
