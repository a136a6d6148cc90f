import type { SessionTimes } from "../../api/access/sessions.ts";
import { DEFAULT_SESSION_TIMES } from "../../api/access/sessions.ts";
import type { JsonObject } from "../../input/json-object.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** How long somebody who has signed in at the console stays so. */
export function sessionTimes(file: JsonObject): SessionTimes {
  const number = (name: string, most: number): number | undefined =>
    file.optional(name, (member) => file.number(member, { least: 1, most }));
  const idleMinutes = number("idleMinutes", 10_080);
  const sessionHours = number("sessionHours", 720);
  file.end();
  return {
    idleMs: idleMinutes === undefined ? DEFAULT_SESSION_TIMES.idleMs : idleMinutes * MINUTE_MS,
    longestMs: sessionHours === undefined ? DEFAULT_SESSION_TIMES.longestMs : sessionHours * HOUR_MS,
  };
}
