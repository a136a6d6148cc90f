import { setImmediate as nextTurn } from "node:timers/promises";
import type { LogGroup } from "../../ports/log-groups.ts";
import type { LogStream, SpanFilter, StreamPlace } from "../../ports/log-streams.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { LogsBackend } from "./backend.ts";
import { inParallel } from "./in-parallel.ts";
import type { Direction, SearchCursor, TimeRange } from "./search-order.ts";
import { TEXTS } from "./texts.ts";

/** A stream in which a search may find events. */
export interface Candidate {
  readonly stream: LogStream;
  /** In the search's direction, no event of it comes before this time. */
  readonly bound: number;
  /** It has no event in the search's range: there is no need to open it. */
  readonly isSilent: boolean;
}

/** Streams that have events at one time; each of them is read for every answer. */
export const MAX_TOGETHER = 10_000;
/** Streams that may have events at one time, most of which are silent. */
const MAX_AROUND = 100_000;
/** The times of a stream, of its file and of its events are not told by the same clock. */
const SLACK_MS = 100;
const STREAMS_AT_ONCE = 200;
/** The time after which nothing was ever written. */
const END_OF_TIME = 8_640_000_000_000_000;

export interface SearchSpan {
  readonly direction: Direction;
  readonly range: TimeRange;
  readonly cursor: SearchCursor | undefined;
}

/**
 * The streams of a group in the order in which a search comes to them: first those that are around the time where it begins, then, when it has
 * come to their first events (backward: their last), the others. So a search looks at what it finds and what runs beside it, not at
 * all streams that there are.
 */
export async function* streamsByTime(
  backend: LogsBackend,
  group: LogGroup,
  span: SearchSpan,
  prefix: string | undefined,
): AsyncGenerator<Candidate, undefined> {
  const { direction } = span;
  const time = beginningOf(span);
  const named = prefix !== undefined && { prefix };
  const filter: SpanFilter = { limit: MAX_AROUND + 1, ...named };
  const around = { from: Math.max(0, time - SLACK_MS), to: time + SLACK_MS };
  const there = await backend.streams.around(group.id, around, filter);
  if (there.length > MAX_AROUND) throw invalidParameterException(TEXTS.crowded(MAX_TOGETHER));
  for (const { stream, isSilent } of await listen(backend, there, span)) yield { stream, isSilent, bound: time };
  const more = { limit: STREAMS_AT_ONCE, ...named };
  const read = (place: StreamPlace): Promise<LogStream[]> =>
    direction === "forward"
      ? backend.streams.beginningAfter(group.id, place, more)
      : backend.streams.endingBefore(group.id, place, more);
  let place: StreamPlace | undefined = { time: direction === "forward" ? around.to + 1 : around.from, name: "" };
  while (place !== undefined) {
    const streams: LogStream[] = await read(place);
    for (const { stream, isSilent } of await listen(backend, streams, span)) {
      const bound = boundOf(stream, direction);
      if (isOutside(bound, span)) return;
      yield { stream, isSilent, bound };
    }
    await nextTurn();
    const last = streams.at(-1);
    place = last !== undefined && streams.length === STREAMS_AT_ONCE ? placeOf(last, direction) : undefined;
  }
}

/** The same for streams that are given. */
export async function* givenStreams(
  backend: LogsBackend,
  streams: readonly LogStream[],
  span: SearchSpan,
): AsyncGenerator<Candidate, undefined> {
  const isForward = span.direction === "forward";
  const sign = isForward ? 1 : -1;
  const beginning = beginningOf(span);
  const clamp = (bound: number): number => (isForward ? Math.max(bound, beginning) : Math.min(bound, beginning));
  const candidates = (await listen(backend, streams, span))
    .map((heard) => ({ ...heard, bound: clamp(boundOf(heard.stream, span.direction)) }))
    .filter(({ bound }) => !isOutside(bound, span))
    .toSorted((one, other) => sign * (one.bound - other.bound));
  for (const candidate of candidates) yield candidate;
}

function beginningOf({ direction, range, cursor }: SearchSpan): number {
  if (direction === "forward") return Math.max(range.startTime ?? 0, cursor?.time ?? 0);
  return Math.min(range.endTime ?? END_OF_TIME, cursor?.time ?? END_OF_TIME);
}

function boundOf({ firstEventAt, lastEventAt }: LogStream, direction: Direction): number {
  return direction === "forward" ? firstEventAt - SLACK_MS : (lastEventAt ?? END_OF_TIME) + SLACK_MS;
}

function placeOf({ name, firstEventAt, lastEventAt }: LogStream, direction: Direction): StreamPlace {
  return { time: direction === "forward" ? firstEventAt : lastEventAt!, name };
}

/** The search is over before it comes there. */
function isOutside(bound: number, { direction, range }: SearchSpan): boolean {
  if (direction === "forward") return range.endTime !== undefined && bound >= range.endTime;
  return range.startTime !== undefined && bound < range.startTime;
}

/** Tells the streams that have ended, or written anything, too early to have events in the search's range. */
async function listen(
  backend: LogsBackend,
  streams: readonly LogStream[],
  span: SearchSpan,
): Promise<Omit<Candidate, "bound">[]> {
  const lowest = span.direction === "forward" ? beginningOf(span) : (span.range.startTime ?? 0);
  return inParallel(streams, async (stream) => {
    const { isEmpty, origin, lastEventAt = END_OF_TIME, logId } = stream;
    if (isEmpty || lastEventAt + SLACK_MS < lowest) return { stream, isSilent: true };
    if (origin === "put") return { stream, isSilent: false };
    const changedAt = await backend.output.changedAt(logId);
    return { stream, isSilent: changedAt === undefined || changedAt + SLACK_MS < lowest };
  });
}
