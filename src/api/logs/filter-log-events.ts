import type { LogStream, LogStreams } from "../../ports/log-streams.ts";
import type { LogReader } from "../../ports/logs.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import { checkedLimit, exclusive } from "./checks.ts";
import { eventIds } from "./event-id.ts";
import { compilePattern } from "./pattern/pattern.ts";
import { missing, requestedGroup, requireGroup, scopeOf } from "./groups.ts";
import { inParallel } from "./in-parallel.ts";
import { Answer, search } from "./search.ts";
import type { Found } from "./search.ts";
import type { Cursor, TimeRange } from "./stream-source.ts";
import { listToken, readListToken } from "./tokens.ts";

const MAX_EVENTS = 10_000;
const MAX_NAMES = 100;
/** Streams searched together, in order of time; a group with more is searched a hundred streams after the other. */
const STREAMS_TOGETHER = 100;
/** An answer looks at no more streams than this; the next page goes on. */
const STREAMS_PER_ANSWER = 1_000;

interface Part {
  /** The streams that come after this name... */
  readonly after?: string;
  /** ...up to this one; without it, the next hundred. */
  readonly upTo?: string;
  readonly cursor?: Cursor;
}

type Input = LogsInput<"FilterLogEvents">;

interface Sources {
  readonly streams: LogStreams;
  readonly logs: LogReader;
}

/** Events of several streams, in order of time. */
export async function filterLogEvents(
  sources: Sources,
  input: Input,
  call: Call,
): Promise<LogsOutput<"FilterLogEvents">> {
  const group = requestedGroup(input, call);
  const scope = scopeOf(call);
  checkStreams(input);
  if (input.startFromHead === false) {
    throw invalidParameterException(
      "startFromHead=false is not supported yet. GetLogEvents gives the latest events first.",
    );
  }
  const answer = new Answer(checkedLimit(input.limit, MAX_EVENTS));
  const query = { range: rangeOf(input), matches: compilePattern(input.filterPattern) };
  const bound = [
    scope,
    group,
    input.logStreamNames ?? null,
    input.logStreamNamePrefix ?? null,
    input.filterPattern ?? "",
  ];
  let part: Part | undefined = readListToken(bound, input.nextToken, isPart) ?? {};
  for (let looked = 0; looked < STREAMS_PER_ANSWER && part !== undefined && !answer.full;) {
    const streams = await streamsOf(sources.streams, { scope, group, input, part });
    const stopped = await search(sources.logs, { ...query, streams }, part.cursor, answer);
    part = nextPart(part, streams, stopped, input.logStreamNames !== undefined);
    looked += streams.length;
  }
  const events = eventsOf(answer.found);
  return { events, searchedLogStreams: [], ...(part === undefined ? {} : { nextToken: listToken(bound, part) }) };
}

function checkStreams(input: Input): void {
  const { logStreamNames, logStreamNamePrefix } = input;
  exclusive({ logStreamNames, logStreamNamePrefix });
  if (logStreamNames !== undefined && (logStreamNames.length < 1 || logStreamNames.length > MAX_NAMES)) {
    throw invalidParameterException(`logStreamNames takes 1 to ${MAX_NAMES} names, not ${logStreamNames.length}.`);
  }
}

/** `endTime` is inclusive here, unlike in GetLogEvents. */
function rangeOf({ startTime, endTime }: Input): TimeRange {
  return {
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime: endTime + 1 }),
  };
}

async function streamsOf(
  streams: LogStreams,
  { scope, group, input, part }: { scope: string; group: string; input: Input; part: Part },
): Promise<LogStream[]> {
  if (input.logStreamNames !== undefined) return namedStreams(streams, scope, group, input.logStreamNames);
  const { after, upTo } = part;
  const found = await streams.list(scope, {
    group,
    limit: upTo === undefined ? STREAMS_TOGETHER : STREAMS_PER_ANSWER,
    ...(input.logStreamNamePrefix === undefined ? {} : { prefix: input.logStreamNamePrefix }),
    ...(after === undefined ? {} : { after }),
  });
  if (found.length === 0 && after === undefined) await requireGroup(streams, scope, group);
  return upTo === undefined ? found : found.filter(({ stream }) => Buffer.from(stream).compare(Buffer.from(upTo)) <= 0);
}

async function namedStreams(
  streams: LogStreams,
  scope: string,
  group: string,
  asked: readonly string[],
): Promise<LogStream[]> {
  const found = await inParallel([...new Set(asked)], (name) => streams.find(scope, group, name));
  const there = found.filter((stream) => stream !== undefined);
  if (there.length < found.length) throw await missing(streams, scope, group);
  return there;
}

/** Where the search goes on: in the same streams (even when new ones have come between them), or with the next ones. */
function nextPart(
  part: Part,
  streams: readonly LogStream[],
  cursor: Cursor | undefined,
  named: boolean,
): Part | undefined {
  const last = streams.at(-1)?.stream;
  if (cursor !== undefined)
    return { ...part, cursor, ...(named || last === undefined ? {} : { upTo: part.upTo ?? last }) };
  const after = part.upTo ?? last;
  const more = !named && after !== undefined && (part.upTo !== undefined || streams.length >= STREAMS_TOGETHER);
  return more ? { after } : undefined;
}

function eventsOf(found: readonly Found[]): NonNullable<LogsOutput<"FilterLogEvents">["events"]> {
  const idsOf = new Map<string, ReturnType<typeof eventIds>>();
  return found.map(({ stream, event }) => {
    const idOf = idsOf.get(stream.attemptId) ?? eventIds(stream.attemptId);
    idsOf.set(stream.attemptId, idOf);
    const { timestamp, message, ingestionTime } = event;
    return { logStreamName: stream.stream, timestamp, message, ingestionTime, eventId: idOf(event) };
  });
}

function isPart(place: unknown): place is Part {
  if (typeof place !== "object" || place === null) return false;
  const { after, upTo, cursor }: Partial<Record<keyof Part, unknown>> = place;
  return isOptionalString(after) && isOptionalString(upTo) && (cursor === undefined || isCursor(cursor));
}

function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function isCursor(value: unknown): value is Cursor {
  if (typeof value !== "object" || value === null) return false;
  const { time, stream, position }: Partial<Record<keyof Cursor, unknown>> = value;
  return Number.isSafeInteger(time) && Number.isSafeInteger(position) && typeof stream === "string";
}
