import { givenParameters, readTime } from "../parameters.ts";
import { clientException } from "../../wire/errors.ts";

/** What `GET /longshore/history` is asked. */
export interface HistoryQuery {
  /** Epoch ms, multiples of the step. */
  readonly from: number;
  readonly to: number;
  /** Seconds. */
  readonly step: number;
  /** Names or ARNs. */
  readonly queues: readonly string[];
  readonly environments: readonly string[];
}

/** The lengths that a step may have, seconds: a minute to a day. */
const STEPS = [60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400] as const;
/** Chosen where no step is asked for, and never exceeded. */
const POINTS = { usual: 240, most: 720 };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
/** Nothing is kept for longer. */
const KEPT_MS = 90 * DAY_MS;
const MEMBERS = ["from", "to", "step", "queue", "environment"];
const NAMES_AT_MOST = 50;

/**
 * @param search a URL's query, without its question mark.
 * @param now epoch ms: where `to` is not given. Without `from`, the three hours before `to` are meant.
 */
export function readHistoryQuery(search: string, now: number): HistoryQuery {
  const given = givenParameters(search, MEMBERS, ["queue", "environment"]);
  const to = Math.min(readTime("to", given.get("to")) ?? now, now + MINUTE_MS);
  const from = readTime("from", given.get("from")) ?? Math.max(0, to - 3 * 3_600_000);
  if (from >= to) throw clientException("from must be before to, and not in the future.");
  const begin = Math.max(from, to - KEPT_MS);
  const step = stepFor(to - begin, readStep(given.get("step")));
  const stepMs = step * 1000;
  return {
    from: Math.floor(begin / stepMs) * stepMs,
    to: Math.ceil(to / stepMs) * stepMs,
    step,
    queues: namesIn(given, "queue"),
    environments: namesIn(given, "environment"),
  };
}

function namesIn(given: URLSearchParams, name: "queue" | "environment"): readonly string[] {
  const names = given.getAll(name);
  if (names.includes("")) throw clientException(`${name} must be a name or an ARN, not empty.`);
  if (names.length <= NAMES_AT_MOST) return names;
  throw clientException(`${name} is given ${names.length} times: at most ${NAMES_AT_MOST} can be asked for at once.`);
}

/** The shortest step that is as long as asked for, and that has no more points than there may be. */
function stepFor(spanMs: number, asked: number | undefined): number {
  const most = asked === undefined ? POINTS.usual : POINTS.most;
  // One point more than the span has steps, where it begins within one.
  return STEPS.find((step) => step >= (asked ?? 0) && spanMs / (step * 1000) <= most - 1) ?? STEPS.at(-1)!;
}

function readStep(text: string | null): number | undefined {
  if (text === null) return undefined;
  const step = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= STEPS.at(-1)!) return step;
  throw clientException(`step must be a whole number of seconds from 1 to ${STEPS.at(-1)}, not ${text}.`);
}
