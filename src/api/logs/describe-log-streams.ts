import type { LogStream, LogStreams } from "../../ports/log-streams.ts";
import type { LogExtent, LogReader } from "../../ports/logs.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import { checkedLimit } from "./checks.ts";
import { groupArn, requestedGroup, requireGroup, scopeOf } from "./groups.ts";
import { inParallel } from "./in-parallel.ts";
import { listToken, readListToken } from "./tokens.ts";

const MAX_STREAMS = 50;
/** The newest streams of a group, as many as are put in order of their last events. Older ones are listed by name only. */
const ORDERED_STREAMS = 1_000;

interface Sources {
  readonly streams: LogStreams;
  readonly logs: LogReader;
}

interface Query {
  readonly scope: string;
  readonly group: string;
  readonly prefix: string | undefined;
  readonly descending: boolean;
  readonly limit: number;
}

interface Described {
  readonly stream: LogStream;
  readonly extent: LogExtent;
}

/** The streams of a group with the times of their first and last events. */
export async function describeLogStreams(
  sources: Sources,
  input: LogsInput<"DescribeLogStreams">,
  call: Call,
): Promise<LogsOutput<"DescribeLogStreams">> {
  const byTime = input.orderBy === "LastEventTime";
  if (byTime && input.logStreamNamePrefix !== undefined) {
    throw invalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.");
  }
  const query: Query = {
    scope: scopeOf(call),
    group: requestedGroup(input, call),
    prefix: input.logStreamNamePrefix,
    descending: input.descending === true,
    limit: checkedLimit(input.limit, MAX_STREAMS),
  };
  const bound = [query.scope, query.group, query.prefix ?? null, query.descending, byTime];
  const after = readListToken(bound, input.nextToken, isPlace);
  const found = byTime ? await pageByTime(sources, query, after) : await pageByName(sources, query, after);
  if (found.length === 0 && after === undefined) await requireGroup(sources.streams, query.scope, query.group);
  const page = found.slice(0, query.limit);
  const last = page.at(-1);
  return {
    logStreams: page.map((described) => toLogStream(described, call)),
    ...(found.length > query.limit && last !== undefined ? { nextToken: listToken(bound, placeOf(last)) } : {}),
  };
}

/** The next streams, one more than asked for if there are more. */
async function pageByName(sources: Sources, query: Query, after: Place | undefined): Promise<Described[]> {
  const { scope, group, prefix, descending, limit } = query;
  const streams = await sources.streams.list(scope, {
    group,
    limit: limit + 1,
    order: descending ? "nameDescending" : "name",
    ...(prefix === undefined ? {} : { prefix }),
    ...(after === undefined ? {} : { after: after[1] }),
  });
  return inParallel(streams, (stream) => describe(sources.logs, stream));
}

async function pageByTime(sources: Sources, query: Query, after: Place | undefined): Promise<Described[]> {
  const { scope, group, descending, limit } = query;
  const streams = await sources.streams.list(scope, { group, limit: ORDERED_STREAMS, order: "newest" });
  const described = await inParallel(streams, (stream) => describe(sources.logs, stream));
  const compare = (one: Place, other: Place): number => (descending ? -1 : 1) * comparePlaces(one, other);
  return described
    .toSorted((one, other) => compare(placeOf(one), placeOf(other)))
    .filter((candidate) => after === undefined || compare(placeOf(candidate), after) > 0)
    .slice(0, limit + 1);
}

async function describe(logs: LogReader, stream: LogStream): Promise<Described> {
  return { stream, extent: await logs.describe(stream.attemptId) };
}

/** A stream's time (of its last event, else of its beginning) and name. */
type Place = readonly [time: number, name: string];

function placeOf({ stream, extent }: Described): Place {
  return [extent.lastEventAt ?? stream.createdAt, stream.stream];
}

function comparePlaces([time, name]: Place, [otherTime, otherName]: Place): number {
  if (time !== otherTime) return time - otherTime;
  if (name === otherName) return 0;
  return name < otherName ? -1 : 1;
}

function isPlace(place: unknown): place is Place {
  return Array.isArray(place) && typeof place[0] === "number" && typeof place[1] === "string";
}

function toLogStream({ stream, extent }: Described, call: Call) {
  return {
    logStreamName: stream.stream,
    creationTime: stream.createdAt,
    firstEventTimestamp: extent.firstEventAt,
    lastEventTimestamp: extent.lastEventAt,
    lastIngestionTime: extent.lastEventAt,
    arn: `${groupArn(call, stream.group)}:log-stream:${stream.stream}`,
    storedBytes: 0,
  };
}
