import type { LogGroup } from "../../ports/log-groups.ts";
import type { LogStream } from "../../ports/log-streams.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { readerOf, visibleFrom } from "./backend.ts";
import { givenStreams, streamsByTime } from "./candidates.ts";
import type { Candidate, SearchSpan } from "./candidates.ts";
import { eventIds } from "./event-id.ts";
import { latest } from "./get-log-events.ts";
import { requestedGroup, requireStream } from "./groups.ts";
import { inParallel } from "./in-parallel.ts";
import { ListTokens } from "./list-tokens.ts";
import { compilePattern } from "./pattern/pattern.ts";
import { Answer, search } from "./search.ts";
import type { Found } from "./search.ts";
import type { Direction, SearchCursor, TimeRange } from "./search-order.ts";
import { TEXTS } from "./texts.ts";

const MAX_EVENTS = 10_000;
/** The streams of a prefix are searched as if they had been named, when they are not more. */
const NAMED_STREAMS = 1_000;
const LATEST_FIRST_SINCE = Date.UTC(2024, 0, 1);

type Input = LogsInput<"FilterLogEvents">;

/** A cursor as JSON, with the direction that the first request asked for. */
interface Place {
  readonly direction: Direction;
  readonly time: number;
  readonly event?: { readonly stream: string; readonly position: string };
}

/** Events of several streams, in order of time. */
export async function filterLogEvents(
  backend: LogsBackend,
  input: Input,
  call: Call,
): Promise<LogsOutput<"FilterLogEvents">> {
  const { logStreamNames, logStreamNamePrefix, filterPattern = "" } = input;
  checkCombination(input);
  const answer = new Answer(input.limit ?? MAX_EVENTS, compilePattern(filterPattern));
  const group = await requestedGroup(backend, call, input);
  const bound = ["FilterLogEvents", group.id, logStreamNames ?? null, logStreamNamePrefix ?? null, filterPattern];
  const tokens = new ListTokens<Place>(backend, call, bound);
  const place = tokens.open(input.nextToken);
  const span: SearchSpan = {
    direction: place?.direction ?? (input.startFromHead === false ? "backward" : "forward"),
    range: rangeOf(input, visibleFrom(group, backend.clock.now())),
    cursor: place && cursorOf(place),
  };
  const candidates = await candidatesOf(backend, group, input, span);
  const stopped = await search((stream) => readerOf(backend, stream), candidates, span, answer);
  return {
    events: eventsOf(answer.found),
    searchedLogStreams: [],
    ...(stopped !== undefined && { nextToken: tokens.sign(placeOf(stopped, span.direction)) }),
  };
}

function checkCombination({ logStreamNames, logStreamNamePrefix, startFromHead, startTime }: Input): void {
  if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
    throw invalidParameterException(TEXTS.namesAndPrefix);
  }
  if (startFromHead === false && startTime !== undefined && startTime < LATEST_FIRST_SINCE) {
    throw invalidParameterException(TEXTS.latestFirstTooEarly);
  }
}

/** `endTime` is inclusive here, unlike in GetLogEvents. */
function rangeOf({ startTime, endTime }: Input, visible: number | undefined): TimeRange {
  const from = latest(startTime, visible);
  return { ...(from !== undefined && { startTime: from }), ...(endTime !== undefined && { endTime: endTime + 1 }) };
}

async function candidatesOf(
  backend: LogsBackend,
  group: LogGroup,
  { logStreamNames, logStreamNamePrefix: prefix }: Input,
  span: SearchSpan,
): Promise<AsyncGenerator<Candidate, undefined>> {
  const given =
    logStreamNames === undefined
      ? await fewStreams(backend, group, prefix)
      : await inParallel([...new Set(logStreamNames)], (name) => requireStream(backend, group, name));
  return given === undefined ? streamsByTime(backend, group, span, prefix) : givenStreams(backend, given, span);
}

/** The streams of a prefix; undefined when they are many. */
async function fewStreams(
  backend: LogsBackend,
  group: LogGroup,
  prefix: string | undefined,
): Promise<LogStream[] | undefined> {
  if (prefix === undefined) return undefined;
  const streams = await backend.streams.list(group.id, { prefix, limit: NAMED_STREAMS + 1 });
  return streams.length > NAMED_STREAMS ? undefined : streams;
}

function placeOf({ time, event }: SearchCursor, direction: Direction): Place {
  return { direction, time, ...(event !== undefined && { event: { ...event, position: String(event.position) } }) };
}

function cursorOf({ time, event }: Place): SearchCursor {
  return { time, ...(event !== undefined && { event: { ...event, position: BigInt(event.position) } }) };
}

function eventsOf(found: readonly Found[]): NonNullable<LogsOutput<"FilterLogEvents">["events"]> {
  const idsOf = new Map<string, ReturnType<typeof eventIds>>();
  return found.map(({ stream, event }) => {
    const idOf = idsOf.get(stream.logId) ?? eventIds(stream.logId);
    idsOf.set(stream.logId, idOf);
    const { timestamp, message, ingestionTime } = event;
    return { logStreamName: stream.name, timestamp, message, ingestionTime, eventId: idOf(event) };
  });
}
