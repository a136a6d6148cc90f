import type { LoadLimits } from "../../api/load/limits.ts";
import type { JsonObject } from "../../input/json-object.ts";

/** The largest body must have room. */
const LEAST_HELD_MIB = 16;

export interface OwnLimits {
  readonly load: Partial<LoadLimits>;
  /** How many jobs that are not over there may be. */
  readonly jobs?: number;
  /** How many days, and how many events, the event log keeps. */
  readonly eventDays: number;
  readonly events: number;
}

export const NO_OWN_LIMITS: OwnLimits = { load: {}, eventDays: 7, events: 1_000_000 };

/** What the server takes on at a time; what is not said stays as it is. */
export function ownLimits(file: JsonObject): OwnLimits {
  const number = (name: string, most: number, least = 1): number | undefined =>
    file.optional(name, (member) => file.number(member, { least, most }));
  const mebibytes = number("heldMiB", 65_536, LEAST_HELD_MIB);
  const requestSeconds = number("requestSeconds", 3_600);
  const answerSeconds = number("answerSeconds", 3_600);
  const jobs = number("jobs", 100_000_000);
  const eventDays = number("eventDays", 3_650) ?? NO_OWN_LIMITS.eventDays;
  const events = number("events", 1_000_000_000) ?? NO_OWN_LIMITS.events;
  const limits = {
    requests: number("requests", 100_000),
    connections: number("connections", 1_000_000),
    heldBytes: mebibytes && mebibytes * 2 ** 20,
    requestTimeoutMs: requestSeconds && requestSeconds * 1000,
    answerTimeoutMs: answerSeconds && answerSeconds * 1000,
    streams: number("streams", 100_000),
    requestsPerSecond: number("requestsPerSecond", 1_000_000),
  };
  file.end();
  const load = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return { load, eventDays, events, ...(jobs !== undefined && { jobs }) };
}
